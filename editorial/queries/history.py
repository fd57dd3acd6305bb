"""The past of a text: its revisions, each with who, when, why, and whether readers have it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session, contains_eager

from kb.models import ArticleTranslation, Revision
from sportello.accounts.models import Person
from sportello.core.audience import Viewer
from sportello.core.errors import NotFound
from sportello.core.policy import Action, require

MOST = 2**31 - 1  # what a database takes for a number


@dataclass(frozen=True)
class RevisionRow:
    """A revision in the history. `is_current`: the one that readers read, or would."""

    id: int
    number: int
    title: str
    author: str
    author_id: int | None
    created_at: datetime
    comment: str
    significance: str
    is_current: bool


def history(session: Session, viewer: Viewer, slug: str) -> list[RevisionRow]:
    """Every revision of the translation at `slug`, newest first. One statement. Raises NotFound, Forbidden."""
    require(viewer, Action.ARTICLE_HISTORY)
    columns: tuple[Any, ...] = (
        Revision.id,
        Revision.number,
        Revision.title,
        func.coalesce(Person.name, ""),
        Revision.author_id,
        Revision.created_at,
        Revision.comment,
        Revision.significance,
        func.coalesce(ArticleTranslation.revision_id, 0) == Revision.id,
    )
    statement = Revision.visible_to(viewer, *columns).outerjoin(Person, Person.id == Revision.author_id)
    statement = statement.where(ArticleTranslation.slug == slug).order_by(Revision.number.desc())
    rows = [RevisionRow(*row) for row in session.execute(statement)]
    if not rows:
        raise NotFound
    return rows


def revision_id_of(session: Session, viewer: Viewer, slug: str, number: int) -> int | None:
    """The id of a revision of the translation at `slug` by its number; None if there is none. Raises Forbidden."""
    require(viewer, Action.ARTICLE_HISTORY)
    mine = Revision.visible_to(viewer, Revision.id)
    found: int | None = session.scalar(mine.where(ArticleTranslation.slug == slug, Revision.number == number))
    return found


def revision_at(session: Session, viewer: Viewer, slug: str, number: int) -> Revision:
    """One revision, with its translation and article. Raises NotFound, Forbidden."""
    require(viewer, Action.ARTICLE_HISTORY)
    if number > MOST:
        raise NotFound
    statement = (
        Revision.visible_to(viewer)
        .where(ArticleTranslation.slug == slug, Revision.number == number)
        .options(contains_eager(Revision.translation).contains_eager(ArticleTranslation.article))
    )
    revision: Revision | None = session.scalars(statement).one_or_none()
    if revision is None:
        raise NotFound
    return revision
