"""What lists show of an article: plain rows of columns, and the products and versions of many articles at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, exists, func, select
from sqlalchemy.orm import Session

from kb.models import Article, ArticleTranslation, article_product, article_version
from kb.queries.freshness import is_verified
from kb.queries.kept import kept
from kb.queries.remembered import remembered
from sportello.accounts.models import Product, ProductVersion
from sportello.core.audience import Viewer


@dataclass(frozen=True, slots=True)
class Card:
    """One article in a list, in one language. `critical`: the notice, the translation's own before its article's."""

    article_id: int
    slug: str
    language: str
    title: str
    summary: str
    kind: str
    critical: str | None
    published_at: datetime | None
    updated_at: datetime
    verified_at: datetime | None
    verify_due_at: datetime | None
    confidence: str
    votes_yes: int

    @property
    def verified(self) -> bool:
        """It was verified, and is not due again."""
        return is_verified(self.verified_at, self.verify_due_at)


@dataclass(frozen=True, slots=True)
class Place:
    """A product that an article stands under, with the versions (position, name) it is about, in order."""

    code: str
    name: str
    versions: tuple[tuple[int, str], ...] = ()


Places = Mapping[int, Sequence[Place]]  # by article id; articles without a product are absent

_CRITICAL = func.coalesce(func.nullif(ArticleTranslation.critical, ""), Article.critical)
COLUMNS: tuple[Any, ...] = (
    ArticleTranslation.article_id,
    ArticleTranslation.slug,
    ArticleTranslation.language,
    ArticleTranslation.title,
    ArticleTranslation.summary,
    Article.kind,
    case((Article.critical.is_not(None), _CRITICAL)),
    ArticleTranslation.published_at,
    ArticleTranslation.updated_at,
    Article.verified_at,
    Article.verify_due_at,
    Article.confidence,
    Article.votes_yes,
)


def cards(session: Session, statement: Select[Any], values: dict[str, Any] | None = None) -> list[Card]:
    """The cards of a statement over `COLUMNS`."""
    return [Card(*row) for row in session.execute(statement, values or {})]


def places_of(session: Session, viewer: Viewer, article_ids: Collection[int]) -> Places:
    """Products, by code, and versions of those of the articles that the viewer may read. One statement, or none."""
    return _placed(session, viewer, tuple(sorted(set(article_ids)))) if article_ids else {}


@remembered
def _placed(session: Session, viewer: Viewer, article_ids: tuple[int, ...]) -> Places:
    found = session.execute(_places(viewer), {"ids": article_ids})
    places: dict[int, list[Place]] = {}
    for (article_id, code, name), rows in groupby(found, key=lambda row: (row[0], row[1], row[2])):
        versions = tuple((row[3], row[4]) for row in rows if row[4] is not None)
        places.setdefault(article_id, []).append(Place(code, name, versions))
    return places


@kept
def _places(viewer: Viewer) -> Select[Any]:
    stands, about = article_product.c, article_version.c
    version = (
        select(about.article_id, ProductVersion.product_id, ProductVersion.position, ProductVersion.name)
        .join(ProductVersion, ProductVersion.id == about.version_id)
        .where(about.article_id.in_(bindparam("ids", expanding=True)))
        .subquery()
    )
    columns = (Article.id, Product.code, Product.name, version.c.position, version.c.name)
    return (
        Article.visible_to(viewer, *columns)
        .join(article_product, stands.article_id == Article.id)
        .join(Product, Product.id == stands.product_id)
        .outerjoin(version, and_(version.c.article_id == Article.id, version.c.product_id == Product.id))
        .where(Article.id.in_(bindparam("ids", expanding=True)))
        .order_by(Article.id, Product.code, version.c.position)
    )


def of_products() -> Any:
    """The article stands under one of the products whose codes are the parameter `products`."""
    return exists().where(
        article_product.c.article_id == Article.id,
        article_product.c.product_id == Product.id,
        Product.code.in_(bindparam("products", expanding=True)),
    )
