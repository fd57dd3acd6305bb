"""Lists of the writing side: what is not published, what was archived, what lies in the bin, who may own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from editorial.models import Change
from kb.models import Article, ArticleTranslation
from sportello.accounts.models import Person, PersonRole
from sportello.core.audience import WRITING_ROLES, Viewer
from sportello.core.policy import Action, require

PAGE = 50


@dataclass(frozen=True)
class StoredRow:
    """One language of an article that readers do not have. `since`: when it was written, archived or binned."""

    slug: str
    language: str
    title: str
    article_key: str
    article_id: int
    kind: str
    audience: str
    owner: str
    owner_id: int | None
    since: datetime
    was_published: bool
    state: str  # of its open change, or ""
    successor_id: int | None


def drafts(session: Session, viewer: Viewer, mine: bool = False, limit: int = PAGE, offset: int = 0) -> list[StoredRow]:
    """Languages of articles that are not published, neither archived nor binned, the latest written first."""
    return _rows(session, viewer, _drafts(viewer, mine), ArticleTranslation.updated_at, limit, offset)


def archived(session: Session, viewer: Viewer, limit: int = PAGE, offset: int = 0) -> list[StoredRow]:
    """Archived articles, the latest first, one row a language."""
    return _rows(session, viewer, _archived(), Article.archived_at, limit, offset)


def binned(session: Session, viewer: Viewer, limit: int = PAGE, offset: int = 0) -> list[StoredRow]:
    """What lies in the bin, the latest first, one row a language."""
    return _rows(session, viewer, _binned(), Article.binned_at, limit, offset)


def count_drafts(session: Session, viewer: Viewer, mine: bool = False) -> int:
    """How many `drafts` there are."""
    return _count(session, viewer, _drafts(viewer, mine))


def count_archived(session: Session, viewer: Viewer) -> int:
    """How many rows `archived` has."""
    return _count(session, viewer, _archived())


def count_binned(session: Session, viewer: Viewer) -> int:
    """How many rows `binned` has."""
    return _count(session, viewer, _binned())


def owner_choices(session: Session) -> Sequence[Person]:
    """Everybody who may own an article: active staff who write, by name."""
    writers = select(PersonRole.person_id).where(PersonRole.role.in_(sorted(WRITING_ROLES)))
    statement = select(Person).where(Person.active, Person.id.in_(writers))
    return session.scalars(statement.order_by(Person.name, Person.email)).all()


def _drafts(viewer: Viewer, mine: bool) -> list[Any]:
    found: list[Any] = [
        ArticleTranslation.published_at.is_(None),
        Article.archived_at.is_(None),
        Article.binned_at.is_(None),
    ]
    return [*found, Article.owner_id == (viewer.person_id or 0)] if mine else found


def _archived() -> list[Any]:
    return [Article.archived_at.is_not(None), Article.binned_at.is_(None)]


def _binned() -> list[Any]:
    return [Article.binned_at.is_not(None)]


def _count(session: Session, viewer: Viewer, which: list[Any]) -> int:
    require(viewer, Action.ARTICLE_HISTORY)
    return session.scalar(ArticleTranslation.visible_to(viewer, func.count()).where(*which)) or 0


def _rows(
    session: Session, viewer: Viewer, which: list[Any], since: Any, limit: int, offset: int
) -> list[StoredRow]:
    require(viewer, Action.ARTICLE_HISTORY)
    statement = _columns(viewer, since).where(*which).order_by(since.desc(), ArticleTranslation.slug)
    return [StoredRow(*row) for row in session.execute(statement.limit(limit).offset(offset))]


def _columns(viewer: Viewer, since: Any) -> Select[Any]:
    owner, change = aliased(Person), aliased(Change)
    columns = (
        ArticleTranslation.slug,
        ArticleTranslation.language,
        ArticleTranslation.title,
        Article.key,
        Article.id,
        Article.kind,
        Article.audience,
        func.coalesce(owner.name, ""),
        Article.owner_id,
        since,
        ArticleTranslation.published_before.is_not(None),
        func.coalesce(change.state, ""),
        Article.successor_id,
    )
    return (
        ArticleTranslation.visible_to(viewer, *columns)
        .outerjoin(owner, owner.id == Article.owner_id)
        .outerjoin(change, (change.translation_id == ArticleTranslation.id) & change.open)
    )
