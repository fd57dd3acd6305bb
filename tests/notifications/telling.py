"""Fan-out in tests: announce, let the worker's handler run to its end, and see who was told how."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from sportello.core import clock
from sportello.core.db import Database
from sportello.core.handling import Site
from sportello.core.outbox import OutboxRow
from sportello.core.types import Ref
from sportello.notifications.events import NoticePosted
from sportello.notifications.fanout import on_notice_posted
from sportello.notifications.models import Delivery, Notice, Notification
from sportello.notifications.registry import EventType
from sportello.notifications.services.announce import announce


def tell(site: Site, event: EventType, ref: Ref, **more: Any) -> Notice:
    """Announce and tell everybody."""
    with site.database.write() as session:
        notice = announce(session, event.code, ref, **more)
    spread(site)
    with site.database.read() as session:
        return session.get_one(Notice, notice.id)


def spread(site: Site, most: int = 100) -> int:
    """Handle what waits of `NoticePosted`; returns how many events that were."""
    done = 0
    while done < most and (rows := waiting(site.database)):
        for row in rows:
            on_notice_posted(site, NoticePosted(**row.payload))
            with site.database.write() as session:
                session.execute(update(OutboxRow).where(OutboxRow.id == row.id).values(finished_at=clock.now()))
            done += 1
    return done


def waiting(database: Database, name: str = NoticePosted.name) -> Sequence[OutboxRow]:
    """What waits in the outbox and is due."""
    which = (OutboxRow.name == name, OutboxRow.finished_at.is_(None), OutboxRow.available_at <= clock.now())
    with database.read() as session:
        return session.scalars(select(OutboxRow).where(*which).order_by(OutboxRow.id)).all()


def belled(database: Database, notice: Notice) -> list[int]:
    """Who has it at the bell."""
    rows = select(Notification.person_id).where(Notification.notice_id == notice.id)
    with database.read() as session:
        return sorted(session.scalars(rows))


def mailed(database: Database, notice: Notice) -> list[int]:
    """To whom a mail is queued."""
    rows = select(Delivery.person_id).where(Delivery.notice_id == notice.id, Delivery.person_id.is_not(None))
    with database.read() as session:
        return sorted(id for id in session.scalars(rows) if id is not None)
