"""Working copies: what a person has typed and not saved, kept for them every few seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from editorial.form import ArticleForm
from editorial.models import WorkingCopy
from editorial.services.held import Held, form_at, get_revision, hold, look
from editorial.settings import Settings
from kb.models import ArticleTranslation
from kb.queries.articles import get_article
from sportello.accounts.models import Person
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.errors import Forbidden
from sportello.core.policy import Action, require

PRESENT = timedelta(seconds=60)  # an editor that was open within it counts as open
OPENED = "opened"  # in a copy's fields: the settings as they stood when it was opened


@dataclass(frozen=True)
class Begun:
    """What a page was begun from, as its form carries it: a revision, and the settings as they stood then.

    What is missing is as it stands now.
    """

    revision_id: int | None = None
    settings: Settings | None = None


NOW = Begun()


def view_copy(session: Session, actor: Viewer, slug: str) -> WorkingCopy:
    """What the editor opens with: the person's own copy, or the newest revision as one that is kept nowhere yet.

    Reads only: a page that is looked at leaves nothing behind. Raises NotFound, Forbidden.
    """
    held = look(session, actor, slug)
    copy = _own(session, actor, held.translation.id)
    if copy is not None and copy.changed:
        return copy
    now = clock.now()
    copy = WorkingCopy(translation_id=held.translation.id, fields={}, opened_at=now, seen_at=now, changed=False)
    _begin(session, held, copy, NOW)
    return copy


def open_copy(session: Session, actor: Viewer, slug: str, begun: Begun = NOW) -> WorkingCopy:
    """The person's own copy, or a new one of what the page was `begun` from. Raises NotFound, Forbidden.

    A copy in which nothing was typed begins anew: another revision may have come in between.
    """
    held = hold(session, actor, slug)
    now, copy = clock.now(), _own(session, actor, held.translation.id)
    if copy is None:
        if actor.person_id is None:
            raise Forbidden
        copy = WorkingCopy(
            translation_id=held.translation.id, person_id=actor.person_id, fields={}, opened_at=now,
            seen_at=now, saved_at=now, changed=False,
        )  # fmt: skip
        session.add(copy)
    if not copy.changed:
        _begin(session, held, copy, begun)
    copy.seen_at = now
    session.flush()
    return copy


def _begin(session: Session, held: Held, copy: WorkingCopy, begun: Begun) -> None:
    revision = get_revision(session, begun.revision_id)
    known = revision is not None and revision.translation_id == held.translation.id
    copy.base_revision_id = begun.revision_id if known else held.newest_id
    form = form_at(session, held, copy.base_revision_id)
    copy.fields = {**form.to_fields(), OPENED: (begun.settings or form.settings).as_dict()}
    copy.opened_at = copy.saved_at = clock.now()


def autosave(session: Session, actor: Viewer, slug: str, fields: Mapping[str, Any], begun: Begun = NOW) -> WorkingCopy:
    """Keep what the editor holds now, whatever it is; fields that are not sent stay. Raises NotFound, Forbidden.

    What arrives late, after the same words were saved, is no change.
    """
    translation = get_article(session, actor, slug)
    require(actor, Action.ARTICLE_DRAFT)
    copy = _own(session, actor, translation.id)
    if copy is None or not copy.changed:
        copy = open_copy(session, actor, slug)
        newest = ArticleForm.from_fields(copy.fields)
        if ArticleForm.from_fields(fields, newest) != newest:
            copy = open_copy(session, actor, slug, begun)
    before = ArticleForm.from_fields(copy.fields)
    form = ArticleForm.from_fields(fields, before)
    now = clock.now()
    if form != before:
        copy.fields = {**form.to_fields(), OPENED: copy.fields.get(OPENED)}
        copy.changed, copy.saved_at = True, now
    copy.seen_at = now
    session.flush()
    return copy


def discard_copy(session: Session, actor: Viewer, slug: str) -> None:
    """Throw away what the person has typed and not saved. Raises NotFound, Forbidden."""
    translation = get_article(session, actor, slug)
    require(actor, Action.ARTICLE_DRAFT)
    drop_copy(session, actor, translation.id)


def others_editing(session: Session, actor: Viewer, slug: str) -> list[str]:
    """Names of other people whose editor of this text is open. Raises Forbidden."""
    require(actor, Action.ARTICLE_DRAFT)
    statement = (
        WorkingCopy.visible_to(actor, Person.name)
        .join(Person, Person.id == WorkingCopy.person_id)
        .where(
            ArticleTranslation.slug == slug,
            WorkingCopy.person_id != (actor.person_id or 0),
            WorkingCopy.seen_at > clock.now() - PRESENT,
        )
    )
    return list(session.scalars(statement.order_by(Person.name)))


def drop_copy(session: Session, actor: Viewer, translation_id: int) -> None:
    """Remove the person's own copy, if there is one."""
    session.execute(
        delete(WorkingCopy)
        .where(WorkingCopy.translation_id == translation_id, WorkingCopy.person_id == (actor.person_id or 0))
        .execution_options(synchronize_session="evaluate")
    )


def opened_settings(session: Session, actor: Viewer, translation_id: int) -> Settings | None:
    """The settings that the person's copy began with."""
    copy = _own(session, actor, translation_id)
    return settings_of(copy) if copy else None


def settings_of(copy: WorkingCopy) -> Settings | None:
    """The settings that a working copy began with."""
    before = copy.fields.get(OPENED)
    return Settings.from_dict(before) if before else None


def _own(session: Session, actor: Viewer, translation_id: int) -> WorkingCopy | None:
    statement = WorkingCopy.visible_to(actor).where(
        WorkingCopy.translation_id == translation_id, WorkingCopy.person_id == (actor.person_id or 0)
    )
    found: WorkingCopy | None = session.scalars(statement).one_or_none()
    return found
