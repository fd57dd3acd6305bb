"""One search, from what was typed to the page that is shown."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from sqlalchemy import event
from sqlalchemy.orm import Session

from search_index import mask
from search_index.documents import Results
from search_index.engine import IndexDamaged, Sort
from search_index.memory_engine import MemoryEngine
from search_index.page import SearchPage, SearchRequest
from search_index.service import SearchService
from sportello.core.types import Ref
from tests.search_index.contract.cast import CAST, NOW, doc, only
from tests.search_index.shelf import Shelf, viewer


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def shelf() -> Shelf:
    return Shelf.of(CAST)


@pytest.fixture
def service(shelf: Shelf) -> SearchService:
    engine = MemoryEngine()
    engine.rebuild(shelf.documents_by_key.values())
    return SearchService(engine, (shelf,))


def find(service: SearchService, session: Session, text: str, who: str = "Sara", **more: Any) -> SearchPage:
    return service.search(session, viewer(who), SearchRequest(text, **more))


def keys(page: SearchPage) -> list[str]:
    return [entry.row.slug for entry in page.entries]


def values(page: SearchPage, name: str) -> dict[str, int]:
    return {value.value: value.count for facet in page.facets if facet.name == name for value in facet.values}


def test_a_hit_shows_why_it_matched(service: SearchService, session: Session) -> None:
    page = find(service, session, "rounding tax")
    first = page.entries[0]
    assert first.row.slug == "rounding"
    assert first.position == 1
    assert str(first.title).startswith("<mark>Rounding</mark> differs")
    assert "<mark>tax</mark>" in first.snippets[0]


def test_the_matching_translation_is_shown(service: SearchService, session: Session) -> None:
    page = find(service, session, "arrotondamento", language="en")
    assert page.entries[0].row.language == "it"
    assert str(page.entries[0].title) == "L&#x27;<mark>arrotondamento</mark> differisce sulle fatture"


def test_nothing_typed_asks_nothing(service: SearchService, session: Session) -> None:
    page = find(service, session, "  ")
    assert not page.asked
    assert page.entries == ()


def test_filters_alone_browse(service: SearchService, session: Session) -> None:
    assert keys(find(service, session, "kind:how-to")) == ["italian", "pallet"]
    assert keys(find(service, session, "", filters=only(kinds=["how-to"]))) == ["italian", "pallet"]
    assert keys(find(service, session, "", period="month", sort=Sort.NEWEST))[:2] == ["staff", "elite"]


def test_filters_of_the_text_and_of_the_form_add_up(service: SearchService, session: Session) -> None:
    page = find(service, session, "invoice product:ledger", filters=only(kinds=["reference"]))
    assert keys(page) == ["narrow"]
    chosen = {facet.name: [value.value for value in facet.chosen] for facet in page.facets}
    assert chosen["product"] == ["ledger"]
    assert chosen["kind"] == ["reference"]


def test_a_proposal_that_is_not_visible_is_left_out(service: SearchService, session: Session, shelf: Shelf) -> None:
    """The index lags: the document was narrowed behind its back and nobody masked it."""
    before = find(service, session, "invoice", "anonymous")
    assert "rounding" in keys(before)
    shelf.documents_by_key["rounding"] = replace(shelf.documents_by_key["rounding"], audience="elite")
    page = find(service, session, "invoice", "anonymous")
    assert "rounding" not in keys(page)
    assert page.total == before.total - 1


def test_what_is_masked_is_not_counted(service: SearchService, session: Session) -> None:
    before = find(service, session, "invoice")
    mask.hide(session, Ref("article", "rounding"))
    page = find(service, session, "invoice")
    assert page.total == before.total - 1
    assert values(page, "kind")["solution"] == values(before, "kind")["solution"] - 1


def test_facets_have_names_and_an_order(service: SearchService, session: Session, cast: Any) -> None:
    page = find(service, session, "", filters=only(products=["ledger"]))
    facets = {facet.name: facet for facet in page.facets}
    assert [value.label for value in facets["product"].values] == ["Ledger", "Harbor"]
    assert [value.label for value in facets["kind"].values] == ["Solution", "Known problem", "Reference"]
    assert [value.label for value in facets["version"].values] == ["15.1", "15.0"]
    assert [value.label for value in facets["language"].values] == ["English", "Italiano"]
    assert [value.value for value in facets["updated"].values] == ["month", "year"]
    everything = {facet.name: facet for facet in find(service, session, "", period="year").facets}
    assert [value.label for value in everything["version"].values][:2] == ["Harbor 4.2", "Ledger 15.1"]


def test_a_chosen_value_without_hits_can_still_be_undone(service: SearchService, session: Session) -> None:
    page = find(service, session, "quasar", filters=only(products=["harbor"]))
    assert page.total == 0
    assert page.unfiltered_total == 1
    assert [value.value for facet in page.facets for value in facet.chosen] == ["harbor"]


def test_a_better_spelling_is_offered(service: SearchService, session: Session) -> None:
    page = find(service, session, "invoice roundng")
    assert page.spelling is not None
    assert page.spelling.words == (("invoice", False), ("rounding", True))
    assert not page.spelling.used
    assert page.total > 0


def test_with_nothing_found_the_better_spelling_is_searched(service: SearchService, session: Session) -> None:
    page = find(service, session, "obsidan", "Elena")
    assert page.spelling is not None
    assert page.spelling.used
    assert keys(page) == ["elite"]
    assert "<mark>obsidian</mark>" in page.entries[0].snippets[0]
    exact = find(service, session, "obsidan", "Elena", exact=True)
    assert exact.total == 0
    assert exact.spelling is None
    assert find(service, session, "obsidan", "Anna").spelling is None


def test_pages_of_ten(session: Session) -> None:
    documents = [doc(f"d{number:02}", "public", "An invoice", days=number) for number in range(23)]
    shelf = Shelf.of(documents)
    engine = MemoryEngine()
    engine.rebuild(documents)
    service = SearchService(engine, (shelf,))
    pages = [find(service, session, "invoice", page=number) for number in (1, 2, 3)]
    assert [len(page.entries) for page in pages] == [10, 10, 3]
    assert pages[0].pages == 3
    assert [entry.position for entry in pages[2].entries] == [21, 22, 23]
    past = find(service, session, "invoice", page=999)
    assert past.page == 3
    assert keys(past) == keys(pages[2])
    assert find(service, session, "invoice", page=-4).page == 1


class Damaged(MemoryEngine):
    def search(self, *arguments: Any, **more: Any) -> Results:
        raise IndexDamaged("a segment is cut")


def test_a_damaged_index_falls_back_to_the_database(session: Session, shelf: Shelf) -> None:
    service = SearchService(Damaged(), (shelf,))
    page = find(service, session, "invoice call", "Elena")
    assert page.degraded
    assert keys(page) == ["elite"]
    assert page.notices[0][0].startswith("Search is being repaired")
    assert find(service, session, "invoice call", "Anna").total == 0


def test_no_index_at_all_falls_back_too(session: Session, shelf: Shelf) -> None:
    page = find(SearchService(MemoryEngine(), (shelf,)), session, "quasar")
    assert page.degraded
    assert keys(page) == ["closing"]


@pytest.mark.parametrize("text", ["invoice", "rounding", "invoice roundng", "kind:how-to", "xylophone"])
def test_the_number_of_statements_does_not_depend_on_the_hits(
    service: SearchService, session: Session, text: str
) -> None:
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.extend([arguments[2]] if arguments[2].startswith("SELECT") else [])

    find(service, session, "pallet")  # reads what editors keep, once
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        find(service, session, text)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    # Whether editors changed anything, the mask, the product names; loading the hits is the source's own.
    assert len(statements) == 3


@pytest.mark.parametrize("text", ["(" * 5000, "a" * 200_000, '"' * 999, "*", "-", "NOT NOT", "\x00", "OR", "tag:"])
def test_hostile_text_is_answered(service: SearchService, session: Session, text: str) -> None:
    page = find(service, session, text)
    assert page.total >= 0
    assert page.took.total_seconds() < 1
