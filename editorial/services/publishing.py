"""Publishing: the staged revision becomes what readers read, now or at a time; and unpublishing at a time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from editorial.events import PublicationPlanned, UnpublicationPlanned
from editorial.merge import EditConflict
from editorial.models import Change, State
from editorial.services.held import Held, form_at, get_revision, hold, was_never_published
from editorial.services.snapshot import apply_settings
from editorial.settings import SUMMARY, Settings, changed_in
from kb.events import ArticleChanged
from kb.models import Article, ArticleTranslation, Confidence, Revision, Significance, SlugHistory
from kb.queries.articles import get_article, languages_of
from kb.services.verify import DAYS, reckon
from kb.services.visibility import earliest, give_readers, tell_readers
from sportello.core import clock, keys, outbox
from sportello.core.audience import Viewer, check_key, system
from sportello.core.errors import N_, Conflict, Invalid
from sportello.core.policy import Action, allows, require

AGENTS_PUBLISH = Confidence.NOT_VALIDATED  # where the settings say nothing else
NONE = "none"


@dataclass(frozen=True)
class Publishing:
    """What the policy looks at for `Action.ARTICLE_PUBLISH`."""

    agents_may_publish: bool


def publish_change(
    session: Session, actor: Viewer, slug: str, *, ladder: Collection[str], agents_publish: str = AGENTS_PUBLISH
) -> ArticleTranslation:
    """Give readers the open change; without one, publish again what was taken from them.

    `agents_publish`: up to which confidence agents publish by themselves ("none": not at all). What was approved,
    everybody who writes may publish. Raises NotFound, Forbidden, Invalid, Conflict, EditConflict.
    """
    held = hold(session, actor, slug)
    require(actor, Action.ARTICLE_PUBLISH, publishing(session, held, agents_publish))
    publish_held(session, actor, held, ladder=ladder)
    session.flush()
    return held.translation


def publishing(session: Session, held: Held, agents_publish: str) -> Publishing:
    """Whether agents may publish what stands open: approved, or as trusted as they are allowed to say."""
    if held.change is not None and held.change.state in (State.APPROVED, State.SCHEDULED) and held.change.reviewer_id:
        return Publishing(True)
    settings = form_at(session, held, held.head_id).settings
    return Publishing(may_publish_at(agents_publish, settings.confidence, held.article.confidence))


def may_publish_at(agents_publish: str, *confidences: str) -> bool:
    """Agents publish up to `agents_publish`: what an article shall be, and what it is, lie within it."""
    order = [NONE, *Confidence]
    return all(order.index(value) <= order.index(agents_publish) for value in confidences)


def publish_held(session: Session, actor: Viewer, held: Held, *, ladder: Collection[str] = ()) -> None:
    """Publish without asking who: the caller has. Raises Conflict (archived, in the bin), EditConflict, Invalid."""
    held.require_on_shelf()
    change, translation, article = held.change, held.translation, held.article
    if held.moved and change is not None:
        ancestor = change.base_revision_id or change.revision_id
        wanted = (ancestor, translation.revision_id, change.revision_id)
        base, theirs, mine = (form_at(session, held, one) for one in wanted)
        raise EditConflict(base, theirs, mine, held.head_id or 0)
    revision = get_revision(session, change.revision_id if change else translation.revision_id)
    if revision is None:
        raise Conflict(N_("There is no text to publish."))
    if change is None and translation.published_at is not None:
        raise Conflict(N_("There is no open change here any more. Look at the article again."))
    first = was_never_published(session, held)
    now = clock.now()
    if change is not None:
        _apply(session, held, revision, ladder)
    if first or change is None or change.significance != Significance.TYPO:
        translation.updated_at = article.updated_at = now
    if first:
        _final_slug(session, translation, now)
    new = give_readers(translation, now)
    if article.source_language is None:
        article.source_language = _oldest_language(session, article)
    languages = languages_of(session, system(), article.id)
    article.published_at, article.edited_here = earliest(languages), True
    if article.confidence == Confidence.VALIDATED and _vouches(actor, held):
        article.verified_at = now
        reckon(article, DAYS)
    if change is not None:
        change.published_at, change.publish_at = now, None
        change.state, change.open, change.updated_at = State.PUBLISHED, None, now
    outbox.emit(session, ArticleChanged(article.key))
    if change is not None or new:
        who = actor.person_id or (change.author_id if change else None)
        significance = change.significance if change else Significance.NORMAL
        tell_readers(session, translation, first=new, significance=significance, actor_id=who)


def _apply(session: Session, held: Held, revision: Revision, ladder: Collection[str]) -> None:
    """Words and settings of the revision."""
    translation, snapshot = held.translation, revision.settings
    translation.revision, translation.title = revision, revision.title
    if snapshot is None:
        return
    settings, names = Settings.from_dict(snapshot), changed_in(snapshot)
    if ladder:
        check_key(settings.audience if "audience" in names else held.article.audience, ladder)
    translation.summary = snapshot.get(SUMMARY, translation.summary)
    apply_settings(session, translation, settings, names, DAYS)


def _vouches(actor: Viewer, held: Held) -> bool:
    """An editor publishes by hand, or a reviewer had decided on what is published at its time.

    Who mends a typo or translates has not looked whether the article is still correct.
    """
    change, language = held.change, held.translation.language
    if change is not None and change.significance == Significance.TYPO:
        return False
    if language != (held.article.source_language or language):
        return False
    if actor.person_id is None:
        return change is not None and change.reviewer_id is not None
    return allows(actor, Action.ARTICLE_PUBLISH)


def _final_slug(session: Session, translation: ArticleTranslation, now: datetime) -> None:
    """The address of the first publication says the final title; that of the draft leads there."""
    stem = translation.slug[: -keys.SLUG_SUFFIX - 1]
    if stem != keys.slug_stem(translation.title):
        session.add(SlugHistory(slug=translation.slug, translation_id=translation.id, retired_at=now))
        translation.slug = keys.new_slug(translation.title)


def _oldest_language(session: Session, article: Article) -> str:
    return min(languages_of(session, system(), article.id), key=lambda row: row.id).language


def close_change(session: Session, held: Held, state: State) -> None:
    """End the open change without publishing it. A language taken from its readers falls back to what they had."""
    change, translation = held.require_open(), held.translation
    change.state, change.open, change.updated_at, change.publish_at = state, None, clock.now(), None
    if held.follows and (base := get_revision(session, change.base_revision_id)) is not None:
        translation.revision, translation.title = base, base.title
        translation.summary = (base.settings or {}).get(SUMMARY, translation.summary)


def discard_change(session: Session, actor: Viewer, slug: str) -> None:
    """Give the open change up; its revisions stay in the history. Raises NotFound, Forbidden, Conflict."""
    close_change(session, hold(session, actor, slug), State.DISCARDED)
    session.flush()


def plan(session: Session, held: Held) -> None:
    """Publish the open change at its `publish_at`."""
    change = held.require_open()
    change.state = State.SCHEDULED
    outbox.emit(session, PublicationPlanned(change.key, held.article.audience), available_at=change.publish_at)


def unplan(change: Change) -> None:
    """Not at a time any more: approved, or a draft where nobody had approved it."""
    if change.state == State.SCHEDULED:
        change.state = State.APPROVED if change.reviewer_id else State.DRAFT


def schedule(
    session: Session, actor: Viewer, slug: str, at: datetime | None, *, agents_publish: str = AGENTS_PUBLISH
) -> Change:
    """Choose when the open change is published (None: no time). Whoever may publish it plans it with that; for the
    others the time is a wish that counts once a reviewer approves.

    Raises NotFound, Forbidden, Invalid (a time in the past), Conflict.
    """
    held = hold(session, actor, slug)
    held.require_on_shelf()
    change, now = held.require_open(), clock.now()
    if at is not None and at <= now:
        raise Invalid(N_("Choose a time in the future."), field="at")
    change.publish_at, change.updated_at = at, now
    if at is None:
        unplan(change)
    elif change.state != State.IN_REVIEW and allows(
        actor, Action.ARTICLE_PUBLISH, publishing(session, held, agents_publish)
    ):
        if change.reviewer_id is None and allows(actor, Action.ARTICLE_PUBLISH):
            change.reviewer_id, change.decided_at = actor.person_id, now
        plan(session, held)
    session.flush()
    return change


def set_unpublish_at(session: Session, actor: Viewer, slug: str, at: datetime | None) -> None:
    """Take the article from its readers at a time; None: leave it to them. Raises NotFound, Forbidden, Invalid."""
    article = get_article(session, actor, slug).article
    require(actor, Action.ARTICLE_PUBLISH, article)
    if at is not None and at <= clock.now():
        raise Invalid(N_("Choose a time in the future."), field="at")
    article.unpublish_at = at
    if at is not None:
        outbox.emit(session, UnpublicationPlanned(article.key), available_at=at)
    session.flush()
