"""Lists of articles: newest, most helpful, of a product, a category or a tag; one card an article.

An article stands once, in the viewer's language if it has it. Pages go on after the last row (keyset): a cursor holds
only what the row shows. A list costs one statement whatever its length; products and versions come for many lists at
once (`places_of`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, exists, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from kb.models import Article, ArticleTag, ArticleTranslation, article_product
from kb.queries.cards import COLUMNS, Card, cards, of_products
from kb.queries.kept import listed
from kb.queries.remembered import remembered
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Invalid

PAGE = 20
LIMIT: Any = bindparam("limit", type_=Integer())
NEWEST = (ArticleTranslation.updated_at.desc(), ArticleTranslation.slug.desc())


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

    def kind(self) -> tuple[bool, bool, bool, bool]:
        """Which of them: scopes of one kind differ in `values` only."""
        return self.product_id is not None, self.category_ids is not None, self.tag is not None, self.voted

    def values(self) -> dict[str, Any]:
        """The parameters of `conditions`."""
        given = {"product_id": self.product_id, "category_ids": self.category_ids, "tag": self.tag}
        return {name: sorted(x) if isinstance(x, frozenset) else x for name, x in given.items() if x is not None}


EVERYTHING = Scope()


def conditions(product: bool, category: bool, tag: bool, voted: bool) -> list[ColumnElement[bool]]:
    """What the article of a row must meet in a scope of this kind."""
    found: list[ColumnElement[bool]] = []
    if product:
        stands = article_product.c
        inside = select(stands.article_id).where(stands.product_id == bindparam("product_id"))
        found.append(Article.id.in_(inside))
    if category:
        found.append(Article.category_id.in_(bindparam("category_ids", expanding=True)))
    if tag:
        found.append(Article.id.in_(select(ArticleTag.article_id).where(ArticleTag.tag == bindparam("tag"))))
    if voted:
        found.append(Article.votes_yes > 0)
    return found


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and the cursor of the next ones (None: this is the end)."""

    items: Sequence[Card]
    after: str | None = None


def rows(viewer: Viewer) -> Select[Any]:
    """The columns of a card, one translation an article, the viewer's language first."""
    return ArticleTranslation.visible_to(viewer, *COLUMNS).where(in_best_language(viewer))


def in_best_language(viewer: Viewer) -> ColumnElement[bool]:
    """The translation is in the viewer's language, or the article has none in it. (A site has two languages.)"""
    other = aliased(ArticleTranslation)
    better = exists().where(
        other.article_id == ArticleTranslation.article_id,
        other.language == viewer.language,
        other.readable(viewer),
    )
    return or_(ArticleTranslation.language == viewer.language, ~better)


@remembered
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
    start = _start(after, order) if after else {}
    statement = _listed(viewer, scope.kind(), order, bool(after))
    items = cards(session, statement, {**scope.values(), **start, "limit": limit + 1})
    more = len(items) > limit
    return Page(items[:limit], _cursor(items[limit - 1], order) if more else None)


@listed
def _listed(viewer: Viewer, kind: tuple[bool, bool, bool, bool], order: Order, goes_on: bool) -> Select[Any]:
    columns = _sorted_by(order)
    statement = rows(viewer).where(*conditions(*kind))
    if goes_on:
        start = (bindparam(f"after_{number}", type_=column.type) for number, column in enumerate(columns))
        statement = statement.where(tuple_(*columns) < tuple_(*start))
    return statement.order_by(*(column.desc() for column in columns)).limit(LIMIT)


def _sorted_by(order: Order) -> list[Any]:
    newest = [ArticleTranslation.updated_at, ArticleTranslation.slug]
    return [Article.votes_yes, *newest] if order is Order.HELPFUL else newest


def _cursor(card: Card, order: Order) -> str:
    parts = [card.updated_at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ"), card.slug]
    if order is Order.HELPFUL:
        parts.insert(0, str(card.votes_yes))
    return "~".join(parts)


def _start(after: str, order: Order) -> dict[str, Any]:
    try:
        *numbers, moment, slug = after.split("~")
        values: list[Any] = [int(number) for number in numbers]
        values += [datetime.strptime(moment, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC), slug]
    except ValueError:
        values = []
    expected = len(_sorted_by(order))
    if len(values) != expected or any(isinstance(value, int) and abs(value) > 2**31 for value in values):
        raise Invalid(N_("This list cannot go on from there. Start again from its first page."), field="after")
    return {f"after_{number}": value for number, value in enumerate(values)}


def critical_articles(session: Session, viewer: Viewer, limit: int = 3) -> Sequence[Card]:
    """Articles with a critical notice, the latest first; for customers those of their products or of none."""
    products = None if not viewer.is_signed_in or viewer.is_staff else tuple(sorted(viewer.products))
    return _noticed(session, viewer, products, limit)


@remembered
def _noticed(session: Session, viewer: Viewer, products: tuple[str, ...] | None, limit: int) -> Sequence[Card]:
    mine = {} if products is None else {"products": products}
    return cards(session, _critical(viewer, bool(mine)), {"limit": limit, **mine})


@listed
def _critical(viewer: Viewer, of_mine: bool) -> Select[Any]:
    statement = rows(viewer).where(Article.critical.is_not(None))
    if of_mine:
        without_product = ~exists().where(article_product.c.article_id == Article.id)
        statement = statement.where(or_(without_product, of_products()))
    return statement.order_by(*NEWEST).limit(LIMIT)


def articles_for_products(session: Session, viewer: Viewer, codes: Collection[str], limit: int = 5) -> Sequence[Card]:
    """The newest articles of any of some products."""
    return _under(session, viewer, tuple(sorted(codes)), limit) if codes else ()


@remembered
def _under(session: Session, viewer: Viewer, codes: tuple[str, ...], limit: int) -> Sequence[Card]:
    return cards(session, _for_products(viewer), {"limit": limit, "products": codes})


@listed
def _for_products(viewer: Viewer) -> Select[Any]:
    return rows(viewer).where(of_products()).order_by(*NEWEST).limit(LIMIT)
