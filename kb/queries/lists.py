"""Lists of articles: newest, most helpful, of a product, a category or a tag; one row an article.

An article stands once, in the viewer's language if it has it. Pages go on after the last row (keyset): a cursor holds
only what the row shows. A list costs three statements whatever its length: rows, products, versions.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, literal, or_, select, tuple_
from sqlalchemy.orm import Session, aliased, contains_eager

from kb.models import Article, ArticleTag, ArticleTranslation, article_product
from sportello.accounts.models import Product
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Invalid

PAGE = 20


class Order(StrEnum):
    NEWEST = "newest"
    HELPFUL = "helpful"


@dataclass(frozen=True)
class Scope:
    """Which articles a list is about: all, or those of a product, of categories, with a tag, voted helpful."""

    product_id: int | None = None
    category_ids: frozenset[int] | None = None
    tag: str | None = None
    voted: bool = False

    def conditions(self) -> list[ColumnElement[bool]]:
        """What a row's article must meet."""
        found: list[ColumnElement[bool]] = []
        if self.product_id is not None:
            inside = select(article_product.c.article_id).where(article_product.c.product_id == self.product_id)
            found.append(Article.id.in_(inside))
        if self.category_ids is not None:
            found.append(Article.category_id.in_(self.category_ids))
        if self.tag is not None:
            found.append(Article.id.in_(select(ArticleTag.article_id).where(ArticleTag.tag == self.tag)))
        if self.voted:
            found.append(Article.votes_yes > 0)
        return found


EVERYTHING = Scope()


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and the cursor of the next ones (None: this is the end)."""

    items: Sequence[ArticleTranslation]
    after: str | None = None


def rows(viewer: Viewer) -> Select[Any]:
    """One translation an article, the viewer's language first; with the article, its products and versions."""
    article = contains_eager(ArticleTranslation.article)
    return (
        ArticleTranslation.visible_to(viewer)
        .where(in_best_language(viewer))
        .options(article.selectinload(Article.products), article.selectinload(Article.versions))
    )


def in_best_language(viewer: Viewer) -> ColumnElement[bool]:
    """The translation is in the viewer's language, or the article has none in it. (A site has two languages.)"""
    other = aliased(ArticleTranslation)
    better = exists().where(
        other.article_id == ArticleTranslation.article_id,
        other.language == viewer.language,
        other.readable(viewer),
    )
    return or_(ArticleTranslation.language == viewer.language, ~better)


def list_articles(
    session: Session,
    viewer: Viewer,
    scope: Scope = EVERYTHING,
    *,
    order: Order = Order.NEWEST,
    after: str | None = None,
    limit: int = PAGE,
) -> Page:
    """Up to `limit` articles of `scope` after the cursor. Raises Invalid for a cursor that is none."""
    columns: list[Any] = [ArticleTranslation.updated_at, ArticleTranslation.slug]
    if order is Order.HELPFUL:
        columns.insert(0, Article.votes_yes)
    statement = rows(viewer).where(*scope.conditions())
    if after:
        statement = statement.where(tuple_(*columns) < tuple_(*_start(after, columns)))
    statement = statement.order_by(*(column.desc() for column in columns)).limit(limit + 1)
    items = session.scalars(statement).unique().all()
    more = len(items) > limit
    return Page(items[:limit], _cursor(items[limit - 1], order) if more else None)


def _cursor(row: ArticleTranslation, order: Order) -> str:
    parts = [row.updated_at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ"), row.slug]
    if order is Order.HELPFUL:
        parts.insert(0, str(row.article.votes_yes))
    return "~".join(parts)


def _start(after: str, columns: Sequence[Any]) -> list[Any]:
    try:
        *numbers, moment, slug = after.split("~")
        values: list[Any] = [int(number) for number in numbers]
        values += [datetime.strptime(moment, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC), slug]
    except ValueError:
        values = []
    if len(values) != len(columns) or any(isinstance(value, int) and abs(value) > 2**31 for value in values):
        raise Invalid(N_("This list cannot go on from there. Start again from its first page."), field="after")
    return [literal(value, column.type) for value, column in zip(values, columns, strict=True)]


def critical_articles(session: Session, viewer: Viewer, limit: int = 3) -> Sequence[ArticleTranslation]:
    """Articles with a critical notice, the latest first; for customers those of their products or of none."""
    statement = rows(viewer).where(Article.critical.is_not(None))
    if viewer.is_signed_in and not viewer.is_staff:
        without_product = ~exists().where(article_product.c.article_id == Article.id)
        statement = statement.where(or_(without_product, _of_products(viewer.products)))
    newest = (ArticleTranslation.updated_at.desc(), ArticleTranslation.slug.desc())
    return session.scalars(statement.order_by(*newest).limit(limit)).unique().all()


def articles_for_products(
    session: Session, viewer: Viewer, codes: Collection[str], limit: int = 5
) -> Sequence[ArticleTranslation]:
    """The newest articles of any of some products."""
    statement = rows(viewer).where(_of_products(codes))
    newest = (ArticleTranslation.updated_at.desc(), ArticleTranslation.slug.desc())
    return session.scalars(statement.order_by(*newest).limit(limit)).unique().all()


def _of_products(codes: Collection[str]) -> ColumnElement[bool]:
    return exists().where(
        article_product.c.article_id == Article.id,
        article_product.c.product_id == Product.id,
        Product.code.in_(sorted(codes)),
    )
