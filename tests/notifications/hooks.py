"""Webhooks in tests: an organisation's system on loopback that is told, and the lane that tells it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from sportello.accounts.viewer import viewer_of
from sportello.core import clock
from sportello.core.handling import Site
from sportello.core.outbox import OutboxRow
from sportello.notifications.delivery.webhooks import on_call_due
from sportello.notifications.events import CallDue
from sportello.notifications.models import Delivery, Notice, Webhook, WebhookAttempt
from sportello.notifications.queueing import queue_calls
from sportello.notifications.reaching import telling_of
from sportello.notifications.services import webhooks as service
from sportello.notifications.services.webhooks import Checked
from tests.notifications.systems import LOOPBACK
from tests.people import Cast

EVENTS = ["post-alarm"]


def calling_loopback(site: Site) -> Site:
    """The site whose operator lets webhooks call this machine."""
    return replace(site, settings=replace(site.settings, webhook_networks=LOOPBACK))


def a_webhook(site: Site, cast: Cast, url: str, name: str = "piero", **changes: Any) -> Webhook:
    """A webhook of somebody's organisation, without asking whether its address may be called."""
    data = Checked(**{"name": "Tickets", "url": url, "events": EVENTS, **changes})
    with site.database.write() as session:
        return service.add(session, viewer_of(cast.people[name], site.plans), None, data)[0]


def queue(site: Site, notice: Notice, webhook: Webhook) -> Delivery:
    """A call about a notice, as fan-out writes it."""
    with site.database.write() as session:
        telling = telling_of(session, session.get_one(Notice, notice.id))
        assert telling is not None
        queue_calls(session, telling, {"webhook_id": [webhook.id]})
        wanted = select(Delivery).where(Delivery.notice_id == notice.id, Delivery.webhook_id == webhook.id)
        return session.scalars(wanted).one()


def work(site: Site, most: int = 100) -> int:
    """Handle the calls that are due now; returns how many events that were."""
    done = 0
    while done < most:
        with site.database.read() as session:
            due = (
                OutboxRow.name == CallDue.name,
                OutboxRow.finished_at.is_(None),
                OutboxRow.available_at <= clock.now(),
            )
            rows = session.scalars(select(OutboxRow).where(*due).order_by(OutboxRow.id)).all()
        if not rows:
            break
        for row in rows:
            on_call_due(site, CallDue(**row.payload))
            with site.database.write() as session:
                session.execute(update(OutboxRow).where(OutboxRow.id == row.id).values(finished_at=clock.now()))
            done += 1
    return done


def state(site: Site, delivery: Delivery) -> tuple[str, int]:
    """How a delivery stands, and how often it was tried."""
    with site.database.read() as session:
        row = session.get_one(Delivery, delivery.id)
        return row.state, row.attempts


def attempts(site: Site, webhook: Webhook) -> list[WebhookAttempt]:
    """Oldest first."""
    with site.database.read() as session:
        rows = select(WebhookAttempt).where(WebhookAttempt.webhook_id == webhook.id)
        return list(session.scalars(rows.order_by(WebhookAttempt.id)))


def now(site: Site, webhook: Webhook) -> Webhook:
    """As it is in the database."""
    with site.database.read() as session:
        return session.get_one(Webhook, webhook.id)


def next_due(site: Site, delivery: Delivery) -> timedelta:
    """How long until it is tried again."""
    with site.database.read() as session:
        return session.get_one(Delivery, delivery.id).due_at - clock.now()
