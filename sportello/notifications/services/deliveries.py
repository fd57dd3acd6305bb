"""Dead letters and suppressed addresses: what the worker gave up on can be tried again, or let go."""

from collections.abc import Collection, Sequence

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from sportello.accounts.services import audit
from sportello.core import clock, outbox
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Conflict, NotFound
from sportello.core.outbox import OutboxRow
from sportello.core.policy import Action, require
from sportello.notifications.events import UrgentMailDue
from sportello.notifications.models import Delivery, DeliveryChannel, DeliveryState, Notice, SuppressedAddress
from sportello.notifications.queries.deliveries import DUE, SENDING
from sportello.notifications.registry import registry

ENDED = (DeliveryState.FAILED, DeliveryState.DROPPED)
BATCH = 500
MOST_ROWS = 2**63  # databases know no greater number


def _parked() -> Select[OutboxRow]:
    return select(OutboxRow).where(
        OutboxRow.parked_at.is_not(None), OutboxRow.finished_at.is_(None), OutboxRow.name.in_(SENDING)
    )


def has_given_up(session: Session) -> bool:
    """Whether there is anything to take over: a read, so that nothing is locked for nothing."""
    return session.execute(_parked().limit(1)).first() is not None


def note_given_up(session: Session) -> int:
    """Deliveries whose event was parked become dead letters, and their events are done: there is one place to retry.

    What was sent or dropped after all stays so. Returns how many events were taken over.
    """
    rows = session.scalars(_parked().order_by(OutboxRow.id).limit(BATCH)).all()
    for row in rows:
        lost = update(Delivery).where(Delivery.id == row.payload["delivery"], Delivery.state == DeliveryState.QUEUED)
        session.execute(lost.values(state=DeliveryState.FAILED, error=row.error, attempts=row.attempts))
        row.parked_at, row.finished_at = None, clock.now()
    return len(rows)


def retry(session: Session, actor: Viewer, key: str) -> Delivery:
    """Try one again that was given up, or was not sent: whether it may be is asked anew. Raises NotFound, Conflict."""
    require(actor, Action.DELIVERIES_MANAGE)
    delivery = session.scalar(select(Delivery).where(Delivery.key == key).with_for_update())
    if delivery is None:
        raise NotFound
    if delivery.state not in ENDED:
        raise Conflict(N_("It waits already, or was sent meanwhile."))
    again(session, [delivery.id], delivery.channel)
    audit.record(session, actor, "delivery.retry", delivery.key)
    session.refresh(delivery)
    return delivery


def retry_all(session: Session, actor: Viewer, channel: DeliveryChannel | None = None) -> int:
    """Try every dead letter again (of one channel); returns how many."""
    require(actor, Action.DELIVERIES_MANAGE)
    count = 0
    for one in [channel] if channel else list(DeliveryChannel):
        failed = select(Delivery.id).where(Delivery.state == DeliveryState.FAILED, Delivery.channel == one)
        ids = session.scalars(failed.order_by(Delivery.id)).all()
        for start in range(0, len(ids), BATCH):
            again(session, ids[start : start + BATCH], one)
        count += len(ids)
    if count:
        audit.record(session, actor, "delivery.retry", channel or "*", after={"count": count})
    return count


def again(session: Session, ids: Collection[int], channel: str) -> None:
    """Queue deliveries of one channel afresh. Whoever calls has asked whether the person may."""
    now = clock.now()
    queued = update(Delivery).where(Delivery.id.in_(ids))
    session.execute(queued.values(state=DeliveryState.QUEUED, due_at=now, sent_at=None, attempts=0, error=None))
    urgent = _urgent(session, ids) if channel == DeliveryChannel.MAIL else set()
    outbox.emit_many(session, ((UrgentMailDue if one in urgent else DUE[DeliveryChannel(channel)])(one) for one in ids))


def _urgent(session: Session, ids: Collection[int]) -> set[int]:
    """Those about what is always told: they wait behind nothing else the second time, too."""
    always = sorted(event.code for event in registry.events.values() if event.always)
    about = select(Delivery.id).join(Notice, Notice.id == Delivery.notice_id)
    return set(session.scalars(about.where(Delivery.id.in_(ids), Notice.event.in_(always))))


def let_go(session: Session, actor: Viewer, key: str) -> None:
    """A dead letter is not to be sent any more. Raises NotFound, Conflict."""
    require(actor, Action.DELIVERIES_MANAGE)
    delivery = session.scalar(select(Delivery).where(Delivery.key == key).with_for_update())
    if delivery is None:
        raise NotFound
    if delivery.state != DeliveryState.FAILED:
        raise Conflict(N_("It waits already, or was sent meanwhile."))
    delivery.state = DeliveryState.DROPPED
    audit.record(session, actor, "delivery.let-go", delivery.key)


def retry_event(session: Session, actor: Viewer, row_id: int) -> None:
    """Give a parked event a fresh start. Raises NotFound."""
    require(actor, Action.DELIVERIES_MANAGE)
    row = session.get(OutboxRow, row_id) if row_id < MOST_ROWS else None
    if row is None or row.parked_at is None:
        raise NotFound
    outbox.retry_parked(session, [row_id])
    audit.record(session, actor, "event.retry", f"{row.name} {row.id}")


def lift(session: Session, actor: Viewer, emails: Sequence[str]) -> None:
    """Mail may go to these addresses again. Raises NotFound when one is not suppressed."""
    require(actor, Action.DELIVERIES_MANAGE)
    for email in emails:
        row = session.get(SuppressedAddress, email.strip().lower())
        if row is None:
            raise NotFound(N_("No mail is held back from %(email)s."), email=email)
        audit.record(session, actor, "address.lift", row.email, before={"reason": row.reason}, after={"reason": ""})
        session.delete(row)
