"""Sending a critical notice: at once, to everybody whom it concerns."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.accounts.plans import Plans
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Conflict
from sportello.core.policy import Action, require
from sportello.notifications.models import CriticalNotice, CriticalState, MessageKind
from sportello.notifications.queries.critical.reach import reached
from sportello.notifications.services.critical.held import (
    STEPPED,
    hold,
    mark,
    note,
    second,
    tell,
    texts,
    touch,
)
from sportello.notifications.services.critical.words import Words, check_complete, check_words


def send(
    session: Session, actor: Viewer, key: str, *, plans: Plans, two_people: bool, seen: str | None = None
) -> CriticalNotice:
    """Tell everybody whom it concerns. `two_people`: only what somebody else has asked for.

    Raises NotFound, Forbidden, Invalid (not complete), Conflict (another step, changed since `seen`, readable by
    nobody, or another notice about the same stands).
    """
    notice, about = hold(session, actor, key, seen)
    require(actor, Action.CRITICAL_SEND, second(notice, two_people))
    if notice.state != CriticalState.TO_CONFIRM and (two_people or notice.state != CriticalState.DRAFT):
        raise Conflict(STEPPED)
    words = Words.of(notice)
    check_words(session, words)
    check_complete(words)
    _require_only_one(session, notice)
    if about is None or not about.released:
        raise Conflict(N_("Nobody can read the article now. Publish it first."))
    who = reached(session, plans, words.products, about)
    if not who.people and not who.addresses:
        raise Conflict(N_("Nobody would be told: no covered organisation with these products may read the article."))
    notice.state, notice.sent_at = CriticalState.SENT, clock.now()
    notice.confirmed_by_id = actor.person_id
    notice.remind_at = remind_next(notice)
    touch(notice)
    tell(session, actor, notice, MessageKind.NOTICE, texts(words))
    mark(session, notice, words)
    note(session, actor, notice, "sent")
    return notice


def _require_only_one(session: Session, notice: CriticalNotice) -> None:
    same = select(CriticalNotice.id).where(
        CriticalNotice.subject == notice.subject,
        CriticalNotice.state == CriticalState.SENT,
        CriticalNotice.id != notice.id,
    )
    if session.scalars(same.limit(1)).first() is not None:
        raise Conflict(N_("Another notice about this article stands. Correct or close that one first."))


def remind_next(notice: CriticalNotice, now: Callable[[], datetime] = clock.now) -> datetime | None:
    """When those who have not acknowledged are reminded next."""
    return now() + timedelta(days=notice.remind_days) if notice.remind_days else None
