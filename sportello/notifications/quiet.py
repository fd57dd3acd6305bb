"""Quiet hours: whole hours of a person's own day in which no mail is sent, whatever the clocks do that night."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo


class QuietHours(Protocol):
    """What a preference says: from this hour up to that one, around midnight too. None or equal: none."""

    quiet_from: int | None
    quiet_to: int | None


def zone(name: str) -> tzinfo:
    """The time zone of that name; UTC when this system does not know it."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def is_quiet(hours: QuietHours | None, local: datetime) -> bool:
    """The clock that shows `local` stands within the quiet hours."""
    if hours is None or hours.quiet_from is None or hours.quiet_to is None:
        return False
    if hours.quiet_from <= hours.quiet_to:
        return hours.quiet_from <= local.hour < hours.quiet_to
    return local.hour >= hours.quiet_from or local.hour < hours.quiet_to


def next_allowed(preference: QuietHours | None, timezone: str, now: datetime) -> datetime:
    """The first instant from `now` on (aware) outside the quiet hours, by the clocks of `timezone`.

    `now` itself when it is not quiet. When the clocks skip the hour at which quiet ends, it ends at the skip; an hour
    that they show twice is quiet twice, or not at all.
    """
    place = zone(timezone)
    local = now.astimezone(place)
    if preference is None or preference.quiet_to is None or not is_quiet(preference, local):
        return now
    for days in range(3):
        day = local.date() + timedelta(days=days)
        for fold in (0, 1):
            end = datetime.combine(day, time(preference.quiet_to, fold=fold), place).astimezone(UTC)
            if end > now and not is_quiet(preference, end.astimezone(place)):
                return end
    return now
