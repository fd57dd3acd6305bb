"""What can be asked of webhooks: those of an organisation, and what happened to the calls of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from sportello.accounts.models import Organisation, Person
from sportello.core.audience import Viewer
from sportello.core.errors import NotFound
from sportello.core.policy import Action, allows
from sportello.notifications.models import Delivery, DeliveryState, Notice, Webhook, WebhookAttempt

PAGE = 20
ATTEMPTS = 12  # shown of one call


@dataclass(frozen=True)
class Listed:
    """A webhook in a list. `last`: its latest attempt."""

    webhook: Webhook
    last: WebhookAttempt | None = None


@dataclass(frozen=True)
class Call:
    """A call that was tried. `event`: the code of its event, "" for a test; what it was about is not said here."""

    delivery: Delivery
    event: str
    attempts: Sequence[WebhookAttempt] = ()


@dataclass(frozen=True)
class Log:
    """Calls of one webhook, newest first; `next`: the key of the last one shown when there are more."""

    calls: Sequence[Call] = ()
    next: str | None = None
    waiting: bool = field(default=False)  # a test call that has not been made yet


def webhooks(session: Session, organisation_id: int) -> Sequence[Listed]:
    """Those of an organisation by name, with how their last call ended. Two statements."""
    found = session.scalars(
        select(Webhook).where(Webhook.organisation_id == organisation_id).order_by(Webhook.name, Webhook.id)
    ).all()
    newest = (
        select(func.max(WebhookAttempt.id))
        .where(WebhookAttempt.webhook_id.in_([webhook.id for webhook in found]))
        .group_by(WebhookAttempt.webhook_id)
    )
    attempts = session.scalars(select(WebhookAttempt).where(WebhookAttempt.id.in_(newest))).all() if found else []
    last = {attempt.webhook_id: attempt for attempt in attempts}
    return [Listed(webhook, last.get(webhook.id)) for webhook in found]


def get_webhook(session: Session, viewer: Viewer, key: str) -> tuple[Webhook, Organisation]:
    """By key, with its organisation, for those who manage it; for others it does not exist. Raises NotFound."""
    webhook = session.scalar(select(Webhook).where(Webhook.key == key))
    if webhook is None or not allows(viewer, Action.WEBHOOKS_MANAGE, webhook):
        raise NotFound
    return webhook, session.get_one(Organisation, webhook.organisation_id)


def log(session: Session, webhook_id: int, before: str | None = None) -> Log:
    """Calls that were tried at least once, with their attempts. Calls that were never made are not told of: what they
    were about may be hidden by now. Raises NotFound for a cursor that is none."""
    tried = exists().where(WebhookAttempt.delivery_id == Delivery.id)
    rows = (
        select(Delivery, Notice.event)
        .outerjoin(Notice, Notice.id == Delivery.notice_id)
        .where(Delivery.webhook_id == webhook_id, tried)
    )
    if before:
        edge = select(Delivery.id).where(Delivery.key == before, Delivery.webhook_id == webhook_id)
        if (edge_id := session.scalar(edge)) is None:
            raise NotFound
        rows = rows.where(Delivery.id < edge_id)
    found = session.execute(rows.order_by(Delivery.id.desc()).limit(PAGE + 1)).all()
    shown = found[:PAGE]
    attempts = _attempts(session, [row.Delivery.id for row in shown])
    calls = [Call(row.Delivery, row.event or "", attempts.get(row.Delivery.id, ())) for row in shown]
    waiting = exists().where(
        Delivery.webhook_id == webhook_id, Delivery.notice_id.is_(None), Delivery.state == DeliveryState.QUEUED, ~tried
    )
    return Log(calls, shown[-1].Delivery.key if len(found) > PAGE else None, bool(session.scalar(select(waiting))))


def _attempts(session: Session, deliveries: Sequence[int]) -> Mapping[int, list[WebhookAttempt]]:
    """The latest few of each, newest first."""
    found: dict[int, list[WebhookAttempt]] = {}
    rows = select(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(deliveries))
    for attempt in session.scalars(rows.order_by(WebhookAttempt.id.desc())):
        kept = found.setdefault(attempt.delivery_id or 0, [])
        if len(kept) < ATTEMPTS:
            kept.append(attempt)
    return found


def adder(session: Session, webhook: Webhook) -> str:
    """Who added it, by name; "" when that is not known any more."""
    return session.scalar(select(Person.name).where(Person.id == webhook.added_by_id)) or ""
