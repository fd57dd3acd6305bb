"""Marking notifications as read."""

from sqlalchemy import func, tuple_, update
from sqlalchemy.orm import Session

from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.errors import NotFound
from sportello.notifications.models import Notification
from sportello.notifications.queries.inbox import parse_cursor, readable, readable_keys


def mark_read(session: Session, viewer: Viewer, key: str) -> None:
    """One of the viewer's. Raises NotFound when there is none that they may read."""
    mine = Notification.person_id == viewer.person_id
    found = session.execute(
        update(Notification)
        .where(Notification.key == key, mine, readable(readable_keys(viewer)))
        .values(read_at=func.coalesce(Notification.read_at, clock.now()))
        .execution_options(synchronize_session=False)
    )
    if viewer.person_id is None or not found.rowcount:  # type: ignore[attr-defined]
        raise NotFound


def mark_all_read(session: Session, viewer: Viewer, up_to: str) -> int:
    """All that the viewer may read, up to the cursor of what they were shown; returns how many. Raises Invalid.

    What came after they looked stays unread, and so does what they may not read now.
    """
    if viewer.person_id is None:
        return 0
    changed = session.execute(
        update(Notification)
        .where(Notification.person_id == viewer.person_id, Notification.read_at.is_(None))
        .where(readable(readable_keys(viewer)))
        .where(tuple_(Notification.created_at, Notification.key) <= parse_cursor(up_to))
        .values(read_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    return int(changed.rowcount)  # type: ignore[attr-defined]
