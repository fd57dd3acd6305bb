"""What became of the revisions of a language: which change carried each, who decided, when readers got it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from editorial.models import Change
from kb.models import ArticleTranslation
from sportello.accounts.models import Person
from sportello.core.audience import Viewer
from sportello.core.policy import Action, require


@dataclass(frozen=True, slots=True)
class Fate:
    """A change as the history tells it; `revision_id` is its last revision."""

    revision_id: int
    base_revision_id: int | None
    state: str
    open: bool
    reviewer: str
    submitted_at: datetime | None
    decided_at: datetime | None
    publish_at: datetime | None
    published_at: datetime | None


def fates(session: Session, viewer: Viewer, slug: str) -> list[Fate]:
    """Every change of the translation at `slug`, the first first. One statement. Raises Forbidden."""
    require(viewer, Action.ARTICLE_HISTORY)
    columns: tuple[Any, ...] = (
        Change.revision_id,
        Change.base_revision_id,
        Change.state,
        func.coalesce(Change.open, False),
        func.coalesce(Person.name, ""),
        Change.submitted_at,
        Change.decided_at,
        Change.publish_at,
        Change.published_at,
    )
    statement = Change.visible_to(viewer, *columns).outerjoin(Person, Person.id == Change.reviewer_id)
    rows = session.execute(statement.where(ArticleTranslation.slug == slug).order_by(Change.id))
    return [Fate(*row) for row in rows]
