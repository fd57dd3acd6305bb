"""Calling the systems of organisations: what is said and whether it may be is asked when the call is made.

A call that fails is made again, 12 times in about two days; a system of which every call failed for 3 days is switched
off. While one fails, its other calls wait for each other, so that a dead system holds up nobody but itself.
"""

import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from sportello.accounts.viewer import viewer_of_organisation
from sportello.core import clock, outbox
from sportello.core.audience import admits
from sportello.core.errors import N_
from sportello.core.handling import Site
from sportello.core.types import Ref
from sportello.notifications.calls import hosts, sign
from sportello.notifications.calls.hosts import NotCallable
from sportello.notifications.calls.post import CallFailed, post
from sportello.notifications.delivery.bodies import notice_body, test_body
from sportello.notifications.events import CallDue
from sportello.notifications.models import Delivery, DeliveryState, Notice, Webhook, WebhookAttempt
from sportello.notifications.reaching import organisation_may_hear
from sportello.notifications.recipients import customers
from sportello.notifications.registry import registry, subject_of
from sportello.notifications.services.webhooks import give_up, secrets_of

WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 43200, 64800))
MAX_ATTEMPTS = len(WAITS) + 1
PATIENCE = timedelta(days=3)
PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
KEPT = 500  # characters of an answer
GONE = 410  # the answer of a system that wants no more calls
REDIRECT = N_("It answered with a redirect; redirects are not followed.")
SWITCHED_OFF = "switched off"
UNWANTED = "no longer chosen"
UNREADABLE = "not readable for the organisation"
UNLICENSED = "no longer licensed by the organisation"
OVER = "no longer true, or no longer for the organisation"


@dataclass(frozen=True)
class Prepared:
    """A call that may be made now. `body` was written for what the organisation may read at this moment."""

    delivery: Delivery
    webhook: Webhook
    body: bytes


@dataclass(frozen=True)
class Dropped:
    """Why there is no call any more."""

    reason: str


@dataclass(frozen=True)
class Outcome:
    """How a call ended; `status` is None when there was no answer. `wait`: what the system asked for."""

    status: int | None
    said: str
    ms: int
    wait: timedelta = timedelta(0)

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def on_call_due(site: Site, event: CallDue) -> None:
    """Call, and note how it ended; or let it be, or wait. Another event that is due later makes this one nothing."""
    with site.database.read() as session:
        delivery = session.get(Delivery, event.delivery)
        if delivery is None or delivery.state != DeliveryState.QUEUED or delivery.due_at > clock.now():
            return
        later = _later(session, delivery)
        prepared = None if later else prepare(session, site, delivery)
    if isinstance(prepared, Prepared):
        outcome = call(prepared, site.settings.webhook_networks)
        with site.database.write() as session:
            note(session, event.delivery, outcome)
        return
    with site.database.write() as session:
        if later:
            _put_off(session, delivery.id, later)
        elif isinstance(prepared, Dropped):
            _drop(session, delivery.id, prepared.reason)


def prepare(session: Session, site: Site, delivery: Delivery) -> Prepared | Dropped:
    """What the call says, if it may still be made."""
    webhook = session.get_one(Webhook, delivery.webhook_id)
    customer = customers(session, [webhook.organisation_id])[webhook.organisation_id]
    if delivery.notice_id is None:
        return Prepared(delivery, webhook, test_body(customer))
    if not webhook.active:
        return Dropped(SWITCHED_OFF)
    notice = session.get_one(Notice, delivery.notice_id)
    known = registry.events.get(notice.event)
    if known is None or not known.wanted_by(webhook.events):
        return Dropped(UNWANTED)
    subject = subject_of(session, Ref.parse(notice.subject))
    viewer = viewer_of_organisation(customer, site.plans)
    if subject is None or not subject.released or not admits(viewer, subject.audience):
        return Dropped(UNREADABLE)
    if not organisation_may_hear(viewer, known, subject):
        return Dropped(UNLICENSED)
    if known.concerns is not None and not known.concerns(session, notice, viewer):
        return Dropped(OVER)
    return Prepared(delivery, webhook, notice_body(session, site.settings.base_url, customer, viewer, notice, subject))


def call(prepared: Prepared, networks: tuple[str, ...]) -> Outcome:
    """Check the address again, then call it. No transaction is open meanwhile."""
    began = time.monotonic()
    try:
        target = hosts.check(prepared.webhook.url, networks)
        message_id, at = f"msg_{prepared.delivery.key}", int(clock.now().timestamp())
        headers = sign.headers(secrets_of(prepared.webhook), message_id, at, prepared.body)
        answer = post(target, prepared.body, {"Content-Type": "application/json", **headers})
    except (NotCallable, CallFailed) as error:
        return Outcome(None, str(error), _since(began))
    said = REDIRECT if 300 <= answer.status < 400 else _readable(answer.body)
    return Outcome(answer.status, said, _since(began), timedelta(seconds=answer.retry_after or 0))


