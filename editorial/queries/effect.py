"""What a change of many articles would do, counted before anything happens."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from editorial.models import BulkRun, Change
from kb.models import Article, ArticleTag, Category, article_product
from kb.queries.pointers import organisations_read
from sportello.accounts.models import Person, Product
from sportello.core import clock
from sportello.core.audience import PUBLIC, Viewer
from sportello.core.policy import Action, require

CHUNK = 500  # keys in one statement


@dataclass(frozen=True)
class Effect:
    """`articles` chosen, of which `same` are so already. For what changes who reads: `hidden` articles are lost to
    `loses` organisations, `shown` ones become readable for `gains`; `closed` ones leave the public, `opened` reach it.
    `staged`: open changes of these articles, which may set it anew when they are published.
    """

    articles: int
    same: int = 0
    hidden: int = 0
    loses: int = 0
    shown: int = 0
    gains: int = 0
    closed: int = 0
    opened: int = 0
    staged: int = 0


def effect_of(session: Session, viewer: Viewer, run: BulkRun, ladder: Sequence[str]) -> Effect:
    """What starting the run would do now. Raises Forbidden."""
    require(viewer, Action.ARTICLE_BULK)
    value = str(run.value.get("to", ""))
    same = staged = 0
    readable: Counter[str] = Counter()  # published articles by audience, of those that would change
    for start in range(0, len(run.articles), CHUNK):
        here = Article.key.in_(run.articles[start : start + CHUNK])
        already = _already(run.action, value)
        same += session.scalar(Article.visible_to(viewer, func.count()).where(here, already)) or 0
        open_changes = Change.visible_to(viewer, func.count()).where(here, Change.open.is_(True))
        staged += session.scalar(open_changes) or 0
        if run.action in ("audience", "archive"):
            published = Article.visible_to(viewer, Article.audience, func.count()).where(
                here, ~already, Article.published_at <= clock.now()
            )
            readable.update(dict(session.execute(published.group_by(Article.audience)).all()))
    counts = _readers(session, readable, value if run.action == "audience" else None, ladder)
    return Effect(articles=len(run.articles), same=same, staged=staged, **counts)


def _readers(session: Session, readable: Counter[str], after: str | None, ladder: Sequence[str]) -> dict[str, int]:
    """Articles and organisations that lose or gain each other. `after` None: nobody reads any more."""
    held = organisations_read(session, ladder) if readable else {}
    found: Counter[str] = Counter()
    losing: set[str] = set()
    gaining: set[str] = set()
    for before, articles in readable.items():
        loses = {key for key, reads in held.items() if before in reads and after not in reads}
        gains = {key for key, reads in held.items() if before not in reads and after in reads}
        found["hidden"] += articles if loses else 0
        found["shown"] += articles if gains else 0
        found["closed"] += articles if before == PUBLIC and after != PUBLIC else 0
        found["opened"] += articles if before != PUBLIC and after == PUBLIC else 0
        losing, gaining = losing | loses, gaining | gains
    return {**found, "loses": len(losing), "gains": len(gaining)}


def _already(action: str, value: str) -> ColumnElement[bool]:
    """The article is as the change would make it."""
    if action in ("product-add", "product-remove"):
        inside = article_product.c
        product = select(Product.id).where(Product.code == value)
        stands = Article.id.in_(select(inside.article_id).where(inside.product_id.in_(product)))
        return stands if action == "product-add" else ~stands
    if action in ("tag-add", "tag-remove"):
        tagged = Article.id.in_(select(ArticleTag.article_id).where(ArticleTag.tag == value))
        return tagged if action == "tag-add" else ~tagged
    return _equal(action, value)


def _equal(action: str, value: str) -> ColumnElement[bool]:
    if action == "audience":
        return Article.audience == value
    if action == "archive":
        return Article.archived_at.is_not(None)
    if action == "category":
        wanted = select(Category.id).where(Category.code == value)
        return _is(Article.category_id, wanted if value else None)
    wanted = select(Person.id).where(Person.key == value)
    return _is(Article.owner_id, wanted if value else None)


def _is(column: Any, wanted: Select[Any] | None) -> ColumnElement[bool]:
    """The column holds what is wanted, or nothing; never NULL, so that it can be turned round."""
    empty: ColumnElement[bool] = column.is_(None)
    return empty if wanted is None else and_(~empty, column.in_(wanted))
