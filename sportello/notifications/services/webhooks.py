"""Systems of organisations that are called: adding, changing, trying and switching them off."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sportello.accounts.models import Organisation, Person, PersonRole
from sportello.accounts.services import audit
from sportello.accounts.services.check import check_name
from sportello.core import clock, keys, outbox
from sportello.core.audience import Role, Viewer, system
from sportello.core.errors import N_, Conflict, Invalid, NotFound
from sportello.core.policy import Action, allows
from sportello.notifications.calls import hosts, sign
from sportello.notifications.events import CallDue, WebhookSwitchedOff
from sportello.notifications.models import Delivery, DeliveryChannel, DeliveryState, Webhook
from sportello.notifications.registry import registry
from sportello.notifications.services.organisations import organisation_of

MOST = 10  # of one organisation
OVERLAP = timedelta(hours=24)  # so long a secret signs on after it was renewed
MOST_OLD = 3  # renewed again, because the new one was lost: the receiver still has the first


@dataclass(frozen=True)
class WebhookData:
    """What is asked for: `events` are codes of events that systems may be told of."""

    name: str
    url: str
    events: Sequence[str]


@dataclass(frozen=True)
class Checked:
    """What was found good; its address was resolved before the transaction, which must not wait for that."""

    name: str
    url: str
    events: list[str]


def check(data: WebhookData, networks: Sequence[str], resolve: hosts.Resolve | None = None) -> Checked:
    """Check all of it, and that the address may be called. Slow: it asks for a name. Raises Invalid, NotCallable."""
    offered = {event.code for event in registry.offered_to_systems()}
    chosen = sorted(set(data.events))
    if not chosen or not offered.issuperset(chosen):
        raise Invalid(N_("Choose at least one kind of event."), field="events")
    name, url = check_name(data.name), data.url.strip()
    hosts.check(url, networks, resolve)
    return Checked(name, url, chosen)


def add(session: Session, actor: Viewer, organisation_key: str | None, data: Checked) -> tuple[Webhook, str]:
    """A new one, and its secret in clear: shown this time only. None: the actor's own organisation.

    Raises NotFound, Forbidden, Conflict.
    """
    organisation = organisation_of(session, actor, Action.WEBHOOKS_MANAGE, organisation_key)
    count = select(func.count()).where(Webhook.organisation_id == organisation.id)
    if (session.scalar(count) or 0) >= MOST:
        raise Conflict(N_("An organisation has at most %(count)s webhooks: remove one first."), count=MOST)
    secret = sign.new_secret()
    webhook = Webhook(
        key=keys.new_key(), organisation_id=organisation.id, name=data.name, url=data.url, secret=secret,
        events=data.events, active=True, added_by_id=actor.person_id, created_at=clock.now(),
    )  # fmt: skip
    session.add(webhook)
    session.flush()
    _record(session, actor, webhook, "webhook.added", {}, snapshot(webhook))
    return webhook, secret


def edit(session: Session, actor: Viewer, key: str, data: Checked) -> Webhook:
    """Change name, address or events; another address begins without the failures of the old one."""
    webhook = own(session, actor, key)
    before = snapshot(webhook)
    if webhook.url != data.url:
        webhook.failing_since = None
    webhook.name, webhook.url, webhook.events = data.name, data.url, data.events
    _record(session, actor, webhook, "webhook.edited", before, snapshot(webhook))
    return webhook


def renew_secret(session: Session, actor: Viewer, key: str) -> tuple[Webhook, str]:
    """Another secret, good from the next call on; it is shown this time only. Those before it sign too, for a day.

    Raises NotFound, Forbidden.
    """
    webhook = own(session, actor, key)
    until = (clock.now() + OVERLAP).isoformat()
    webhook.old_secrets = [[webhook.secret, until], *_still_used(webhook)][:MOST_OLD]
    webhook.secret = sign.new_secret()
    _record(session, actor, webhook, "webhook.secret-renewed")
    return webhook, webhook.secret


def end_old_secret(session: Session, actor: Viewer, key: str) -> Webhook:
    """From the next call on only the newest secret signs: the old one may be known. Raises NotFound, Forbidden."""
    webhook = own(session, actor, key)
    if _still_used(webhook):
        _record(session, actor, webhook, "webhook.old-secret-ended")
    webhook.old_secrets = []
    return webhook


def old_secret_until(webhook: Webhook) -> datetime | None:
    """Until when a secret from before a renewal signs too; None: only the newest does."""
    return max((datetime.fromisoformat(until) for _secret, until in _still_used(webhook)), default=None)


def secrets_of(webhook: Webhook) -> list[str]:
    """With which secrets a call is signed now, the newest first."""
    return [webhook.secret, *(secret for secret, _until in _still_used(webhook))]


def _still_used(webhook: Webhook) -> list[list[str]]:
    return [old for old in webhook.old_secrets if datetime.fromisoformat(old[1]) > clock.now()]


def switch(session: Session, actor: Viewer, key: str, on: bool) -> Webhook:
    """On or off by hand; on begins without the failures from before."""
    webhook = own(session, actor, key)
    if webhook.active == on:
        return webhook
    webhook.active = on
    webhook.failing_since = None
    _record(session, actor, webhook, "webhook.switched-on" if on else "webhook.switched-off")
    return webhook


def remove(session: Session, actor: Viewer, key: str) -> Webhook:
    """It is gone, with its log and what still waited."""
    webhook = own(session, actor, key)
    _record(session, actor, webhook, "webhook.removed")
    session.delete(webhook)
    return webhook


def test_call(session: Session, actor: Viewer, key: str) -> Delivery:
    """Ask for a call that says nothing: made once, at once, also of one that is switched off."""
    webhook = own(session, actor, key)
    now = clock.now()
    delivery = Delivery(
        key=keys.new_key(), channel=DeliveryChannel.WEBHOOK, occasion=f"test:{keys.new_key()}", webhook_id=webhook.id,
        state=DeliveryState.QUEUED, created_at=now, due_at=now, attempts=0,
    )  # fmt: skip
    session.add(delivery)
    session.flush()
    outbox.emit(session, CallDue(delivery.id))
    return delivery


def retry(session: Session, actor: Viewer, key: str, delivery_key: str) -> Delivery:
    """Make a call again that was given up; whether it may be made is asked then. Raises NotFound, Conflict."""
    webhook = own(session, actor, key)
    wanted = select(Delivery).where(Delivery.key == delivery_key, Delivery.webhook_id == webhook.id)
    if (delivery := session.scalar(wanted.with_for_update())) is None:
        raise NotFound
    if delivery.state != DeliveryState.FAILED:
        raise Conflict(N_("It waits already, or was sent meanwhile."))
    if not webhook.active and delivery.notice_id is not None:
        raise Conflict(N_("Switch the webhook on first."))
    delivery.state, delivery.attempts, delivery.due_at, delivery.error = DeliveryState.QUEUED, 0, clock.now(), None
    outbox.emit(session, CallDue(delivery.id))
    return delivery


def give_up(session: Session, webhook: Webhook) -> None:
    """The site switches it off, and tells the contacts of the organisation."""
    webhook.active = False
    contacts = (
        select(Person.id)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(Person.organisation_id == webhook.organisation_id, Person.active, PersonRole.role == Role.CONTACT)
    )
    outbox.emit_many(session, [WebhookSwitchedOff(webhook.id, person) for person in session.scalars(contacts)])
    _record(session, system(), webhook, "webhook.given-up")


def own(session: Session, actor: Viewer, key: str) -> Webhook:
    """By key, held until the end of a writing transaction; others' do not exist. Raises NotFound, Forbidden."""
    webhook = session.scalar(select(Webhook).where(Webhook.key == key).with_for_update())
    if webhook is None or not allows(actor, Action.WEBHOOKS_MANAGE, webhook):
        raise NotFound
    return webhook


def snapshot(webhook: Webhook) -> dict[str, Any]:
    """What the audit log compares: of the address the host, because the rest may hold what only two should know."""
    address = hashlib.sha256(webhook.url.encode()).hexdigest()[:8]
    return {
        "name": webhook.name,
        "host": urlsplit(webhook.url).hostname,
        "address": address,
        "events": list(webhook.events),
    }


def _record(session: Session, actor: Viewer, webhook: Webhook, action: str, *change: dict[str, Any]) -> None:
    organisation = session.get_one(Organisation, webhook.organisation_id)
    audit.record(session, actor, action, f"{organisation.name}: {webhook.name}", *change)
