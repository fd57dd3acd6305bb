"""Pushing an article to every customer who may read it: a person decides, sees how many that are, and does it once.

Staff hear of it as followers, of what is for staff alone all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.models import ArticleTranslation
from kb.queries.articles import get_article
from kb.subjects import ArticleSubjects
from sportello.accounts.plans import Plans
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Conflict, Invalid
from sportello.core.policy import Action, require
from sportello.notifications.models import Notice
from sportello.notifications.queries.audience import Audience, audience_of
from sportello.notifications.registry import Subject, registry
from sportello.notifications.services.announce import announce

PUSHED = "article-pushed"
MAX_SENTENCE = 300  # characters


@dataclass(frozen=True)
class Push:
    """What a push would be: of this article, in these languages, to so many; `before`: it was done already."""

    translation: ArticleTranslation
    subject: Subject
    audience: Audience
    before: Notice | None


def push_preview(session: Session, actor: Viewer, plans: Plans, slug: str, *, staff_totp: bool = False) -> Push:
    """Who would be told now. Raises NotFound, Forbidden, Conflict (nobody reads it)."""
    translation, subject = _subject(session, actor, slug)
    audience = audience_of(
        session, plans, registry.events[PUSHED], subject, actor_id=actor.person_id, staff_totp=staff_totp
    )
    return Push(translation, subject, audience, _before(session, _occasion(session, actor, subject)))


def push_article(session: Session, actor: Viewer, slug: str, says: Mapping[str, str]) -> Notice:
    """Tell the article's audience, each in their language; `says`: a sentence of one's own by language.

    Once for what its readers have now. Raises NotFound, Forbidden, Conflict, Invalid (a sentence that is too long).
    """
    _translation, subject = _subject(session, actor, slug)
    for language, sentence in says.items():
        if len(sentence.strip()) > MAX_SENTENCE:
            raise Invalid(
                N_("A sentence has at most %(most)s characters."), field=f"says_{language}", most=MAX_SENTENCE
            )
    occasion = _occasion(session, actor, subject)
    if _before(session, occasion) is not None:
        raise Conflict(N_("This text was pushed already. It can be pushed again once it has changed."))
    said = {language: " ".join(sentence.split()) for language, sentence in says.items() if language in subject.titles}
    return announce(
        session, PUSHED, subject.ref, actor_id=actor.person_id, thread=subject.ref, says=said, once=occasion
    )


def _subject(session: Session, actor: Viewer, slug: str) -> tuple[ArticleTranslation, Subject]:
    translation = get_article(session, actor, slug)
    require(actor, Action.ARTICLE_PUSH, translation.article)
    key = translation.article.key
    subject = ArticleSubjects().subjects(session, [key])[key]
    if not subject.released:
        raise Conflict(N_("Nobody reads this article now. Publish it first."))
    return translation, subject


def _occasion(session: Session, actor: Viewer, subject: Subject) -> str:
    """The text that readers have in the article's first language names the occasion."""
    slug = subject.paths[subject.language("")].rpartition("/")[2]
    return f"{PUSHED}:{subject.ref.key}:{get_article(session, actor, slug).revision_id}"


def _before(session: Session, occasion: str) -> Notice | None:
    return session.scalars(select(Notice).where(Notice.once == occasion)).one_or_none()
