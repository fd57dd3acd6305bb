"""What rests: languages of articles that readers do not have, and that were not put away."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func
from sqlalchemy.orm import Session, aliased

from editorial.models import Change
from kb.models import Article, ArticleTranslation
from sportello.accounts.models import Person
from sportello.core.audience import Viewer
from sportello.core.policy import Action, require

PAGE = 50


@dataclass(frozen=True)
class StoredRow:
    """One language of an article that readers do not have. `since`: when it was written."""

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
    require(viewer, Action.ARTICLE_HISTORY)
    since = ArticleTranslation.updated_at
    statement = _columns(viewer, since).where(*_drafts(viewer, mine)).order_by(since.desc(), ArticleTranslation.slug)
    return [StoredRow(*row) for row in session.execute(statement.limit(limit).offset(offset))]


def _drafts(viewer: Viewer, mine: bool) -> list[Any]:
    found: list[Any] = [
        ArticleTranslation.published_at.is_(None),
        Article.archived_at.is_(None),
        Article.binned_at.is_(None),
    ]
    return [*found, Article.owner_id == (viewer.person_id or 0)] if mine else found


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
        .outerjoin(change, (change.translation_id == ArticleTranslation.id) & change.open.is_(True))
    )
