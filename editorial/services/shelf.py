"""Off the shelf and back: the archive, with a pointer to the successor, and the bin, for 30 days."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from editorial.models import Change, State
from editorial.services.held import hold
from editorial.services.publishing import unplan
from kb.events import ArticleChanged
from kb.models import ArchivedAddress, Article, ArticleTranslation, SlugHistory
from kb.queries.articles import get_article, languages_of
from kb.services.visibility import delete_article, earliest, hide
from sportello.core import clock, outbox
from sportello.core.audience import Viewer, system
from sportello.core.errors import N_, Conflict, Invalid, NotFound
from sportello.core.policy import Action

KEEP_BINNED = timedelta(days=30)


def archive(session: Session, actor: Viewer, slug: str, successor_slug: str | None = None) -> Article:
    """Take an article from its readers for good; its addresses say so, and lead to the successor if there is one.

    Raises NotFound, Forbidden, Conflict (archived, in the bin), Invalid (`successor`: not published, or itself).
    """
    held = hold(session, actor, slug, Action.ARTICLE_ARCHIVE)
    held.require_on_shelf()
    article = held.article
    successor = _successor(session, actor, article, successor_slug) if successor_slug else None
    languages = languages_of(session, system(), article.id)
    _keep_addresses(session, [row for row in languages if row.published_at is not None])
    _take_down(session, article, languages)
    article.archived_at = clock.now()
    article.successor_id = successor.id if successor else None
    session.flush()
    return article


def unarchive(session: Session, actor: Viewer, slug: str) -> Article:
    """Back from the archive, readable by exactly those who could read it. Raises NotFound, Forbidden, Conflict."""
    article = _article(session, actor, slug)
    if article.binned_at is not None:
        raise Conflict(N_("This article lies in the bin. Take it out of there first."))
    if article.archived_at is None:
        raise Conflict(N_("This article is not archived."))
    article.archived_at = article.successor_id = None
    languages = languages_of(session, system(), article.id)
    session.execute(
        delete(ArchivedAddress)
        .where(ArchivedAddress.translation_id.in_([row.id for row in languages]))
        .execution_options(synchronize_session=False)
    )
    _put_back(session, article, languages)
    return article


def bin_article(session: Session, actor: Viewer, slug: str) -> Article:
    """Throw an article away; for 30 days it can be taken out again. Raises NotFound, Forbidden, Conflict."""
    article = _article(session, actor, slug)
    if article.binned_at is not None:
        raise Conflict(N_("This article lies in the bin already."))
    _take_down(session, article, languages_of(session, system(), article.id))
    article.binned_at = clock.now()
    session.flush()
    return article


def unbin(session: Session, actor: Viewer, slug: str) -> Article:
    """Out of the bin: as it was, archived if it was archived. Raises NotFound, Forbidden, Conflict."""
    article = _article(session, actor, slug)
    if article.binned_at is None:
        raise Conflict(N_("This article does not lie in the bin."))
    article.binned_at = None
    if article.archived_at is None:
        _put_back(session, article, languages_of(session, system(), article.id))
    session.flush()
    return article


def purge_bin(session: Session, limit: int = 20) -> int:
    """Delete what has lain in the bin for 30 days, with everything that belongs to it; returns how many articles."""
    old = ArticleTranslation.visible_to(system(), ArticleTranslation.slug, ArticleTranslation.article_id)
    rows = session.execute(old.where(Article.binned_at < clock.now() - KEEP_BINNED).limit(2 * limit)).all()
    by_article = {row.article_id: row.slug for row in rows}
    for slug in by_article.values():
        delete_article(session, system(), slug)
    return len(by_article)


def _article(session: Session, actor: Viewer, slug: str) -> Article:
    return hold(session, actor, slug, Action.ARTICLE_ARCHIVE).article


def _take_down(session: Session, article: Article, languages: Sequence[ArticleTranslation]) -> None:
    """No reader has it any more; what they had is kept. Planned publications are off."""
    for row in languages:
        if row.published_at is not None:
            row.published_before, row.published_at = row.published_at, None
    article.published_at = article.unpublish_at = None
    article.edited_here = True  # an import does not bring it back
    planned = Change.visible_to(system()).where(
        Change.translation_id.in_([row.id for row in languages]), Change.state == State.SCHEDULED
    )
    for change in session.scalars(planned):
        unplan(change)
        change.publish_at = None
    hide(session, article)
    outbox.emit(session, ArticleChanged(article.key))


def _put_back(session: Session, article: Article, languages: Sequence[ArticleTranslation]) -> None:
    for row in languages:
        if row.published_before is not None:
            row.published_at, row.published_before = row.published_before, None
    article.published_at = earliest(languages)
    outbox.emit(session, ArticleChanged(article.key))
    session.flush()


def _keep_addresses(session: Session, languages: Sequence[ArticleTranslation]) -> None:
    former = session.execute(
        SlugHistory.visible_to(system(), SlugHistory.slug, SlugHistory.translation_id).where(
            SlugHistory.translation_id.in_([row.id for row in languages])
        )
    )
    addresses = {row.slug: row.id for row in languages} | {row.slug: row.translation_id for row in former}
    session.add_all(ArchivedAddress(slug=slug, translation_id=id) for slug, id in addresses.items())


def _successor(session: Session, actor: Viewer, article: Article, slug: str) -> Article:
    """What replaces the article: another one that is published."""
    try:
        successor = get_article(session, actor, slug.strip().rstrip("/").rsplit("/", 1)[-1]).article
    except NotFound:
        raise Invalid(N_("There is no article at this address."), field="successor") from None
    if successor.id == article.id:
        raise Invalid(N_("An article cannot replace itself."), field="successor")
    if successor.published_at is None or successor.published_at > clock.now():
        raise Invalid(N_("The successor must be published."), field="successor")
    return successor
