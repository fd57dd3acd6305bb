"""Suggestions: titles that one may read, and past queries that find something for this viewer now."""

import pytest
from sqlalchemy.orm import Session

from search_index import mask, suggestions
from search_index.memory_engine import MemoryEngine
from search_index.service import SearchService
from search_index.suggestions import Suggestions, suggest
from sportello.core.types import Ref
from tests.search_index.contract.cast import CAST
from tests.search_index.shelf import Shelf, viewer


@pytest.fixture
def service() -> SearchService:
    engine = MemoryEngine()
    engine.rebuild(CAST)
    return SearchService(engine, (Shelf.of(CAST),))


def typed(
    service: SearchService, session: Session, text: str, who: str = "Sara", past: tuple[str, ...] = ()
) -> Suggestions:
    return suggest(service, session, viewer(who), text, "en", past)


def test_titles_that_begin_like_it(service: SearchService, session: Session) -> None:
    assert [row.slug for row, _ in typed(service, session, "Year-end c").titles] == ["closing"]
    assert typed(service, session, "Year-end c", "Anna").titles == ()


def test_what_was_typed_is_marked(service: SearchService, session: Session) -> None:
    ((_, title),) = typed(service, session, "year-end clo").titles
    assert title == "<mark>Year</mark>-<mark>end</mark> <mark>closing</mark> posted twice"


def test_a_past_query_must_find_something_for_this_viewer(service: SearchService, session: Session) -> None:
    past = ("quasar job", "quasar repair", "nothing at all")
    assert typed(service, session, "qu", "Piero", past).queries == ("quasar job", "quasar repair")
    assert typed(service, session, "qu", "Anna", past[:1]).queries == ()


def test_the_query_itself_is_not_suggested(service: SearchService, session: Session) -> None:
    assert typed(service, session, "Invoice", past=("invoice", "invoice templates")).queries == ("invoice templates",)


def test_past_queries_are_left_out_when_time_runs_out(
    service: SearchService, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suggestions, "BUDGET", -1)
    assert typed(service, session, "Invoice", past=("invoice", "invoice templates")).queries == ()


def test_what_is_masked_is_not_suggested(service: SearchService, session: Session) -> None:
    mask.hide(session, Ref("article", "closing"))
    found = typed(service, session, "year", "Piero", past=("quasar",))
    assert found == Suggestions()


def test_a_title_that_the_database_hides_is_not_suggested(session: Session) -> None:
    engine = MemoryEngine()
    engine.rebuild(CAST)
    service = SearchService(engine, (Shelf.of([]),))
    assert typed(service, session, "year").titles == ()


@pytest.mark.parametrize("text", ["", "a", " \x00 ", "x" * 101, "((((", '"' * 50, "\ud800\udfff"])
def test_odd_input_suggests_nothing(service: SearchService, session: Session, text: str) -> None:
    assert typed(service, session, text) == Suggestions()
