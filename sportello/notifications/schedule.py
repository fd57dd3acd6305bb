"""When a digest is sent: at seven in the morning where the person is, every day or every Monday.

Pure functions of a rhythm, the name of a time zone and an instant. Seven o'clock is a time on the wall: clocks that
are put forward or back change the instant, not the hour. Where a zone skipped that very hour, or the day, the digest
comes as soon as the wall shows a later time.
"""

from datetime import UTC, datetime, time, timedelta

from sportello.notifications.models import DigestRhythm
from sportello.notifications.quiet import zone

MORNING = time(7)
MONDAY = 0
PERIODS = {DigestRhythm.DAILY: timedelta(days=1), DigestRhythm.WEEKLY: timedelta(days=7)}
SOON = timedelta(hours=12)


def next_digest(rhythm: str, timezone: str, after: datetime) -> datetime | None:
    """The first time for a digest later than `after`, in UTC; None for somebody who wants none."""
    if rhythm not in PERIODS:
        return None
    place = zone(timezone)
    day = after.astimezone(place).date()
    while True:
        if rhythm == DigestRhythm.DAILY or day.weekday() == MONDAY:
            moment = datetime.combine(day, MORNING, place).astimezone(UTC)
            if moment > after:
                return moment
        day += timedelta(days=1)


def settled(rhythm: str, timezone: str, planned: datetime) -> datetime:
    """`planned`, reckoned anew for somebody who has moved to another zone since.

    If their next time comes within half a day it is that; otherwise they have just missed it, and it is now.
    """
    coming = next_digest(rhythm, timezone, planned - timedelta(microseconds=1))
    return coming if coming is not None and coming - planned < SOON else planned


def day_of(timezone: str, at: datetime) -> str:
    """The person's own day, ISO: a digest is of one day, and there is at most one of it."""
    return at.astimezone(zone(timezone)).date().isoformat()
