"""Mails about notices. Whether one may go, and what it says, is decided when it is sent, not when it was queued.

The line with the mail server is the only moment outside the database: killed before it, nothing was sent; killed
after it, one mail is sent again under the same Message-ID. A server that gets all of a mail and says nothing gets it
once more, a good while later, and then no more: it may take what it does not answer. Mails that wait for each other
go as one.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from sportello.core import clock, outbox
from sportello.core.handling import Ending, Site
from sportello.core.mail import MailError, Message
from sportello.notifications.delivery.asking import NOBODY, NOTHING, objection, reader_of, together
from sportello.notifications.delivery.envelope import put_in
from sportello.notifications.delivery.footing import foot
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
from sportello.notifications.delivery.letters import Told, letter_for
from sportello.notifications.events import MailDue, UrgentMailDue
from sportello.notifications.models import Delivery, DeliveryState, Notice
from sportello.notifications.reaching import Telling
from sportello.notifications.recipients import Recipient
from sportello.notifications.registry import registry

log = logging.getLogger(__name__)
_DUE = select(Delivery, Notice).outerjoin(Notice, Notice.id == Delivery.notice_id)
_DUE = _DUE.where(Delivery.id == bindparam("delivery"))


@dataclass(frozen=True)
class Prepared:
    """What is to become of deliveries: `dropped` by reason, `ids` with `message`, or all of it `later`."""

    message: Message | None = None
    ids: Sequence[int] = ()
    dropped: Mapping[int, str] = field(default_factory=dict)
    later: datetime | None = None


def on_mail_due(site: Site, event: MailDue | UrgentMailDue) -> Ending | None:
    """Send what waits, if it is still to be sent; what is returned notes that it was. Raises MailError when the server
    did not take it."""
    now = clock.now()
    with site.database.read() as session, site.database.read_counters() as counters:
        prepared = prepare(site, session, counters, event.delivery, now)
    if prepared.dropped or prepared.later:
        with site.database.write() as session:
            for id, reason in prepared.dropped.items():
                settle(session, [id], DeliveryState.DROPPED, now, reason)
            if prepared.later:
                _postpone(session, event, prepared.later)
    return hand_over(site, event, prepared.message, prepared.ids) if prepared.message else None


def prepare(site: Site, session: Session, counters: Session, delivery_id: int, now: datetime) -> Prepared:
    """Everything is asked anew, and what may still go is written."""
    delivery, notice = session.execute(_DUE, {"delivery": delivery_id}).one_or_none() or (None, None)
    if delivery is None or delivery.state != DeliveryState.QUEUED:
        return Prepared()
    kind = registry.events.get(notice.event) if notice else None
    if notice is None or kind is None:
        return Prepared(dropped={delivery_id: NOTHING})
    reader = reader_of(session, site.plans, delivery, staff_totp=site.settings.require_staff_totp)
    if reader is None:
        return Prepared(dropped={delivery_id: NOBODY})
    if not kind.always and (later := allowed_at(session, reader, now)) > now:
        return Prepared(later=later)
    told, dropped = {}, {}
    for row, about in together(session, delivery, notice):
        telling, reason = objection(session, counters, site.plans, reader, about)
        if telling is None:
            dropped[row.id] = reason
        else:
            told[row.id] = (row, telling)
    if told and (reason := refusal(session, reader, now, always=kind.always)):
        dropped |= dict.fromkeys(told, reason)
        told = {}
    message = _written(site, session, reader, list(told.values())) if told else None
    return Prepared(message, list(told), dropped)


def _written(site: Site, session: Session, reader: Recipient, told: Sequence[tuple[Delivery, Telling]]) -> Message:
    """One mail of all of them: its occasion is the oldest, so that a second attempt is known as such."""
    tellings = [telling for _row, telling in told]
    letter = letter_for([Told(site.settings, session, reader, one.notice, one.event, one.subject) for one in tellings])
    under = foot(site.settings, session, reader, tellings[0])
    first = tellings[0]
    return put_in(
        site.settings,
        reader.email,
        reader.language,
        under.under(letter),
        told[0][0].key,
        thread=first.notice.thread or str(first.subject.ref),
        leave=under.leave,
        urgent=first.event.always,
    )


def hand_over(site: Site, event: MailDue | UrgentMailDue, message: Message, ids: Sequence[int]) -> Ending | None:
    """Send a mail; what is returned notes that it was sent. What else became of it is noted here, and MailError raised
    when it is to be tried again."""
    try:
        site.mailer.send(message)
    except MailError as error:
        with site.database.write() as session:
            if _settled(session, event, message, ids, error):
                return None
        raise
    return partial(settle, ids=ids, state=DeliveryState.SENT, now=clock.now())


def _settled(
    session: Session, event: MailDue | UrgentMailDue, message: Message, ids: Sequence[int], error: MailError
) -> bool:
    """Note a failure; False when the worker is to try again as with everything that failed."""
    now, doubtful = clock.now(), in_doubt(session, ids)
    if error.gone:
        suppress(session, message.to, str(error), now)
        settle(session, ids, DeliveryState.FAILED, now, str(error))
        return True
    if error.unanswered:
        log.warning("a mail was handed over without an answer: %s", error)
        settle(session, doubtful, DeliveryState.FAILED, now, TWICE)
    said = f"{str(error)[:1000]} {IN_DOUBT}" if error.unanswered else str(error)[:1000]
    for some, text in ((set(ids) - doubtful, said), (doubtful, f"{said} {IN_DOUBT}")):
        tried = update(Delivery).where(Delivery.id.in_(some), Delivery.state == DeliveryState.QUEUED)
        session.execute(tried.values(attempts=Delivery.attempts + 1, error=text))
    if error.unanswered and event.delivery not in doubtful:
        _postpone(session, event, now + ONCE_MORE)
    return error.unanswered


def _postpone(session: Session, event: MailDue | UrgentMailDue, at: datetime) -> None:
    session.execute(update(Delivery).where(Delivery.id == event.delivery).values(due_at=at))
    outbox.emit(session, event, available_at=at)
