"""Who may read an article, and what happens at once when that becomes fewer people."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from kb.events import ArticleChanged, ArticlePublished, FilesDropped
from kb.models import Article, ArticleTranslation, Significance
from kb.queries.articles import get_article, languages_of
from search_index import mask
from sportello.core import clock, outbox
from sportello.core.audience import PUBLIC, STAFF, Viewer, check_key
from sportello.core.errors import N_, Conflict
from sportello.core.policy import Action, require
from sportello.core.types import Ref


def narrows(before: str, after: str) -> bool:
    """Somebody who could read `before` might not be able to read `after`: all changes but the surely wider."""
    return before != after and before != STAFF and after != PUBLIC


def hide(session: Session, article: Article) -> None:
    """Take the article out of every search answer at once, until the index has caught up."""
    mask.hide(session, Ref("article", article.key))


def earliest(translations: Iterable[ArticleTranslation]) -> datetime | None:
    """When the first of these languages was published; None while none is."""
    return min((row.published_at for row in translations if row.published_at), default=None)


def give_readers(translation: ArticleTranslation, at: datetime) -> bool:
    """Publish a language; True if its readers never had it, so that it is new to them."""
    new = translation.first_published_at is None and translation.published_at is None
    translation.published_at = translation.published_at or at
    translation.first_published_at = translation.first_published_at or translation.published_at
    return new


def publish(session: Session, actor: Viewer, slug: str) -> ArticleTranslation:
    """Make one language of an article readable by its audience. Raises NotFound, Forbidden, Conflict (put away)."""
    translation = get_article(session, actor, slug)
    require(actor, Action.ARTICLE_PUBLISH, translation.article)
    if translation.article.archived_at is not None or translation.article.binned_at is not None:
        raise Conflict(N_("This article is archived or lies in the bin. Bring it back first."))
    new = give_readers(translation, clock.now())
    translation.article.published_at = earliest(languages_of(session, actor, translation.article_id))
    outbox.emit(session, ArticleChanged(translation.article.key))
    if new:
        tell_readers(session, translation, first=True, actor_id=actor.person_id)
    return translation


def tell_readers(
    session: Session,
    translation: ArticleTranslation,
    *,
    first: bool = False,
    significance: str = Significance.NORMAL,
    actor_id: int | None = None,
) -> None:
    """Say that readers of a language have got an article (`first`), or other words of it. Flushes: the revision has
    its id. Every place that does either says so, but for imports and for what comes back from archive or bin."""
    session.flush()
    revision = translation.revision_id or 0
    event = ArticlePublished(translation.article.key, translation.language, revision, first, significance, actor_id)
    outbox.emit(session, event)


def unpublish(session: Session, actor: Viewer, slug: str) -> ArticleTranslation:
    """Take one language of an article away from its readers; editors keep it. Raises NotFound, Forbidden."""
    translation = get_article(session, actor, slug)
    require(actor, Action.ARTICLE_PUBLISH, translation.article)
    translation.published_at = translation.published_before = None
    translation.article.published_at = earliest(languages_of(session, actor, translation.article_id))
    hide(session, translation.article)
    outbox.emit(session, ArticleChanged(translation.article.key))
    return translation


def change_audience(
    session: Session, actor: Viewer, slug: str, audience: str, *, ladder: Collection[str]
) -> ArticleTranslation:
    """Give an article (all its languages) another audience key. Raises NotFound, Forbidden, Invalid."""
    translation = get_article(session, actor, slug)
    article = translation.article
    require(actor, Action.ARTICLE_PUBLISH, article)
    check_key(audience, ladder)
    if narrows(article.audience, audience):
        hide(session, article)
    article.audience = audience
    article.edited_here = True
    outbox.emit(session, ArticleChanged(article.key))
    return translation


def delete_article(session: Session, actor: Viewer, slug: str) -> None:
    """Remove an article with all its languages, revisions, addresses and votes. Raises NotFound, Forbidden."""
    article = get_article(session, actor, slug).article
    require(actor, Action.ARTICLE_PUBLISH, article)
    hide(session, article)
    outbox.emit(session, ArticleChanged(article.key))
    # The circle between a translation and its current revision is opened first.
    session.execute(
        update(ArticleTranslation)
        .where(ArticleTranslation.article_id == article.id)
        .values(revision_id=None, published_at=None)
        .execution_options(synchronize_session=False)
    )
    outbox.emit(session, FilesDropped())
    session.execute(delete(Article).where(Article.id == article.id).execution_options(synchronize_session=False))
    session.expunge_all()
