"""Limits are exact at N and N+1, with two processes at work on the same counters."""

import multiprocessing
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from sportello.core import audience
from sportello.core.db import Database
from sportello.core.errors import TooMany
from sportello.core.limits import Limit, LimitCounter, check_search, hit, purge, refund
from sportello.core.settings import Settings

LIMIT = Limit("test", 10, 300)
NOON = datetime(2026, 11, 20, 12, 0, 1, tzinfo=UTC)


def _try(database: Database, limit: Limit, subject: str) -> bool:
    try:
        with database.counters() as session:
            hit(session, limit, subject)
    except TooMany:
        return False
    return True


def _attempts(url: str, counters: str | None, tries: int, moment: datetime) -> int:
    database = Database(url, counters)
    with time_machine.travel(moment):
        return sum(_try(database, LIMIT, "anna") for _ in range(tries))


def test_two_processes_together_get_exactly_n(settings: Settings, database: Database) -> None:
    arguments = (settings.database, settings.counters_database, 8, NOON)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        passed = pool.starmap(_attempts, [arguments, arguments])
    assert sum(passed) == 10
    assert not _attempts(settings.database, settings.counters_database, 1, NOON)


def test_the_window_ends_when_it_says(database: Database) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        assert [_try(database, LIMIT, "anna") for _ in range(11)] == [True] * 10 + [False]
        with pytest.raises(TooMany) as full, database.counters() as session:
            hit(session, LIMIT, "anna")
        assert full.value.retry_after == 299
        clock.shift(timedelta(seconds=full.value.retry_after - 1))
        assert not _try(database, LIMIT, "anna")
        clock.shift(timedelta(seconds=1))
        assert _try(database, LIMIT, "anna")


def test_subjects_and_limits_are_counted_apart(database: Database) -> None:
    with time_machine.travel(NOON, tick=False):
        for _ in range(10):
            assert _try(database, LIMIT, "anna")
        assert _try(database, LIMIT, "piero")
        assert _try(database, Limit("other", 1, 300), "anna")
        assert not _try(database, LIMIT, "anna")


def test_a_refund_gives_back_one_and_never_more(database: Database) -> None:
    limit = Limit("test", 1, 300)
    with time_machine.travel(NOON, tick=False):
        with database.counters() as session:
            refund(session, limit, "anna")
        assert [_try(database, limit, "anna") for _ in range(2)] == [True, False]
        with database.counters() as session:
            refund(session, limit, "anna")
            refund(session, limit, "anna")
        assert [_try(database, limit, "anna") for _ in range(2)] == [True, False]


def test_no_address_stands_in_the_counters_and_old_windows_go(database: Database) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        _try(database, LIMIT, "anna@xtreme.example")
        with database.counters() as session:
            row = session.query(LimitCounter).one()
            assert "anna" not in row.subject
        clock.shift(timedelta(seconds=300))
        with database.counters() as session:
            assert purge(session) == 1


def test_zero_means_no_limit(database: Database) -> None:
    assert all(_try(database, Limit("test", 0, 300), "anna") for _ in range(50))


@pytest.mark.parametrize(("person", "count"), [(7, 5), (None, 30)])
def test_searches_a_second_are_limited_by_person_or_by_address(
    database: Database, settings: Settings, person: int | None, count: int
) -> None:
    viewer = replace(audience.anonymous(), person_id=person)

    def search(ip: str) -> bool:
        try:
            check_search(database, settings, viewer, ip)
        except TooMany:
            return False
        return True

    with time_machine.travel(NOON, tick=False) as clock:
        assert [search("192.0.2.1") for _ in range(count + 1)] == [True] * count + [False]
        assert search("192.0.2.2") is (person is None)
        clock.shift(timedelta(seconds=1))
        assert search("192.0.2.1")


def test_counting_is_quick(database: Database) -> None:
    """A search must not feel its limit: far under a millisecond each, here with a wide margin."""
    with database.counters() as session:
        hit(session, Limit("warm", 10, 1), "x")
    start = time.perf_counter()
    for i in range(100):
        with database.counters() as session:
            hit(session, Limit("quick", 1000, 60), str(i))
    assert time.perf_counter() - start < 8.0
