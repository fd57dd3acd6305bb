"""Fan-out: from one notice to the people, addresses and systems that hear of it, a batch at a time.

A batch is read first and written in one short transaction together with how far it came, so the worker may be killed
anywhere: nobody is lost, and nobody is told twice (each row is unique for its notice and recipient).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.core import clock, outbox
from sportello.core.handling import Site
from sportello.notifications.beyond import tell_addresses, tell_systems
from sportello.notifications.events import NoticePosted
from sportello.notifications.levels import Channel
from sportello.notifications.models import Notice
from sportello.notifications.queueing import queue_mails, queue_notifications
from sportello.notifications.reaching import Telling, channels_of, next_ids, telling_of
from sportello.notifications.recipients import recipients

BATCH = 1000  # people in a transaction


@dataclass(frozen=True)
class Step:
    """One batch: where it began and ended, who hears of the notice and how, and whether people are left."""

    begin: int
    end: int
    channels: Mapping[int, frozenset[Channel]]
    more: bool


def on_notice_posted(site: Site, event: NoticePosted) -> None:
    """Tell the next batch of people; after the last one the registered addresses and the systems of organisations."""
    with site.database.read() as session:
        notice = session.scalars(select(Notice).where(Notice.key == event.key)).one_or_none()
        if notice is None or notice.finished_at is not None:
            return
        telling = telling_of(session, notice)
        step = next_step(session, site, telling) if telling else None
    if telling is not None and step is not None:
        with site.database.write() as session:
            if not keep_step(session, telling, step) or step.more:
                return  # the event that goes on is written
        tell_addresses(site, telling)
        tell_systems(site, telling)
    with site.database.write() as session:
        session.get_one(Notice, notice.id).finished_at = clock.now()


def next_step(session: Session, site: Site, telling: Telling) -> Step:
    """Who is next, and how each of them hears of it. A handful of statements."""
    begin, ids = telling.notice.cursor, next_ids(session, telling, BATCH)
    totp = site.settings.require_staff_totp
    found = channels_of(session, telling, recipients(session, site.plans, ids, staff_totp=totp))
    return Step(begin, ids[-1] if ids else begin, found, more=len(ids) == BATCH)


def keep_step(session: Session, telling: Telling, step: Step) -> bool:
    """Write a batch and how far it came; False when another event for this notice was faster."""
    notice = session.get_one(Notice, telling.notice.id, with_for_update=True, populate_existing=True)
    if notice.cursor != step.begin or notice.finished_at is not None:
        return False
    by_portal, by_mail = (
        [person_id for person_id, channels in step.channels.items() if channel in channels]
        for channel in (Channel.PORTAL, Channel.MAIL)
    )
    queue_notifications(session, telling, by_portal)
    queue_mails(session, telling, {"person_id": by_mail})
    notice.cursor, notice.told = step.end, notice.told + len(step.channels)
    if step.more:
        outbox.emit(session, NoticePosted(notice.key))
    return True
