"""Quiet hours: nobody is written to in the night, by their own clocks, on the nights too when these are changed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sportello.notifications.quiet import is_quiet, next_allowed, zone


@dataclass
class Hours:
    quiet_from: int | None
    quiet_to: int | None


NIGHT = Hours(22, 7)
PLACES = ("Europe/Rome", "America/Havana", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_mail_of_the_afternoon_goes_at_once() -> None:
    now = at("2026-06-10 14:20")
    assert next_allowed(NIGHT, "Europe/Rome", now) == now


def test_a_mail_of_the_evening_waits_for_the_morning_of_its_reader() -> None:
    assert next_allowed(NIGHT, "Europe/Rome", at("2026-06-10 20:30")) == at("2026-06-11 05:00")
    assert next_allowed(NIGHT, "America/New_York", at("2026-06-10 20:30")) == at("2026-06-10 20:30")


def test_a_mail_after_midnight_waits_for_the_same_morning() -> None:
    assert next_allowed(NIGHT, "Europe/Rome", at("2026-01-10 01:15")) == at("2026-01-10 06:00")


def test_quiet_hours_can_be_at_noon() -> None:
    assert next_allowed(Hours(12, 14), "UTC", at("2026-01-10 13:59")) == at("2026-01-10 14:00")
    assert next_allowed(Hours(12, 14), "UTC", at("2026-01-10 14:00")) == at("2026-01-10 14:00")


@pytest.mark.parametrize("hours", [None, Hours(None, None), Hours(22, None), Hours(None, 7), Hours(5, 5)])
def test_without_quiet_hours_nothing_waits(hours: Hours | None) -> None:
    now = at("2026-01-10 05:30")
    assert next_allowed(hours, "UTC", now) == now


def test_when_the_clocks_skip_the_end_of_quiet_it_ends_at_the_skip() -> None:
    """In Rome, on 29 March 2026, 02:00 is 03:00."""
    assert next_allowed(Hours(22, 2), "Europe/Rome", at("2026-03-29 00:30")) == at("2026-03-29 01:00")


def test_an_hour_shown_twice_is_quiet_twice_or_not_at_all() -> None:
    """In Rome, on 25 October 2026, the hour from 02:00 comes twice: from 00:00 and from 01:00 UTC."""
    first, second = at("2026-10-25 00:30"), at("2026-10-25 01:30")
    assert next_allowed(Hours(22, 3), "Europe/Rome", first) == at("2026-10-25 02:00")
    assert next_allowed(Hours(22, 3), "Europe/Rome", second) == at("2026-10-25 02:00")
    assert next_allowed(Hours(22, 2), "Europe/Rome", second) == second


def test_an_unknown_time_zone_counts_as_utc() -> None:
    assert zone("Nowhere/Atall") is UTC
    assert zone("../etc/passwd") is UTC
    assert next_allowed(Hours(1, 5), "Nowhere/Atall", at("2026-01-10 01:15")) == at("2026-01-10 05:00")


moments = st.integers(0, 24 * 366 * 24 * 60).map(lambda minutes: at("2012-01-01") + timedelta(minutes=minutes))
hour = st.integers(0, 23)


@settings(max_examples=400, deadline=None)
@given(hours=st.builds(Hours, hour, hour), place=st.sampled_from(PLACES), now=moments)
def test_it_is_the_first_moment_that_is_not_quiet(hours: Hours, place: str, now: datetime) -> None:
    allowed = next_allowed(hours, place, now)
    there = ZoneInfo(place)
    assert allowed.tzinfo is not None
    assert not is_quiet(hours, allowed.astimezone(there))
    assert now <= allowed < now + timedelta(hours=26)
    moment = now
    while moment < allowed:
        assert is_quiet(hours, moment.astimezone(there))
        moment += timedelta(minutes=10)
