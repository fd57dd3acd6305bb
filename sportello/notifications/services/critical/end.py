"""Reminding who has not acknowledged, by the clock and by hand; and closing a notice that is over."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.accounts.plans import Plans
from sportello.core import clock
from sportello.core.audience import Viewer, system
from sportello.core.errors import N_, Conflict
from sportello.core.handling import Site
from sportello.core.policy import Action, require
from sportello.notifications.models import CriticalNotice, CriticalState, MessageKind
from sportello.notifications.queries.critical.report import outstanding
from sportello.notifications.services.critical.held import STEPPED, hold, note, tell, texts, touch, unmark
from sportello.notifications.services.critical.send import remind_next
from sportello.notifications.services.critical.words import Words

MOST = 3
"""Reminders by the clock of one version: who has not answered then is called by a person."""
PAUSE = timedelta(hours=1)
"""Between reminders by hand."""


def close(session: Session, actor: Viewer, key: str) -> CriticalNotice:
    """It is over: no banner and no reminder any more, nobody is told. Raises NotFound, Forbidden, Conflict."""
    notice, _about = hold(session, actor, key)
    require(actor, Action.CRITICAL_SEND)
    if notice.state != CriticalState.SENT:
        raise Conflict(STEPPED)
    unmark(session, notice)
    notice.state, notice.ended_at, notice.remind_at = CriticalState.CLOSED, clock.now(), None
    notice.staged, notice.asked_by_id = None, None
    touch(notice)
    note(session, actor, notice, "closed")
    return notice


def remind(session: Session, actor: Viewer, key: str, *, plans: Plans) -> int:
    """Remind now who has not acknowledged; returns how many people. Raises NotFound, Forbidden, Conflict."""
    notice, _about = hold(session, actor, key)
    require(actor, Action.CRITICAL_SEND)
    if notice.state != CriticalState.SENT:
        raise Conflict(STEPPED)
    if not may_remind(notice):
        raise Conflict(N_("People were told less than an hour ago. Wait a little."))
    count = _remind(session, actor, notice, plans)
    if not count:
        raise Conflict(N_("Everybody has acknowledged."))
    note(session, actor, notice, "reminded")
    return count


def may_remind(notice: CriticalNotice) -> bool:
    """People are left alone for a while after every message."""
    last = max((row.sent_at for row in notice.messages), default=None)
    return last is None or clock.now() - last >= PAUSE


def remind_due(site: Site) -> None:
    """The duty: remind of every notice whose time has come. One transaction each, so that nobody is reminded twice."""
    due = (CriticalNotice.state == CriticalState.SENT, CriticalNotice.remind_at <= clock.now())
    with site.database.read() as session:
        keys = session.scalars(select(CriticalNotice.key).where(*due)).all()
    for key in keys:
        with site.database.write() as session:
            held = select(CriticalNotice).where(CriticalNotice.key == key, *due).with_for_update()
            notice = session.scalars(held).one_or_none()
            if notice is not None:
                _remind(session, system(), notice, site.plans)


def _remind(session: Session, actor: Viewer, notice: CriticalNotice, plans: Plans) -> int:
    people = outstanding(session, plans, notice)
    if people:
        tell(session, actor, notice, MessageKind.REMINDER, texts(Words.of(notice)), people=people)
    sent = sum(row.kind == MessageKind.REMINDER and row.version == notice.version for row in notice.messages)
    notice.remind_at = remind_next(notice) if sent < MOST else None
    return len(people)
