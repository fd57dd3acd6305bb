"""A digest comes at seven in the morning where its reader is, also when the clocks are put forward or back."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sportello.notifications.models import DigestRhythm
from sportello.notifications.schedule import day_of, next_digest, settled

DAY, WEEK = timedelta(days=1), timedelta(days=7)
ZONES = sorted(available_timezones())
FIRST, LAST = datetime(2020, 1, 1), datetime(2045, 1, 1)  # noqa: DTZ001  hypothesis adds the zone
instants = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
zones = st.sampled_from(ZONES)
patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
rhythms = st.sampled_from([DigestRhythm.DAILY, DigestRhythm.WEEKLY])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def due(rhythm: str, zone: str, after: datetime) -> datetime:
    found = next_digest(rhythm, zone, after)
    assert found is not None
    return found


@patiently
@given(rhythms, zones, instants)
def test_it_is_later_and_at_seven_on_the_right_day(rhythm: str, zone: str, after: datetime) -> None:
    found = due(rhythm, zone, after)
    wall = found.astimezone(ZoneInfo(zone))
    assert found > after
    assert found.utcoffset() == timedelta(0)
    assert (wall.hour, wall.minute, wall.second) == (7, 0, 0)
    assert rhythm == DigestRhythm.DAILY or wall.weekday() == 0


@patiently
@given(rhythms, zones, instants)
def test_no_earlier_one_is_left_out(rhythm: str, zone: str, after: datetime) -> None:
    """From one to the next it is a day or a week on the wall, and nothing lies between."""
    first = due(rhythm, zone, after)
    second = due(rhythm, zone, first)
    here = ZoneInfo(zone)
    step = DAY if rhythm == DigestRhythm.DAILY else WEEK
    assert second.astimezone(here).replace(tzinfo=None) - first.astimezone(here).replace(tzinfo=None) == step
    assert due(rhythm, zone, second - timedelta(microseconds=1)) == second
    assert first - after <= step + timedelta(hours=3)


@patiently
@given(rhythms, zones, instants, st.timedeltas(timedelta(0), timedelta(days=30)))
def test_later_askers_are_told_no_earlier_time(rhythm: str, zone: str, after: datetime, more: timedelta) -> None:
    assert due(rhythm, zone, after) <= due(rhythm, zone, after + more)


@patiently
@given(rhythms, zones, instants)
def test_an_hour_that_was_planned_stays_for_who_did_not_move(rhythm: str, zone: str, after: datetime) -> None:
    planned = due(rhythm, zone, after)
    assert settled(rhythm, zone, planned) == planned


@patiently
@given(rhythms, zones, zones, instants)
def test_who_moved_waits_for_their_morning_or_is_told_now(rhythm: str, old: str, new: str, after: datetime) -> None:
    planned = due(rhythm, old, after)
    found = settled(rhythm, new, planned)
    assert planned <= found < planned + timedelta(hours=12)
    assert found == planned or found.astimezone(ZoneInfo(new)).hour == 7


@patiently
@given(zones, instants)
def test_who_wants_none_has_no_time(zone: str, after: datetime) -> None:
    assert next_digest(DigestRhythm.NEVER, zone, after) is None


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2027-03-27T12:00+01:00", "2027-03-28T07:00+02:00"),  # the clocks go forward in that night
        ("2027-10-30T12:00+02:00", "2027-10-31T07:00+01:00"),  # and back
        ("2027-03-28T06:59:59+02:00", "2027-03-28T07:00+02:00"),
        ("2027-03-28T07:00+02:00", "2027-03-29T07:00+02:00"),
    ],
)
def test_every_morning_in_rome(after: str, expected: str) -> None:
    assert next_digest(DigestRhythm.DAILY, "Europe/Rome", at(after)) == at(expected)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Rome", "2026-11-23T07:00+01:00"),
        ("Pacific/Kiritimati", "2026-11-23T07:00+14:00"),  # its Monday begins on our Sunday morning
        ("Pacific/Pago_Pago", "2026-11-23T07:00-11:00"),
        ("Asia/Kathmandu", "2026-11-23T07:00+05:45"),
    ],
)
def test_every_monday_all_around_the_world(zone: str, expected: str) -> None:
    assert next_digest(DigestRhythm.WEEKLY, zone, at("2026-11-21T00:00+00:00")) == at(expected)


def test_a_morning_that_the_clocks_skip_is_told_when_they_go_on() -> None:
    """Samoa had no 30 December 2011: the wall went from the 29th to the 31st."""
    asked = at("2011-12-29T12:00-10:00")
    assert next_digest(DigestRhythm.DAILY, "Pacific/Apia", asked) == at("2011-12-31T07:00+14:00")


def test_a_zone_that_does_not_exist_is_utc() -> None:
    assert next_digest(DigestRhythm.DAILY, "Mars/Olympus", at("2026-11-23T05:00+00:00")) == at("2026-11-23T07:00+00:00")
    assert next_digest(DigestRhythm.DAILY, "../etc", at("2026-11-23T05:00+00:00")) == at("2026-11-23T07:00+00:00")


def test_the_day_of_a_digest_is_the_readers() -> None:
    monday_in_auckland = at("2026-11-23T07:00+13:00")
    assert day_of("Pacific/Auckland", monday_in_auckland) == "2026-11-23"
    assert day_of("America/New_York", monday_in_auckland) == "2026-11-22"