def note(session: Session, delivery_id: int, outcome: Outcome) -> None:
    """Write down how a call ended, and what follows from it."""
    delivery = session.get(Delivery, delivery_id, with_for_update=True)
    webhook = session.get(Webhook, delivery.webhook_id, with_for_update=True) if delivery else None
    if delivery is None or webhook is None or delivery.state != DeliveryState.QUEUED:
        return  # removed, or taken care of meanwhile
    now = clock.now()
    session.add(
        WebhookAttempt(
            webhook_id=webhook.id, delivery_id=delivery.id, at=now, status=outcome.status, ms=outcome.ms,
            answer=outcome.said,
        )
    )  # fmt: skip
    delivery.attempts += 1
    if outcome.succeeded:
        delivery.state, delivery.sent_at, delivery.error = DeliveryState.SENT, now, None
        if webhook.failing_since is not None:
            webhook.failing_since = None
            _wake(session, webhook.id)
        return
    delivery.error = str(outcome.status) if outcome.status else outcome.said
    webhook.failing_since = webhook.failing_since or now
    if delivery.notice_id is None or delivery.attempts >= MAX_ATTEMPTS:
        delivery.state = DeliveryState.FAILED  # a test call is made once
    else:
        wait = max(WAITS[delivery.attempts - 1] * random.uniform(0.8, 1.2), outcome.wait)
        _put_off(session, delivery.id, now + wait)
    if webhook.active and (outcome.status == GONE or _hopeless(session, webhook)):
        give_up(session, webhook)


def _hopeless(session: Session, webhook: Webhook) -> bool:
    """Every call failed for 3 days, and there were several."""
    since = webhook.failing_since
    if since is None or clock.now() - since < PATIENCE:
        return False
    tried = select(func.count()).where(WebhookAttempt.webhook_id == webhook.id, WebhookAttempt.at >= since)
    return (session.scalar(tried) or 0) >= MAX_ATTEMPTS


def _later(session: Session, delivery: Delivery) -> datetime | None:
    """When this call is to be made if its system fails now: a minute after its last one, longer the longer it fails.

    A test call is made at once; so is one of a system that was switched off, which is dropped.
    """
    webhook = session.get_one(Webhook, delivery.webhook_id)
    if webhook.failing_since is None or delivery.notice_id is None or not webhook.active:
        return None
    last = session.scalar(select(func.max(WebhookAttempt.at)).where(WebhookAttempt.webhook_id == webhook.id))
    if last is None:
        return None
    pause = min(max(PAUSE, (last - webhook.failing_since) / 4), LONGEST_PAUSE)
    due = last + pause
    return due if due > clock.now() and not _alone(session, delivery) else None


def _alone(session: Session, delivery: Delivery) -> bool:
    """No other call of this system waits: its own times are enough."""
    others = select(Delivery.id).where(
        Delivery.webhook_id == delivery.webhook_id, Delivery.state == DeliveryState.QUEUED, Delivery.id != delivery.id
    )
    return session.scalar(others.limit(1)) is None


def _put_off(session: Session, delivery_id: int, until: datetime) -> None:
    session.execute(update(Delivery).where(Delivery.id == delivery_id).values(due_at=until))
    outbox.emit(session, CallDue(delivery_id), available_at=until)


def _drop(session: Session, delivery_id: int, reason: str) -> None:
    queued = (Delivery.id == delivery_id, Delivery.state == DeliveryState.QUEUED)
    session.execute(update(Delivery).where(*queued).values(state=DeliveryState.DROPPED, error=reason))


def _wake(session: Session, webhook_id: int) -> None:
    """The system answers again: what waits for it is called now."""
    waiting = (Delivery.webhook_id == webhook_id, Delivery.state == DeliveryState.QUEUED)
    ids = session.scalars(select(Delivery.id).where(*waiting)).all()
    session.execute(update(Delivery).where(*waiting).values(due_at=clock.now()))
    outbox.emit_many(session, [CallDue(id) for id in ids])


def _readable(body: bytes) -> str:
    """What fits into the log, as text: characters that no text has are left out."""
    text = body.decode("utf-8", "replace")[:KEPT]
    return "".join(character for character in text if character.isprintable() or character in "\n\t")


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
