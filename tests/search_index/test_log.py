"""The search log counts searches, not keystrokes and not people's doings."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from search_index import log
from search_index.models import SearchLog
from search_index.report import past_queries, report
from sportello.core.db import Database
from tests.search_index.shelf import viewer

SECRET = "a secret of the site"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def _rows(session: Session) -> list[SearchLog]:
    return list(session.scalars(select(SearchLog).order_by(SearchLog.id)))


def _search(
    session: Session, text: str, *, who: str = "Anna", visit: str = "", total: int = 3, is_bot: bool = False
) -> log.Searcher:
    searcher = log.searcher(SECRET, viewer(who), visit, is_bot=is_bot)
    log.record(session, searcher, text, "en", total)
    session.flush()
    return searcher


def test_the_keystrokes_of_one_search_are_one_search(database: Database) -> None:
    with database.counters() as session, time_machine.travel(NOON, tick=False) as clock:
        for text in ("inv", "invoice", "invoice round", "invoice rounding"):
            _search(session, text)
            clock.shift(timedelta(seconds=5))
        assert [row.query for row in _rows(session)] == ["invoice rounding"]
        clock.shift(timedelta(seconds=31))
        _search(session, "invoice rounding error")
        _search(session, "pallet")
        assert [row.query for row in _rows(session)] == ["invoice rounding", "invoice rounding error", "pallet"]


def test_people_are_not_mixed_up(database: Database) -> None:
    with database.counters() as session:
        _search(session, "inv", who="Anna")
        _search(session, "invoice", who="Piero")
        _search(session, "invoice", who="anonymous", visit="1")
        _search(session, "invoices", who="anonymous", visit="2")
        assert len(_rows(session)) == 4
        assert [row.audience for row in _rows(session)] == ["xtreme", "premium", "anonymous", "anonymous"]


def test_nobody_can_be_followed_into_the_next_month() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        november = log.searcher(SECRET, viewer("Anna"), "")
        assert log.searcher(SECRET, viewer("Anna"), "elsewhere") == november
        assert log.searcher("another secret", viewer("Anna"), "").actor != november.actor
        clock.shift(timedelta(days=20))
        december = log.searcher(SECRET, viewer("Anna"), "")
    assert december.actor != november.actor
    assert december.month == "2026-12"


def test_bots_and_staff_are_kept_apart(database: Database) -> None:
    with database.counters() as session:
        _search(session, "for customers", who="Anna")
        _search(session, "for staff", who="Sara")
        _search(session, "for bots", who="anonymous", visit="b", is_bot=True)
        assert [line.query for line in report(session).top] == ["for customers"]
        assert [line.query for line in report(session, staff=True).top] == ["for staff"]


def test_the_first_result_opened_is_noted(database: Database) -> None:
    with database.counters() as session:
        anna = _search(session, "Invoice  rounding", total=12)
        log.click(session, anna, "invoice rounding", 4)
        log.click(session, anna, "invoice rounding", 1)
        log.click(session, anna, "something else", 1)
        assert [row.clicked for row in _rows(session)] == [4]
        _search(session, "invoice rounding")
        assert [row.clicked for row in _rows(session)] == [4]


@pytest.mark.parametrize("position", [0, -1, 13, 10**9])
def test_a_position_that_cannot_be_is_not_noted(database: Database, position: int) -> None:
    with database.counters() as session:
        anna = _search(session, "invoice", total=12)
        log.click(session, anna, "invoice", position)
        assert [row.clicked for row in _rows(session)] == [None]


def test_the_report_tells_top_failed_and_unclicked(database: Database) -> None:
    with database.counters() as session:
        for visit in range(3):
            _search(session, "invoice", who="anonymous", visit=str(visit))
        anna = _search(session, "pallet", who="Anna")
        log.click(session, anna, "pallet", 1)
        _search(session, "xylophone", who="Piero", total=0)
        session.flush()
        told = report(session)
    assert (told.searches, told.without_result) == (5, 1)
    first = told.top[0]
    assert (first.query, first.searches, first.people) == ("invoice", 3, 3)
    assert [line.query for line in told.failed] == ["xylophone"]
    assert [line.query for line in told.unclicked] == ["invoice"]


def test_old_searches_are_forgotten(database: Database) -> None:
    with database.counters() as session, time_machine.travel(NOON, tick=False) as clock:
        _search(session, "old")
        clock.shift(timedelta(days=181))
        _search(session, "new")
        assert log.purge(session, 180) == 1
        assert [row.query for row in _rows(session)] == ["new"]


def _three(session: Session, text: str, total: int = 3) -> None:
    for visit in range(3):
        _search(session, text, who="anonymous", visit=str(visit), total=total)


def test_a_past_query_needs_three_people_of_the_class(database: Database) -> None:
    with database.counters() as session:
        for visit in ("1", "1", "2"):
            _search(session, "invoice rounding", who="anonymous", visit=visit)
        assert past_queries(session, "anonymous", "inv") == []
        _search(session, "invoice rounding", who="anonymous", visit="3")
        assert past_queries(session, "anonymous", "inv") == ["invoice rounding"]
        assert past_queries(session, "xtreme", "inv") == []
        assert past_queries(session, "anonymous", "pal") == []


@pytest.mark.parametrize(
    "text",
    [
        "invoice of anna@xtreme.example",
        "invoice 4929123456781234",
        "invoice 4929 1234 5678",
        "invoice 0039-06-1234567",
        "invoice " + "x" * 80,
    ],
)
def test_what_may_be_private_is_not_suggested(database: Database, text: str) -> None:
    with database.counters() as session:
        _three(session, text)
        assert past_queries(session, "anonymous", "inv") == []


def test_what_found_nothing_is_not_suggested(database: Database) -> None:
    with database.counters() as session:
        _three(session, "invoice", total=0)
        assert past_queries(session, "anonymous", "inv") == []


def test_signs_in_what_is_typed_are_only_signs(database: Database) -> None:
    with database.counters() as session:
        _three(session, "100% tax_line")
        assert past_queries(session, "anonymous", "100%") == ["100% tax_line"]
        assert past_queries(session, "anonymous", "%") == []
        assert past_queries(session, "anonymous", "100_") == []
