"""What became of an archived article, for those who could read it: its name, and what replaces it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from kb.models import ArchivedAddress, Article, ArticleTranslation
from kb.queries.kept import as_reader
from sportello.core.audience import Viewer

CHAIN = 8  # successors that were archived in turn


@dataclass(frozen=True)
class Archived:
    """`successor`: slug and title of what replaces it, None where nothing does that this viewer may read."""

    title: str
    language: str
    archived_at: datetime
    successor: tuple[str, str] | None


def archived_article(session: Session, viewer: Viewer, slug: str) -> Archived | None:
    """The archived article that had the address `slug`; None for others, and for whom it does not exist."""
    columns = (ArticleTranslation.title, ArticleTranslation.language, Article.archived_at, Article.successor_id)
    row = session.execute(
        ArchivedAddress.visible_to(viewer, *columns).where(ArchivedAddress.slug == slug)
    ).one_or_none()
    if row is None:
        return None
    title, language, archived_at, successor_id = row
    return Archived(title, language, archived_at, _successor(session, viewer, successor_id, language))


def _successor(session: Session, viewer: Viewer, article_id: int | None, language: str) -> tuple[str, str] | None:
    """The first of the successors that is published, in the viewer's language if it has it."""
    for _ in range(CHAIN):
        if article_id is None:
            return None
        told = (ArticleTranslation.language, ArticleTranslation.slug, ArticleTranslation.title)
        statement = ArticleTranslation.visible_to(as_reader(viewer), *told)
        rows = session.execute(statement.where(ArticleTranslation.article_id == article_id)).all()
        if rows:
            order = {viewer.language: 0, language: 1}
            best = min(rows, key=lambda row: (order.get(row.language, 2), row.language))
            return best.slug, best.title
        following = ArchivedAddress.visible_to(viewer, Article.successor_id)
        article_id = session.scalars(following.where(Article.id == article_id).limit(1)).first()
    return None
