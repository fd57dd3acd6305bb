"""Sending digests: everything is asked anew, so that one holds what its reader wants and may read at that moment."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from sportello.core import clock, outbox
from sportello.core.errors import N_
from sportello.core.handling import Site
from sportello.core.letters import Letter
from sportello.core.mail import MailError
from sportello.notifications.delivery.digest_letter import digest_letter, leave_link
from sportello.notifications.delivery.envelope import put_in
from sportello.notifications.delivery.holding import (
    IN_DOUBT,
    ONCE_MORE,
    TWICE,
    allowed_at,
    in_doubt,
    refusal,
    settle,
    suppress,
)
from sportello.notifications.events import DigestDue
from sportello.notifications.models import Delivery, DeliveryState, DigestRhythm, Preference
from sportello.notifications.queries.digests import digest_of, since_when
from sportello.notifications.recipients import Recipient, recipients

GONE = N_("Nobody who can sign in.")
UNWANTED = N_("No longer wanted.")


@dataclass(frozen=True)
class Due:
    """A digest that waits: for whom, how often they want one, and what was last told them."""

    delivery_id: int
    key: str
    reader: Recipient
    rhythm: str
    since: datetime


def on_digest_due(site: Site, event: DigestDue) -> None:
    """Send one digest, if it is still wanted and holds something; in quiet hours it waits for their end."""
    now = clock.now()
    with site.database.read() as session:
        delivery = session.get(Delivery, event.delivery)
        if delivery is None or delivery.state != DeliveryState.QUEUED:
            return
        due = _due(session, site, delivery, now)
        reason = GONE if due is None else _refusal(session, due, now)
        later = allowed_at(session, due.reader, now) if due else now
    if due is None or reason:
        _drop(site, event.delivery, now, reason)
    elif later > now:
        _postpone(site, event.delivery, later)
    elif (letter := _letter(site, due, now)) is None:
        _forget(site, event.delivery)
    else:
        _send(site, due, letter, now)


def _due(session: Session, site: Site, delivery: Delivery, now: datetime) -> Due | None:
    person_id = delivery.person_id or 0
    totp = site.settings.require_staff_totp
    reader = recipients(session, site.plans, [person_id], staff_totp=totp).get(person_id)
    if reader is None:
        return None
    preference = session.get(Preference, person_id)
    rhythm = preference.digest if preference else DigestRhythm.WEEKLY
    return Due(delivery.id, delivery.key, reader, rhythm, since_when(preference, now))


def _refusal(session: Session, due: Due, now: datetime) -> str:
    return UNWANTED if due.rhythm == DigestRhythm.NEVER else refusal(session, due.reader, now)


def _letter(site: Site, due: Due, now: datetime) -> Letter | None:
    """What there is to tell up to now; None for nothing. What comes meanwhile is for the next one."""
    with site.database.read() as session, site.database.read_counters() as counters:
        digest = digest_of(session, counters, due.reader.viewer, due.since, now)
    return digest_letter(site.settings, due.reader, digest, due.rhythm, due.since) if digest else None


def _send(site: Site, due: Due, letter: Letter, now: datetime) -> None:
    """Hand it over; from then on what it told is old. `now`: when its content was asked for."""
    reader, settings = due.reader, site.settings
    leave = leave_link(settings, reader)
    try:
        site.mailer.send(put_in(settings, reader.email, reader.language, letter, due.key, leave=leave))
    except MailError as error:
        if not (error.gone or error.unanswered):
            raise
        _note(site, due, error)
        return
    with site.database.write() as session:
        settle(session, [due.delivery_id], DeliveryState.SENT, clock.now())
        told = update(Preference).where(Preference.person_id == reader.person_id)
        session.execute(told.values(last_digest_at=now))


def _note(site: Site, due: Due, error: MailError) -> None:
    """The mailbox is gone; or the server said nothing when it had got it all, and gets it once more, later."""
    now, ids = clock.now(), [due.delivery_id]
    with site.database.write() as session:
        if error.gone:
            suppress(session, due.reader.email, str(error), now)
            settle(session, ids, DeliveryState.FAILED, now, str(error))
        elif in_doubt(session, ids):
            settle(session, ids, DeliveryState.FAILED, now, TWICE)
        else:
            said = {"error": IN_DOUBT, "due_at": now + ONCE_MORE}
            session.execute(update(Delivery).where(Delivery.id == due.delivery_id).values(**said))
            outbox.emit(session, DigestDue(due.delivery_id), available_at=now + ONCE_MORE)


def _drop(site: Site, delivery_id: int, now: datetime, reason: str) -> None:
    with site.database.write() as session:
        settle(session, [delivery_id], DeliveryState.DROPPED, now, reason)


def _forget(site: Site, delivery_id: int) -> None:
    """There was nothing to tell, which is how it is for most people on most days: no row is kept of that."""
    with site.database.write() as session:
        session.execute(delete(Delivery).where(Delivery.id == delivery_id, Delivery.state == DeliveryState.QUEUED))


def _postpone(site: Site, delivery_id: int, later: datetime) -> None:
    with site.database.write() as session:
        session.execute(update(Delivery).where(Delivery.id == delivery_id).values(due_at=later))
        outbox.emit(session, DigestDue(delivery_id), available_at=later)
