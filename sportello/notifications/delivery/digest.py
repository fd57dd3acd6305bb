"""Digests: who is due, found by the clock. What a digest holds is asked when it is sent (`digest_mail`).

A digest is a delivery of one day of its reader, so nobody gets two, however often the duty runs. The time of the next
one stands in the preference, which the duty makes for everybody who has none.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, insert, select, update
from sqlalchemy.orm import Session

from sportello.accounts.models import Person
from sportello.core import clock, keys
from sportello.core.bulk import insert_into
from sportello.core.handling import Site
from sportello.core.outbox import OutboxRow
from sportello.notifications.events import DigestDue
from sportello.notifications.models import Delivery, DeliveryChannel, DeliveryState, DigestRhythm, Preference
from sportello.notifications.quiet import next_allowed
from sportello.notifications.schedule import day_of, next_digest, settled

BATCH = 500
AT_MOST = 1.0  # seconds
WANTED = (DigestRhythm.DAILY, DigestRhythm.WEEKLY)


def queue_digests(site: Site) -> None:
    """The duty: everybody's next time is known, and whoever is due gets a delivery; a batch in a transaction.

    It stops after a second with work left, for the index waits for it meanwhile, and goes on when it runs again.
    """
    ends = time.monotonic() + AT_MOST
    for step in (_reckon, _queue):
        while step(site):
            if time.monotonic() > ends:
                return


def _reckon(site: Site) -> bool:
    """Put down when people are due of whom that is not known: new ones, and those who have just changed it."""
    new = select(Person.id, Person.timezone).where(Person.active, ~exists().where(Preference.person_id == Person.id))
    changed = (
        select(Person.id, Person.timezone, Preference.digest)
        .join(Preference, Preference.person_id == Person.id)
        .where(Person.active, Preference.next_digest_at.is_(None), Preference.digest.in_(WANTED))
    )
    with site.database.read() as session:
        beginners = session.execute(new.limit(BATCH)).all()
        changers = session.execute(changed.limit(BATCH)).all()
    if not beginners and not changers:
        return False
    now = clock.now()
    with site.database.write() as session:
        if beginners:
            rhythm = DigestRhythm.WEEKLY
            rows = [
                {"person_id": person_id, "digest": rhythm, "next_digest_at": next_digest(rhythm, timezone, now)}
                for person_id, timezone in beginners
            ]
            session.execute(insert_into(session, Preference).values(rows).on_conflict_do_nothing())
        times = [
            {"person_id": person_id, "next_digest_at": next_digest(rhythm, timezone, now)}
            for person_id, timezone, rhythm in changers
        ]
        if times:
            session.execute(update(Preference), times)
    return True


def _queue(site: Site) -> bool:
    """One batch of those who are due; False when there was none."""
    now = clock.now()
    due = (
        select(
            Preference.person_id,
            Preference.digest,
            Preference.next_digest_at,
            Preference.quiet_from,
            Preference.quiet_to,
            Person.timezone,
        )
        .join(Person, Person.id == Preference.person_id)
        .where(Person.active, Preference.next_digest_at <= now, Preference.digest.in_(WANTED))
        .order_by(Preference.next_digest_at, Preference.person_id)
        .limit(BATCH)
    )
    with site.database.read() as session:
        if session.execute(due.limit(1)).first() is None:
            return False
    with site.database.write() as session:
        rows = session.execute(due.with_for_update(of=Preference, skip_locked=True)).all()
        coming = {row.person_id: settled(row.digest, row.timezone, row.next_digest_at) for row in rows}
        ready = [row for row in rows if coming[row.person_id] <= now]
        for row in ready:
            coming[row.person_id] = next_digest(row.digest, row.timezone, now) or now
        _deliveries(session, ready, now)
        if coming:
            times = [{"person_id": person_id, "next_digest_at": at} for person_id, at in coming.items()]
            session.execute(update(Preference), times)
    return bool(rows)


def _deliveries(session: Session, rows: Sequence[Any], now: datetime) -> None:
    """A delivery to each, and what has it sent; none to those who had theirs of that day."""
    if not rows:
        return
    due = {row.person_id: next_allowed(row, row.timezone, now) for row in rows}
    values = [
        {
            "key": keys.new_key(),
            "channel": DeliveryChannel.DIGEST,
            "occasion": f"digest:{day_of(row.timezone, now)}",
            "person_id": row.person_id,
            "state": DeliveryState.QUEUED,
            "created_at": now,
            "due_at": due[row.person_id],
            "attempts": 0,
        }
        for row in rows
    ]
    made = insert_into(session, Delivery).values(values).on_conflict_do_nothing()
    events = [
        {
            "name": DigestDue.name,
            "payload": {"delivery": delivery_id},
            "created_at": now,
            "available_at": due[person_id],
            "attempts": 0,
        }
        for delivery_id, person_id in session.execute(made.returning(Delivery.id, Delivery.person_id))
    ]
    if events:
        session.execute(insert(OutboxRow), events)
