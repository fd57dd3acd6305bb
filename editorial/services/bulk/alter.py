"""What a bulk change does to one article. Each kind of change reads a value, says what it becomes, and puts it there.

Values are plain (codes, keys, lists): they are kept in the run, so that undoing puts back what was.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from editorial.services import shelf
from kb.models import Article, ArticleTag, ArticleTranslation, Category
from kb.services.draft import MAX_LABEL
from kb.services.visibility import hide, narrows
from sportello.accounts.models import Person, Product
from sportello.core.audience import WRITING_ROLES, Viewer, check_key, system
from sportello.core.errors import N_, Invalid


class Shelves:
    """Products, categories and owners by code, looked up once for a batch."""

    def __init__(self, session: Session, actor: Viewer) -> None:
        self.session, self.actor = session, actor

    @cached_property
    def products(self) -> dict[str, Product]:
        return {row.code: row for row in self.session.scalars(select(Product))}

    @cached_property
    def categories(self) -> dict[str, Category]:
        return {row.code: row for row in self.session.scalars(select(Category))}

    @cached_property
    def people(self) -> dict[str, int]:
        return {row.key: row.id for row in self.session.execute(select(Person.key, Person.id))}

    @cached_property
    def person_keys(self) -> dict[int, str]:
        return {id: key for key, id in self.people.items()}


@dataclass(frozen=True)
class Alteration:
    """`read` the value, `wanted` from it and what the run says, `put` it. `check` refuses what cannot be."""

    read: Callable[[Shelves, Article], Any]
    wanted: Callable[[Any, str], Any]
    put: Callable[[Shelves, Article, Any], None]
    check: Callable[[Session, str, Collection[str]], str]


def _read_products(shelves: Shelves, article: Article) -> dict[str, Any]:
    codes = {product.id: product.code for product in article.products}
    versions = [[codes[row.product_id], row.name] for row in article.versions if row.product_id in codes]
    return {"products": sorted(codes.values()), "versions": sorted(versions)}  # in the same order whoever wrote them


def _with_product(was: Any, code: str) -> Any:
    return {**was, "products": sorted({*was["products"], code})}


def _without_product(was: Any, code: str) -> Any:
    return {
        "products": [one for one in was["products"] if one != code],
        "versions": [pair for pair in was["versions"] if pair[0] != code],
    }


def _put_products(shelves: Shelves, article: Article, value: Any) -> None:
    found = [shelves.products[code] for code in value["products"] if code in shelves.products]
    article.products = found
    named = {(code, name) for code, name in value["versions"]}
    article.versions = [row for product in found for row in product.versions if (product.code, row.name) in named]


def _check_product(session: Session, code: str, ladder: Collection[str]) -> str:
    if session.scalar(select(Product.id).where(Product.code == code)) is None:
        raise Invalid(N_("There is no product “%(code)s”."), field="value", code=code)
    return code


def _put_category(shelves: Shelves, article: Article, code: Any) -> None:
    article.category = shelves.categories.get(code) if code else None


def _check_category(session: Session, code: str, ladder: Collection[str]) -> str:
    if code and session.scalar(select(Category.id).where(Category.code == code)) is None:
        raise Invalid(N_("There is no category “%(code)s”."), field="value", code=code)
    return code


def _put_audience(shelves: Shelves, article: Article, key: Any) -> None:
    if narrows(article.audience, key):
        hide(shelves.session, article)
    article.audience = key


def _check_audience(session: Session, key: str, ladder: Collection[str]) -> str:
    try:
        return check_key(key, ladder)
    except Invalid as error:
        raise Invalid(error.message, field="value", **error.params) from None


def _put_owner(shelves: Shelves, article: Article, key: Any) -> None:
    article.owner_id = shelves.people.get(key) if key else None


def _check_owner(session: Session, key: str, ladder: Collection[str]) -> str:
    if not key:
        return key
    person = session.scalar(select(Person).where(Person.key == key, Person.active))
    if person is None or not person.roles & WRITING_ROLES:
        raise Invalid(N_("Choose somebody who writes articles."), field="value")
    return key


def _read_archive(shelves: Shelves, article: Article) -> str | None:
    return article.archived_at.isoformat() if article.archived_at else None


def _put_archive(shelves: Shelves, article: Article, value: Any) -> None:
    session = shelves.session
    own = ArticleTranslation.visible_to(system(), ArticleTranslation.slug)
    slug = session.scalars(own.where(ArticleTranslation.article_id == article.id).limit(1)).one()
    if value is None:
        shelf.unarchive(session, shelves.actor, slug)
    else:
        shelf.archive(session, shelves.actor, slug)


def _put_tags(shelves: Shelves, article: Article, tags: Any) -> None:
    kept = {row.tag: row for row in article.tags}
    article.tags = [kept.get(tag) or ArticleTag(tag=tag) for tag in tags]


def _check_tag(session: Session, tag: str, ladder: Collection[str]) -> str:
    found = " ".join(tag.replace("\x00", "").split())
    if not 0 < len(found) <= MAX_LABEL:
        raise Invalid(N_("A tag has 1 to %(most)s characters."), field="value", most=MAX_LABEL)
    return found


def _read_tags(shelves: Shelves, article: Article) -> list[str]:
    return sorted(row.tag for row in article.tags)


ALTERATIONS: dict[str, Alteration] = {
    "product-add": Alteration(_read_products, _with_product, _put_products, _check_product),
    "product-remove": Alteration(_read_products, _without_product, _put_products, _check_product),
    "category": Alteration(
        lambda shelves, article: article.category.code if article.category else None,
        lambda was, code: code or None,
        _put_category,
        _check_category,
    ),
    "audience": Alteration(
        lambda shelves, article: article.audience, lambda was, key: key, _put_audience, _check_audience
    ),
    "owner": Alteration(
        lambda shelves, article: shelves.person_keys.get(article.owner_id or 0),
        lambda was, key: key or None,
        _put_owner,
        _check_owner,
    ),
    "archive": Alteration(
        _read_archive, lambda was, key: was or "archived", _put_archive, lambda session, value, ladder: ""
    ),
    "tag-add": Alteration(_read_tags, lambda was, tag: sorted({*was, tag}), _put_tags, _check_tag),
    "tag-remove": Alteration(_read_tags, lambda was, tag: [one for one in was if one != tag], _put_tags, _check_tag),
}
