"""After it went out: a correction, which asks everybody again, or a withdrawal; both reach who heard of it before.

Where two people are needed, and where the actor may not send, it waits under `CriticalNotice.staged`.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Conflict, Invalid
from sportello.core.policy import Action, allows, require
from sportello.notifications.models import CriticalNotice, CriticalState, MessageKind
from sportello.notifications.queries.critical.report import messages
from sportello.notifications.services.announce import call_off
from sportello.notifications.services.critical.held import (
    STEPPED,
    First,
    ask_others,
    heard_before,
    hold,
    mark,
    note,
    tell,
    texts,
    touch,
    unmark,
)
from sportello.notifications.services.critical.send import remind_next
from sportello.notifications.services.critical.words import Words, check_complete, check_texts, check_words, put


def correct(
    session: Session,
    actor: Viewer,
    key: str,
    words: Words,
    reason: Mapping[str, str],
    *,
    two_people: bool,
    seen: str | None = None,
) -> bool:
    """Say it anew, with what was wrong; everybody is asked to acknowledge again. True if it went out, False if it
    waits for a second person. The products stay, for who was told hears of it; their versions may change.

    Raises NotFound, Forbidden, Invalid, Conflict.
    """
    notice, _about = hold(session, actor, key, seen)
    if notice.state != CriticalState.SENT:
        raise Conflict(STEPPED)
    check_words(session, words)
    check_complete(words)
    if set(words.products) != set(notice.products):
        raise Invalid(N_("A correction has the same products: who was told hears of it."), field="products")
    check_reason(reason)
    staged = {
        "kind": MessageKind.CORRECTION.value,
        "products": {code: list(versions) for code, versions in words.products.items()},
        "consequence": dict(words.consequence),
        "action": dict(words.action),
        "remind_days": words.remind_days,
        "reason": dict(reason),
    }
    return _put_forward(session, actor, notice, staged, two_people)


def withdraw(
    session: Session, actor: Viewer, key: str, reason: Mapping[str, str], *, two_people: bool, seen: str | None = None
) -> bool:
    """It was wrong: the banner goes, and who was told hears why. True if it went out, False if it waits.

    Raises NotFound, Forbidden, Invalid, Conflict.
    """
    notice, _about = hold(session, actor, key, seen)
    if notice.state not in (CriticalState.SENT, CriticalState.CLOSED):
        raise Conflict(STEPPED)
    check_reason(reason)
    staged = {"kind": MessageKind.WITHDRAWAL.value, "reason": dict(reason)}
    return _put_forward(session, actor, notice, staged, two_people)


def check_reason(reason: Mapping[str, str]) -> None:
    """Raise Invalid for one that is missing, or too long."""
    if not reason:
        raise Invalid(N_("Say why, in at least one language: people read it."), field="reason_en")
    check_texts(reason, "reason")


def _put_forward(
    session: Session, actor: Viewer, notice: CriticalNotice, staged: dict[str, Any], two_people: bool
) -> bool:
    if notice.staged is not None:
        raise Conflict(N_("A change waits for a second person already. Confirm it or give it up first."))
    notice.staged, notice.asked_by_id = staged, actor.person_id
    touch(notice)
    if two_people or not allows(actor, Action.CRITICAL_SEND):
        ask_others(session, notice, actor.person_id)
        note(session, actor, notice, f"{staged['kind']}-asked")
        return False
    _apply(session, actor, notice)
    return True


def confirm(session: Session, actor: Viewer, key: str, *, two_people: bool, seen: str | None = None) -> CriticalNotice:
    """Let go out what waits, as the second person. Raises NotFound, Forbidden, Conflict, Invalid."""
    notice, _about = hold(session, actor, key, seen)
    if notice.staged is None:
        raise Conflict(STEPPED)
    require(actor, Action.CRITICAL_SEND, First(frozenset({notice.asked_by_id})) if two_people else None)
    _apply(session, actor, notice)
    return notice


def drop_staged(session: Session, actor: Viewer, key: str) -> CriticalNotice:
    """Give up what waits: the notice stands as it did. Raises NotFound, Forbidden, Conflict."""
    notice, _about = hold(session, actor, key)
    if notice.staged is None:
        raise Conflict(STEPPED)
    note(session, actor, notice, f"{notice.staged['kind']}-dropped")
    notice.staged, notice.asked_by_id = None, None
    touch(notice)
    return notice


def _apply(session: Session, actor: Viewer, notice: CriticalNotice) -> None:
    staged = notice.staged or {}
    reason = staged["reason"]
    before = heard_before(session, notice)
    if staged["kind"] == MessageKind.CORRECTION:
        words = Words(staged["products"], staged["consequence"], staged["action"], staged["remind_days"])
        check_words(session, words)
        put(notice, words)
        notice.version += 1
        notice.author_id, notice.remind_at = notice.asked_by_id, remind_next(notice)
        tell(session, actor, notice, MessageKind.CORRECTION, texts(words, reason), like=before)
        mark(session, notice, words)
        note(session, actor, notice, "corrected")
    else:
        call_off(session, ids=messages(notice))
        unmark(session, notice)
        notice.state, notice.ended_at, notice.remind_at = CriticalState.WITHDRAWN, clock.now(), None
        told = {language: {"reason": text} for language, text in reason.items()}
        tell(session, actor, notice, MessageKind.WITHDRAWAL, told, like=before)
        note(session, actor, notice, "withdrawn")
    notice.confirmed_by_id = actor.person_id
    notice.staged = None
    touch(notice)
