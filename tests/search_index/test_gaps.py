"""What was searched in vain: grouped, counted, and gone when it was dealt with."""

import random
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from sqlalchemy import insert

from search_index.editing.gaps import Gap, GapQuery, Why, find_gaps, guess_product, wordings_of
from search_index.editing.grouping import group_wordings, near_words, one_error
from search_index.editing.wording import group_of
from search_index.models import SearchLog
from sportello.core import clock
from sportello.core.db import Database
from tests.search_index.contract.cast import NOW


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


class Log:
    """A log of searches, written as they happen."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def asked(
        self, query: str, who: str = "one", *, total: int = 0, opened: bool = False, days: float = 1,
        audience: str = "xtreme", language: str = "en",
    ) -> None:  # fmt: skip
        moment = clock.now() - timedelta(days=days)
        with self.database.counters() as session:
            session.add(
                SearchLog(
                    asked_at=moment, month=moment.strftime("%Y-%m"), actor=who, query=query, language=language,
                    audience=audience, total=total, clicked=1 if opened else None,
                )
            )  # fmt: skip

    def gaps(self, decided: dict[tuple[str, str], datetime] | None = None, **asked: object) -> list[Gap]:
        with self.database.read_counters() as session:
            return list(find_gaps(session, GapQuery(**asked), decided or {}).gaps)  # type: ignore[arg-type]

    def names(self, decided: dict[tuple[str, str], datetime] | None = None, **asked: object) -> list[str]:
        return [gap.name for gap in self.gaps(decided, **asked)]


@pytest.fixture
def log(database: Database) -> Log:
    return Log(database)


def test_forms_orders_and_slips_of_the_same_words_are_one_question(log: Log) -> None:
    log.asked("invoice rounding", "anna")
    log.asked("invoice rounding", "piero", audience="premium")
    log.asked("rounding of invoices", "elena", audience="elite")
    log.asked("invoice roundng", "nora", audience="anonymous")
    log.asked("invoice posting", "anna")
    gaps = log.gaps()
    assert [gap.name for gap in gaps] == ["invoice rounding", "invoice posting"]
    assert gaps[0].wordings == ["invoice rounding", "invoice roundng", "rounding of invoices"]
    assert (gaps[0].searchers, gaps[0].searches, gaps[0].why) == (4, 4, Why.FAILED)
    assert list(gaps[0].audiences) == [("anonymous", 1), ("elite", 1), ("premium", 1), ("xtreme", 1)]
    assert gaps[0].key == "en:invoic round"


def test_each_language_has_its_own_stems(log: Log) -> None:
    log.asked("fatture arrotondate", "a", language="it")
    log.asked("fattura arrotondata", "b", language="it")
    log.asked("fattura", "c", language="en")
    assert [(gap.language, gap.searchers) for gap in log.gaps()] == [("it", 2), ("en", 1)]
    assert log.names(language="it") == ["fattura arrotondata"]


def test_a_person_counts_once_however_they_word_it(log: Log) -> None:
    for query in ("pallet split", "split pallet", "splitting pallets", "split palet"):
        log.asked(query, "anna")
    log.asked("pallet split", "piero")
    assert [(gap.searchers, gap.searches) for gap in log.gaps()] == [(2, 5)]


def test_staff_and_bots_are_not_asked_about(log: Log) -> None:
    log.asked("for staff only", audience="staff")
    log.asked("crawler words", audience="bot")
    assert log.gaps() == []


def test_what_may_name_a_person_is_not_shown(log: Log) -> None:
    for query in ("anna@example.org", "order 12345678", "call 02 5550 1200 now", "iban it60x0542811101000000123456"):
        log.asked(query)
    log.asked("invoice anna.rossi@example.org", "b")
    log.asked("error 00942", "c")
    assert log.names() == ["error 00942"]
    assert [gap.wordings for gap in log.gaps()] == [["error 00942"]]


def test_found_but_never_opened_is_a_gap_too(log: Log) -> None:
    log.asked("month end", "anna", total=7)
    log.asked("month ends", "piero", total=7)
    log.asked("year end", "anna", total=7)
    log.asked("year end", "piero", total=7, opened=True)
    gaps = log.gaps()
    assert [(gap.name, gap.why, gap.searchers) for gap in gaps] == [("month end", Why.UNCLICKED, 2)]
    log.asked("pallet", "anna")
    assert log.names(why=Why.FAILED) == ["pallet"]
    assert log.names(why=Why.UNCLICKED) == ["month end"]


def test_a_question_is_answered_when_those_who_failed_open_something(log: Log) -> None:
    log.asked("pallet", "anna", days=3)
    log.asked("pallet", "piero", audience="premium", days=3)
    log.asked("pallet", "piero", audience="premium", total=2, opened=True, days=2)
    assert [gap.audiences for gap in log.gaps()] == [[("xtreme", 1)]], "Premium finds it now, Xtreme does not"
    log.asked("pallets", "anna", total=1, opened=True, days=1)
    assert log.gaps() == []
    log.asked("pallet", "anna")
    assert log.names() == ["pallet"], "and fails again"


def test_period_and_audience(log: Log) -> None:
    log.asked("old words", days=20)
    log.asked("older words still", days=90)
    log.asked("new words", audience="elite")
    assert log.names(period="week") == ["new words"]
    assert set(log.names(period="month")) == {"new words", "old words"}
    assert len(log.names(period="all")) == 3
    assert log.names(audience="elite") == ["new words"]
    assert log.names(audience="anonymous") == []


def test_what_was_dealt_with_returns_only_when_it_fails_again(log: Log) -> None:
    log.asked("split pallet", "anna", days=3)
    log.asked("split palet", "piero", days=3)
    decided = {("en", "pallet split"): clock.now() - timedelta(days=2)}
    assert log.gaps(decided) == []
    log.asked("splitting pallets", "nora", days=1)
    gaps = log.gaps(decided)
    assert [(gap.name, gap.searchers, gap.searches) for gap in gaps] == [("splitting pallets", 1, 1)]
    assert gaps[0].since == decided["en", "pallet split"]
    assert gaps[0].group == "pallet split"


def test_a_decision_covers_wordings_that_lead_later(log: Log) -> None:
    """The group keeps the name under which it was decided, though another wording is the most frequent now."""
    log.asked("palet split", "anna", days=3)
    for who in ("a", "b", "c"):
        log.asked("pallet split", who, days=3)
    decided = {("en", "palet split"): clock.now() - timedelta(days=2)}
    assert log.gaps(decided) == []


def test_what_succeeds_after_the_decision_is_not_in_vain(log: Log) -> None:
    log.asked("split pallet", "anna", days=3)
    decided = {("en", "pallet split"): clock.now() - timedelta(days=2)}
    log.asked("split pallet", "nora", total=3, opened=True, days=1)
    assert log.gaps(decided) == []


def test_the_product_is_guessed_from_the_words(log: Log) -> None:
    log.asked("ledger closing")
    log.asked("closing in vain", "b")
    products = {"ledger": "Ledger", "harbor": "Harbor Gate"}
    assert {gap.name: guess_product(gap, products) for gap in log.gaps()} == {
        "ledger closing": "ledger",
        "closing in vain": None,
    }


def test_the_wordings_of_a_group_can_be_asked_for(log: Log) -> None:
    for query in ("split pallet", "split pallet", "pallet splitting", "other"):
        log.asked(query)
    with log.database.read_counters() as session:
        assert wordings_of(session, "en", "pallet split", ()) == ["split pallet", "pallet splitting"]


@pytest.mark.parametrize(
    ("left", "right", "near"),
    [
        ("rounding", "roundng", True),
        ("invoice", "invocie", True),
        ("pallet", "palletz", True),
        ("pallet", "pallat", True),
        ("pallet", "ballet", False),
        ("order", "older", True),
        ("import", "export", False),
        ("cash", "cast", False),
        ("pallet", "pallet", False),
        ("kb815174", "kb815175", False),
    ],
)
def test_near_words_are_one_error_apart_but_not_at_the_beginning(left: str, right: str, near: bool) -> None:
    assert (right in near_words([left, right]).get(left, [])) is near


def test_one_error_is_told_from_two() -> None:
    letters = random.Random(7)
    for _ in range(2000):
        word = "".join(letters.choice("abc") for _ in range(letters.randint(3, 7)))
        other = "".join(letters.choice("abc") for _ in range(letters.randint(3, 7)))
        from search_index.whoosh_engine.spelling import edit_distance

        assert one_error(word, other) is (edit_distance(word, other, 1) == 1), (word, other)


def test_codes_are_never_taken_for_each_other() -> None:
    groups = group_wordings({"error 00942": 3, "error 00943": 2, "kb815174": 1, "kb815175": 1}, "en")
    assert len(set(groups.values())) == 4


def test_filters_and_stop_words_do_not_make_another_question() -> None:
    assert group_of("how to split the pallet?", "en") == group_of("product:harbor pallets split", "en")
    assert group_of("the", "en") == "the"
    assert group_of("?!", "en") == ""


@pytest.mark.slow
def test_many_searches_are_grouped_quickly(database: Database) -> None:
    """A third of the log of a busy site's month; the limit leaves room for a busy machine."""
    draw = random.Random(3)
    words = ["".join(draw.choice("abcdefghiklmnoprstuv") for _ in range(draw.randint(4, 9))) for _ in range(4000)]

    def wording() -> str:
        return " ".join(words[min(int(draw.paretovariate(0.7)), 3999)] for _ in range(draw.randint(1, 3)))

    rows = [
        {
            "asked_at": NOW - timedelta(minutes=draw.randint(1, 40_000)), "month": "2026-11",
            "actor": str(draw.randrange(9000)), "query": wording(), "language": draw.choice(("en", "it")),
            "audience": draw.choice(("anonymous", "xtreme", "premium", "elite")), "total": draw.choice((0, 5, 5)),
            "clicked": draw.choice((None, 1)),
        }
        for _ in range(30_000)
    ]  # fmt: skip
    with database.counters() as session:
        session.execute(insert(SearchLog), rows)
    with database.read_counters() as session:
        started = time.process_time()
        found = find_gaps(session, GapQuery(), {})
        took = time.process_time() - started
    assert len(found.gaps) == 100
    assert found.total > 1000
    assert took < 8, took
