"""Deliveries as they lie in the database: waiting, sent, not sent, given up."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.core import clock, keys
from sportello.core.outbox import OutboxRow
from sportello.core.types import Ref
from sportello.notifications.models import Delivery, DeliveryChannel, DeliveryState, Notice


def a_notice(session: Session, subject: Ref | str = "article:nothing", event: str = "nothing", **more: Any) -> Notice:
    """A notice, as if it had been told."""
    row = Notice(key=keys.new_key(), event=event, subject=str(subject), created_at=clock.now(), **more)
    row.finished_at = clock.now()
    session.add(row)
    session.flush()
    return row


def a_delivery(
    session: Session,
    state: DeliveryState = DeliveryState.FAILED,
    channel: DeliveryChannel = DeliveryChannel.MAIL,
    *,
    age: timedelta = timedelta(0),
    due: datetime | None = None,
    **more: Any,
) -> Delivery:
    """A delivery that was asked for `age` ago."""
    created = clock.now() - age
    row = Delivery(
        key=keys.new_key(), channel=channel, occasion=f"test:{keys.new_key()}", state=state, created_at=created,
        due_at=due or created, sent_at=created if state == DeliveryState.SENT else None, **more,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def waiting_events(session: Session, name: str) -> list[dict[str, Any]]:
    """What the outbox has to do of events `name`."""
    rows = select(OutboxRow.payload).where(
        OutboxRow.name == name, OutboxRow.finished_at.is_(None), OutboxRow.parked_at.is_(None)
    )
    return list(session.scalars(rows.order_by(OutboxRow.id)))
