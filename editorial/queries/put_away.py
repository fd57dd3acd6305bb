"""Articles that were put away: in the bin for 30 days, or archived. One row an article, the latest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, tuple_
from sqlalchemy.orm import Session

from editorial.queries.duties import PAGE, Queue
from kb.models import Article, ArticleTranslation
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.errors import NotFound

KEPT = timedelta(days=30)  # in the bin


@dataclass(frozen=True, slots=True)
class PutAway:
    """An article in the bin or the archive, in its source language if it has it. `successor`: slug and title."""

    key: str
    article_id: int
    slug: str
    language: str
    title: str
    at: datetime
    audience: str
    successor: tuple[str, str] | None = None

    @property
    def days_left(self) -> int:
        """Days before the bin is emptied of it, the one that has begun included."""
        return max(0, -((clock.now() - self.at - KEPT) // timedelta(days=1)))


def binned(session: Session, viewer: Viewer, after: str | None = None) -> Queue:
    """What lies in the bin."""
    return _page(session, viewer, Article.binned_at, [Article.binned_at.is_not(None)], after)


def archived(session: Session, viewer: Viewer, after: str | None = None) -> Queue:
    """What is archived, with its successors."""
    return _page(session, viewer, Article.archived_at, _archived(), after)


def bin_count(session: Session, viewer: Viewer) -> int:
    """How many articles lie in the bin."""
    return session.scalar(Article.visible_to(viewer, func.count()).where(Article.binned_at.is_not(None))) or 0


def archive_count(session: Session, viewer: Viewer) -> int:
    """How many articles are archived."""
    return session.scalar(Article.visible_to(viewer, func.count()).where(*_archived())) or 0


def _archived() -> list[ColumnElement[bool]]:
    return [Article.archived_at.is_not(None), Article.binned_at.is_(None)]


def _page(
    session: Session, viewer: Viewer, when: Any, which: Sequence[ColumnElement[bool]], after: str | None
) -> Queue:
    columns = (Article.key, Article.id, Article.source_language, when, Article.audience, Article.successor_id)
    statement = Article.visible_to(viewer, *columns).where(*which)
    if after is not None:
        edge = session.execute(Article.visible_to(viewer, when, Article.key).where(Article.key == after)).first()
        if edge is None or edge[0] is None:
            raise NotFound
        statement = statement.where(tuple_(when, Article.key) < tuple_(edge[0], edge[1]))
    found = session.execute(statement.order_by(when.desc(), Article.key.desc()).limit(PAGE + 1)).all()
    named = _named(session, viewer, {id for row in found for id in (row[1], row[5]) if id})
    rows = [
        PutAway(key, id, *_told(named.get(id), language), at, audience, _address(named.get(successor)))
        for key, id, language, at, audience, successor in found
    ]
    return Queue(rows[:PAGE], rows[PAGE - 1].key if len(rows) > PAGE else None)


Named = dict[str, tuple[str, str, str]]  # slug, language and title by language


def _named(session: Session, viewer: Viewer, ids: set[int]) -> dict[int, Named]:
    """What some articles are called, by id. One statement."""
    names: dict[int, Named] = {}
    told = (ArticleTranslation.slug, ArticleTranslation.language, ArticleTranslation.title)
    statement = ArticleTranslation.visible_to(viewer, ArticleTranslation.article_id, *told)
    statement = statement.where(ArticleTranslation.article_id.in_(ids)).order_by(ArticleTranslation.language)
    for id, slug, language, title in session.execute(statement) if ids else ():
        names.setdefault(id, {})[language] = (slug, language, title)
    return names


def _told(named: Named | None, language: str | None) -> tuple[str, str, str]:
    """In the source language, else in the first there is."""
    if not named:
        return "", "", ""
    return named.get(language or "") or next(iter(named.values()))


def _address(named: Named | None) -> tuple[str, str] | None:
    if not named:
        return None
    slug, _, title = _told(named, None)
    return slug, title
