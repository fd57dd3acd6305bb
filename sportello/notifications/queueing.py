"""Writing many rows at once, each at most once, with the events that send them."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from sportello.core import clock, keys, outbox
from sportello.core.bulk import insert_rows
from sportello.core.outbox import Event
from sportello.notifications.events import CallDue, MailDue, UrgentMailDue
from sportello.notifications.models import Delivery, DeliveryChannel, DeliveryState, Notification
from sportello.notifications.reaching import Telling


def queue_notifications(session: Session, telling: Telling, people: Sequence[int]) -> None:
    """One for each person in their bell, unless it is there."""
    ref = telling.subject.ref
    same = {"notice_id": telling.notice.id, "kind": ref.kind, "subject": ref.key, "created_at": clock.now()}
    each = {"key": keys.new_keys(len(people)), "person_id": people}
    insert_rows(session, Notification.__table__, same, each, once=True)


def queue_mails(session: Session, telling: Telling, to: Mapping[str, Sequence[int]]) -> None:
    """A mail for each of `to` ({"person_id": [7, 8]} or {"address_id": [3]}), unless there is one about this notice."""
    _queue(session, telling, DeliveryChannel.MAIL, to)


def queue_calls(session: Session, telling: Telling, to: Mapping[str, Sequence[int]]) -> None:
    """A call for each of `to` ({"webhook_id": [4]}), unless there is one about this notice."""
    _queue(session, telling, DeliveryChannel.WEBHOOK, to)


def _queue(session: Session, telling: Telling, channel: DeliveryChannel, to: Mapping[str, Sequence[int]]) -> None:
    now, mails = clock.now(), channel == DeliveryChannel.MAIL
    due = now + telling.event.window if mails else now
    same = {
        "channel": channel.value,
        "occasion": telling.notice.key,
        "notice_id": telling.notice.id,
        "state": DeliveryState.QUEUED.value,
        "created_at": now,
        "due_at": due,
        "attempts": 0,
    }
    each = {"key": keys.new_keys(sum(map(len, to.values()))), **to}
    made = insert_rows(session, Delivery.__table__, same, each, once=True, returning="id")
    kind = CallDue if not mails else UrgentMailDue if telling.event.always else MailDue
    events: list[Event] = [kind(id) for id in made]
    outbox.emit_many(session, events, available_at=due)
