"""Writing many rows at once, each at most once, with the events that send them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sportello.core import clock, keys, outbox
from sportello.core.outbox import Event
from sportello.notifications.events import CallDue, MailDue, UrgentMailDue
from sportello.notifications.models import Delivery, DeliveryChannel, DeliveryState, Notification
from sportello.notifications.reaching import Telling


def queue_notifications(session: Session, telling: Telling, people: Sequence[int]) -> None:
    """One for each person in their bell, unless it is there."""
    ref = telling.subject.ref
    shared = {"notice_id": telling.notice.id, "kind": ref.kind, "subject": ref.key, "created_at": clock.now()}
    rows = [{"key": keys.new_key(), "person_id": person_id, **shared} for person_id in people]
    if rows:
        session.execute(_once(session, Notification), rows)


def queue_mails(session: Session, telling: Telling, to: Sequence[Mapping[str, int]]) -> None:
    """A mail for each of `to` ({"person_id": 7} or {"address_id": 3}), unless there is one about this notice."""
    _queue(session, telling, DeliveryChannel.MAIL, to)


def queue_calls(session: Session, telling: Telling, to: Sequence[Mapping[str, int]]) -> None:
    """A call for each of `to` ({"webhook_id": 4}), unless there is one about this notice."""
    _queue(session, telling, DeliveryChannel.WEBHOOK, to)


def _queue(session: Session, telling: Telling, channel: DeliveryChannel, to: Sequence[Mapping[str, int]]) -> None:
    if not to:
        return
    now, mails = clock.now(), channel == DeliveryChannel.MAIL
    due = now + telling.event.window if mails else now
    shared = {
        "channel": channel.value,
        "occasion": telling.notice.key,
        "notice_id": telling.notice.id,
        "state": DeliveryState.QUEUED.value,
        "created_at": now,
        "due_at": due,
        "attempts": 0,
    }
    rows = [{"key": keys.new_key(), **shared, **recipient} for recipient in to]
    made = session.scalars(_once(session, Delivery).returning(Delivery.id), rows).all()
    kind = CallDue if not mails else UrgentMailDue if telling.event.always else MailDue
    events: list[Event] = [kind(id) for id in made]
    outbox.emit_many(session, events, available_at=due)


def _once(session: Session, model: Any) -> Any:
    """`INSERT` that leaves alone what is there."""
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(model).on_conflict_do_nothing()
