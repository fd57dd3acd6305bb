"""Whether a translation still says what its source says."""

from dataclasses import dataclass

from sqlalchemy import func
from sqlalchemy.orm import Session

from kb.models import Article, ArticleTranslation, Revision, Significance
from kb.queries.remembered import remembered
from sportello.core import clock
from sportello.core.audience import Viewer


@dataclass(frozen=True)
class Stale:
    """The source of a translation, which was changed since: `behind` revisions of it were more than typos."""

    language: str
    slug: str
    title: str
    behind: int


@remembered
def stale_translation(session: Session, viewer: Viewer, slug: str) -> Stale | None:
    """The source that readers of `slug` should know of, if they may read it; None while the text is up to date.

    What was imported without saying what it translates is never stale. Two to four statements; one for a source.
    """
    here = session.execute(
        ArticleTranslation.visible_to(
            viewer, Article.id, ArticleTranslation.language, Article.source_language, Revision.source_revision_id
        )
        .join(Revision, Revision.id == ArticleTranslation.revision_id)
        .where(ArticleTranslation.slug == slug)
    ).one_or_none()
    if here is None or here.source_revision_id is None or here.language == here.source_language:
        return None
    source = session.execute(
        ArticleTranslation.visible_to(
            viewer, ArticleTranslation.id, ArticleTranslation.slug, ArticleTranslation.title, Revision.number
        )
        .join(Revision, Revision.id == ArticleTranslation.revision_id)
        .where(
            ArticleTranslation.article_id == here.id,
            ArticleTranslation.language == here.source_language,
            ArticleTranslation.published_at <= clock.now(),
        )
    ).one_or_none()
    if source is None:
        return None
    behind = revisions_behind(session, viewer, source.id, here.source_revision_id, source.number)
    return Stale(here.source_language, source.slug, source.title, behind) if behind else None


def revisions_behind(session: Session, viewer: Viewer, source_id: int, based_on: int, number: int) -> int:
    """How many normal and major revisions the source (a translation's id) had after the revision whose id is
    `based_on`, up to the one with this `number`. Two statements."""
    before = session.scalar(
        Revision.visible_to(viewer, Revision.number).where(
            Revision.id == based_on, Revision.translation_id == source_id
        )
    )
    if before is None or before >= number:
        return 0
    later = Revision.visible_to(viewer, func.count()).where(
        Revision.translation_id == source_id,
        Revision.number > before,
        Revision.number <= number,
        Revision.significance != Significance.TYPO,
    )
    return session.scalar(later) or 0
