"""The one source of time. Everything is UTC and aware; tests freeze it with time-machine."""

from datetime import UTC, date, datetime


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The current day in UTC: coverage dates are compared with it."""
    return now().date()
