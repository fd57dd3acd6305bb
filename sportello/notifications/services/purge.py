"""What is old goes: what people were told, what was sent, what webhooks answered.

Rows are written in the order of their ids, so a purge begins at the oldest and ends at the first young one, a batch in
a short transaction; it never reads through what stays.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, func, or_, select

from sportello.core import clock
from sportello.core.db import Database
from sportello.notifications.models import (
    CriticalMessage,
    CriticalNotice,
    Delivery,
    DeliveryState,
    Notice,
    Notification,
    WebhookAttempt,
)

KEEP_NOTIFICATIONS = timedelta(days=180)
KEEP_DELIVERIES = timedelta(days=90)
KEEP_ATTEMPTS = timedelta(days=30)
BATCH = 2000


def purge_notices(database: Database) -> int:
    """Remove notifications, then deliveries, then notices that nothing speaks of any more; returns how many rows.

    Who was told of a critical notice is kept while it is open, and as long after it ended: a reminder, a correction or
    the withdrawal must reach the same people.
    """
    now = clock.now()
    ended = or_(Delivery.state != DeliveryState.QUEUED, Delivery.due_at < now - KEEP_NOTIFICATIONS)
    kept = _needed(now - KEEP_NOTIFICATIONS)
    removed = _purge(
        database, Notification, Notification.created_at, now - KEEP_NOTIFICATIONS, _not_of(Notification, kept)
    )
    removed += _purge(database, Delivery, Delivery.created_at, now - KEEP_DELIVERIES, _not_of(Delivery, kept) & ended)
    silent = ~exists().where(Notification.notice_id == Notice.id) & ~exists().where(Delivery.notice_id == Notice.id)
    over = Notice.finished_at.is_not(None) & silent & Notice.id.not_in(kept)
    return removed + _purge(database, Notice, Notice.created_at, now - KEEP_NOTIFICATIONS, over)


def purge_attempts(database: Database) -> int:
    """Remove what webhooks answered more than 30 days ago; returns how many."""
    always = WebhookAttempt.id.is_not(None)
    return _purge(database, WebhookAttempt, WebhookAttempt.at, clock.now() - KEEP_ATTEMPTS, always)


def _needed(since: datetime) -> Select[Any]:
    """Notices whose people may still have to be told more."""
    open_still = or_(CriticalNotice.ended_at.is_(None), CriticalNotice.ended_at > since)
    told = select(CriticalMessage.notice_id).join(CriticalNotice, CriticalNotice.id == CriticalMessage.critical_id)
    return told.where(open_still, CriticalMessage.notice_id.is_not(None))


def _not_of(model: Any, notices: Select[Any]) -> ColumnElement[bool]:
    return or_(model.notice_id.is_(None), model.notice_id.not_in(notices))


def _purge(database: Database, model: Any, at: Any, before: datetime, over: ColumnElement[bool]) -> int:
    """Remove rows of `model` from before then for which `over` holds, from the oldest on."""
    removed, last = 0, 0
    while True:
        with database.read() as session:
            page = select(model.id).where(model.id > last).order_by(model.id).limit(BATCH).subquery()
            edge = session.scalar(select(func.max(page.c.id)))
            if edge is None:
                return removed
            old = select(model.id).where(model.id > last, model.id <= edge, at < before)
            ids = session.scalars(old.where(over)).all()
            any_old = bool(ids) or session.scalar(old.limit(1)) is not None
        if ids:
            with database.write() as session:
                session.execute(delete(model).where(model.id.in_(ids)))
        removed += len(ids)
        if not any_old:
            return removed
        last = edge
