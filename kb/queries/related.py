"""Articles that belong beside an article: shared tags and codes, the same category, the same product."""

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Select, bindparam, func, literal, select, union_all
from sqlalchemy.orm import Session

from kb.models import Article, ArticleCode, ArticleTag, article_product
from kb.queries.cards import Card, cards
from kb.queries.kept import listed
from kb.queries.lists import LIMIT, NEWEST, rows
from kb.queries.remembered import remembered
from sportello.core.audience import Viewer

NEIGHBOURS = 5
CODE, TAG, CATEGORY = 4, 2, 3  # what sharing one weighs


class Standing(Protocol):
    """An article, as far as its neighbours depend on it."""

    @property
    def id(self) -> int: ...
    @property
    def category_id(self) -> int | None: ...


def related_articles(session: Session, viewer: Viewer, article: Standing, limit: int = NEIGHBOURS) -> Sequence[Card]:
    """The closest articles that the viewer may read, by the sum of what they share; then votes, then newest.

    Only visible rows count and only by themselves, so hidden ones change neither choice nor order. Articles that
    share nothing but a product fill what is left. One statement, or two.
    """
    return _neighbours(session, viewer, article.id, article.category_id, limit)


@remembered
def _neighbours(
    session: Session, viewer: Viewer, article_id: int, category_id: int | None, limit: int
) -> Sequence[Card]:
    values: dict[str, Any] = {"here": article_id, "limit": limit}
    shelf = {} if category_id is None else {"category": category_id}
    near = cards(session, _sharing(viewer, bool(shelf)), values | shelf)
    if len(near) < limit:
        known = [article_id, *(card.article_id for card in near)]
        others = {"here": article_id, "limit": limit - len(near), "known": known}
        near += cards(session, _same_product(viewer), others)
    return near


@listed
def _sharing(viewer: Viewer, in_category: bool) -> Select[Any]:
    here: Any = bindparam("here")
    codes = select(ArticleCode.code).where(ArticleCode.article_id == here)
    tags = select(ArticleTag.tag).where(ArticleTag.article_id == here)
    arms: list[Any] = [
        select(ArticleCode.article_id.label("id"), literal(CODE).label("points")).where(ArticleCode.code.in_(codes)),
        select(ArticleTag.article_id, literal(TAG)).where(ArticleTag.tag.in_(tags)),
    ]
    if in_category:
        same = Article.visible_to(viewer, Article.id, literal(CATEGORY))
        arms.append(same.where(Article.category_id == bindparam("category")))
    shared = union_all(*arms).subquery()
    points = func.sum(shared.c.points)
    scored = select(shared.c.id, points.label("points")).group_by(shared.c.id).subquery()
    return _ordered(rows(viewer).join(scored, scored.c.id == Article.id).where(Article.id != here), scored.c.points)


@listed
def _same_product(viewer: Viewer) -> Select[Any]:
    stands = article_product.c
    products = select(stands.product_id).where(stands.article_id == bindparam("here"))
    same = select(stands.article_id).where(stands.product_id.in_(products))
    others = Article.id.not_in(bindparam("known", expanding=True))
    return _ordered(rows(viewer).where(Article.id.in_(same), others))


def _ordered(statement: Select[Any], *first: Any) -> Select[Any]:
    order = (*(column.desc() for column in first), Article.votes_yes.desc(), *NEWEST)
    return statement.order_by(*order).limit(LIMIT)
