"""Change the words or the address of one language of an article."""

from sqlalchemy import func
from sqlalchemy.orm import Session, contains_eager

from kb.events import ArticleChanged
from kb.models import ArticleTranslation, Revision, SlugHistory
from kb.queries.articles import get_article
from kb.services.attachments import link_files
from kb.services.draft import Draft, DraftText
from kb.services.rendering import make_revision, render_article
from kb.services.visibility import tell_readers
from sportello.core import clock, keys, outbox
from sportello.core.audience import Viewer, system
from sportello.core.errors import NotFound
from sportello.core.policy import Action, require


def held_article(session: Session, actor: Viewer, slug: str) -> ArticleTranslation:
    """The translation at `slug` with its article, as they stand now; nobody else writes them while the transaction
    lasts. Raises NotFound."""
    session.flush()
    statement = (
        ArticleTranslation.visible_to(actor)
        .where(ArticleTranslation.slug == slug)
        .options(contains_eager(ArticleTranslation.article))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    translation: ArticleTranslation | None = session.scalars(statement).one_or_none()
    if translation is None:
        raise NotFound
    return translation


def revise(
    session: Session, actor: Viewer, slug: str, *, title: str, markdown: str, comment: str = ""
) -> ArticleTranslation:
    """A new revision of one language, in place of the present one. Later imports leave the article alone unless told
    otherwise; a change that is open meets it as somebody else's, and is merged before it is published.

    Raises NotFound, Forbidden, Invalid (title missing or too long, text too large or too complex).
    """
    translation = held_article(session, actor, slug)
    require(actor, Action.ARTICLE_WRITE, translation.article)
    text = DraftText(title=title, markdown=markdown, summary=translation.summary)
    Draft(texts={translation.language: text}).check()
    rendered = render_article(markdown, translation.language)
    last = session.scalar(
        Revision.visible_to(system(), func.max(Revision.number)).where(Revision.translation_id == translation.id)
    )
    translation.title = title
    translation.updated_at = translation.article.updated_at = clock.now()
    translation.article.edited_here = True
    translation.revision = make_revision(
        translation, text, rendered, number=(last or 0) + 1, author_id=actor.person_id, comment=comment
    )
    link_files(session, translation.revision)
    outbox.emit(session, ArticleChanged(translation.article.key))
    if translation.published_at is not None:
        tell_readers(session, translation, actor_id=actor.person_id)
    return translation


def change_slug(session: Session, actor: Viewer, slug: str) -> ArticleTranslation:
    """A new address from the present title; the old one redirects. Raises NotFound, Forbidden."""
    translation = get_article(session, actor, slug)
    require(actor, Action.ARTICLE_WRITE, translation.article)
    session.add(SlugHistory(slug=translation.slug, translation_id=translation.id, retired_at=clock.now()))
    translation.slug = keys.new_slug(translation.title)
    outbox.emit(session, ArticleChanged(translation.article.key))
    return translation
