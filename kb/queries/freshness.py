"""Whether an article may be called verified: a look at it wears off when its interval is over."""

from datetime import datetime, timedelta

from sportello.core import clock

UNLESS_TOLD = timedelta(days=365)  # how long a look lasts where no due date was reckoned


def is_verified(verified_at: datetime | None, due_at: datetime | None) -> bool:
    """Somebody has looked at it, and it is not due again."""
    return verified_at is not None and (due_at or verified_at + UNLESS_TOLD) > clock.now()
