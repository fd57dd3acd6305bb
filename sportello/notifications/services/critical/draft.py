"""Writing a critical notice: begun from what it is about, edited, given to a second person, taken back, discarded."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.core import clock, keys
from sportello.core.audience import Viewer, admits
from sportello.core.errors import Conflict, NotFound
from sportello.core.policy import Action, require
from sportello.core.types import Ref
from sportello.notifications.models import CriticalNotice, CriticalState
from sportello.notifications.queries.critical.subjects import KIND
from sportello.notifications.registry import registry, subject_of
from sportello.notifications.services.critical.held import STEPPED, ask_others, hold, note, touch
from sportello.notifications.services.critical.words import Words, check_complete, check_words, put

OPEN = (CriticalState.DRAFT, CriticalState.TO_CONFIRM, CriticalState.SENT)


def begin(session: Session, actor: Viewer, ref: Ref) -> CriticalNotice:
    """The notice about `ref` that is open, or a new draft with its products and versions.

    Raises Forbidden, NotFound (nothing that the actor may read).
    """
    require(actor, Action.CRITICAL_DRAFT)
    about = subject_of(session, ref) if ref.kind != KIND and ref.kind in registry.sources else None
    if about is None or not admits(actor, about.audience):
        raise NotFound
    if (standing := open_notice(session, ref)) is not None:
        return standing
    now = clock.now()
    notice = CriticalNotice(key=keys.new_key(), subject=str(ref), created_at=now, changed_at=now)
    notice.state, notice.version, notice.author_id = CriticalState.DRAFT, 1, actor.person_id
    put(notice, Words(products={code: list(about.versions.get(code, ())) for code in sorted(about.products)}))
    session.add(notice)
    session.flush()
    return notice


def open_notice(session: Session, ref: Ref) -> CriticalNotice | None:
    """The one about `ref` that is being written or stands."""
    statement = select(CriticalNotice).where(CriticalNotice.subject == str(ref), CriticalNotice.state.in_(OPEN))
    return session.scalars(statement.order_by(CriticalNotice.id).limit(1)).one_or_none()


def edit(session: Session, actor: Viewer, key: str, words: Words, seen: str | None = None) -> CriticalNotice:
    """Make the draft say this; what waited for a second person is a draft again. They are the actor's words then.

    Raises Forbidden, NotFound, Conflict, Invalid.
    """
    notice, _about = hold(session, actor, key, seen)
    if notice.state not in (CriticalState.DRAFT, CriticalState.TO_CONFIRM):
        raise Conflict(STEPPED)
    check_words(session, words)
    put(notice, words)
    notice.state, notice.author_id, notice.asked_by_id = CriticalState.DRAFT, actor.person_id, None
    touch(notice)
    return notice


def ask(session: Session, actor: Viewer, key: str, seen: str | None = None) -> CriticalNotice:
    """Give the draft to somebody who may send it. Raises Forbidden, NotFound, Conflict, Invalid (not complete)."""
    notice, _about = hold(session, actor, key, seen)
    if notice.state != CriticalState.DRAFT:
        raise Conflict(STEPPED)
    check_complete(Words.of(notice))
    notice.state, notice.asked_by_id = CriticalState.TO_CONFIRM, actor.person_id
    touch(notice)
    ask_others(session, notice, notice.author_id, actor.person_id)
    note(session, actor, notice, "asked")
    return notice


def take_back(session: Session, actor: Viewer, key: str) -> CriticalNotice:
    """Make what waits for a second person a draft again. Raises Forbidden, NotFound, Conflict."""
    notice, _about = hold(session, actor, key)
    if notice.state != CriticalState.TO_CONFIRM:
        raise Conflict(STEPPED)
    notice.state, notice.asked_by_id = CriticalState.DRAFT, None
    touch(notice)
    return notice


def discard(session: Session, actor: Viewer, key: str) -> None:
    """Remove what nobody has been told of. Raises Forbidden, NotFound, Conflict."""
    notice, _about = hold(session, actor, key)
    if notice.state not in (CriticalState.DRAFT, CriticalState.TO_CONFIRM):
        raise Conflict(STEPPED)
    note(session, actor, notice, "discarded")
    session.delete(notice)
