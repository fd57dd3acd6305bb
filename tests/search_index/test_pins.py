"""Pinned answers: first, once, counted, within the filters, and only for those who may read them."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from sqlalchemy.orm import Session

from search_index.editing import pinning
from search_index.engine import SearchEngine, Sort
from search_index.memory_engine import MemoryEngine
from search_index.page import SearchPage, SearchRequest
from search_index.service import SearchService
from search_index.whoosh_engine import WhooshEngine
from sportello.core.errors import Forbidden, Invalid
from tests.search_index.contract.cast import CAST, NOW, doc, only, ref
from tests.search_index.shelf import Shelf, viewer
from tests.search_index.test_synonyms_edited import AGENT, EDITOR

MANY = [doc(f"many{number:02}", "public", f"Widget {number}", "widget", days=number) for number in range(25)]


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture(scope="module", params=["memory", "whoosh"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SearchService:
    folder = tmp_path_factory.mktemp("pins")
    engine: SearchEngine = MemoryEngine() if request.param == "memory" else WhooshEngine(folder / "index")
    engine.rebuild([*CAST, *MANY])
    return SearchService(engine, (Shelf.of([*CAST, *MANY]),))


def pin(session: Session, query: str, *keys: str, language: str = "en") -> None:
    for key in keys:
        pinning.add_pin(session, EDITOR, language, query, ref(key))


def find(service: SearchService, session: Session, text: str, who: str = "Sara", **more: Any) -> SearchPage:
    return service.search(session, viewer(who), SearchRequest(text, **more))


def keys(page: SearchPage) -> list[str]:
    return [entry.row.slug for entry in page.entries]


def picked(page: SearchPage) -> list[str]:
    return [entry.row.slug for entry in page.entries if entry.picked]


def counts(page: SearchPage, name: str) -> dict[str, int]:
    return {value.value: value.count for facet in page.facets if facet.name == name for value in facet.values}


def test_a_pin_that_is_a_hit_stands_first_and_once(service: SearchService, session: Session) -> None:
    before = find(service, session, "invoice")
    assert keys(before)[0] != "elite"
    pin(session, "invoice", "elite")
    after = find(service, session, "invoice")
    assert keys(after) == ["elite", *(key for key in keys(before) if key != "elite")]
    assert picked(after) == ["elite"]
    assert (after.total, after.facets) == (before.total, before.facets), "it was found anyway"
    assert [entry.position for entry in after.entries] == list(range(1, len(after.entries) + 1))


def test_a_pin_that_is_no_hit_belongs_to_the_results(service: SearchService, session: Session) -> None:
    before = find(service, session, "invoice")
    pin(session, "invoice", "pallet")
    after = find(service, session, "invoice")
    assert keys(after) == ["pallet", *keys(before)]
    assert after.total == before.total + 1
    assert counts(after, "kind")["how-to"] == counts(before, "kind").get("how-to", 0) + 1
    assert counts(after, "product") == {**counts(before, "product"), "harbor": 1}
    chosen = find(service, session, "invoice", filters=only(products=["harbor"]))
    assert keys(chosen) == ["pallet"], "the facet counts what choosing it shows"
    assert chosen.total == 1


def test_a_search_in_vain_with_a_pin_has_found_something(service: SearchService, session: Session) -> None:
    pin(session, "xyzzy plugh", "pallet", "rounding")
    page = find(service, session, "plugh xyzzy")
    assert keys(page) == ["pallet", "rounding"]
    assert page.total == 2
    assert page.spelling is None


def test_other_forms_and_another_order_are_the_same_wording(service: SearchService, session: Session) -> None:
    pin(session, "split the pallets", "backup")
    for text in ("split the pallets", "Splitting pallet", "pallets: how to split?", "pallet split"):
        assert picked(find(service, session, text)) == ["backup"], text
    for text in (
        "pallet",
        "split pallet dock",
        '"split pallet"',
        "split OR pallet",
        "split pallet -dock",
        "split pal*",
    ):
        assert picked(find(service, session, text)) == [], text


def test_a_pin_is_of_its_language(service: SearchService, session: Session) -> None:
    pin(session, "fattura", "italian", language="it")
    assert picked(find(service, session, "fatture", language="it")) == ["italian"]
    assert picked(find(service, session, "fatture", language="en")) == []


def test_filters_are_respected(service: SearchService, session: Session) -> None:
    pin(session, "invoice", "pallet", "rounding")
    assert picked(find(service, session, "invoice", filters=only(kinds=["how-to"]))) == ["pallet"]
    assert picked(find(service, session, "invoice product:ledger")) == ["rounding"]
    assert picked(find(service, session, "invoice", filters=only(languages=["it"]))) == ["rounding"]
    assert picked(find(service, session, "invoice", period="month")) == ["rounding"]
    assert picked(find(service, session, "invoice", filters=only(kinds=["known-problem"]))) == []


def test_without_results_the_pins_outside_the_filters_are_told(service: SearchService, session: Session) -> None:
    pin(session, "xyzzy", "pallet")
    page = find(service, session, "xyzzy", filters=only(kinds=["reference"]))
    assert page.total == 0
    assert page.unfiltered_total == 1


def test_pages_go_on_behind_the_pins(service: SearchService, session: Session) -> None:
    before = [key for number in (1, 2, 3) for key in keys(find(service, session, "widget", page=number))]
    pin(session, "widget", "many07", "pallet")
    pages = [find(service, session, "widget", page=number) for number in (1, 2, 3)]
    whole = [key for page in pages for key in keys(page)]
    assert whole == ["many07", "pallet", *(key for key in before if key != "many07")]
    assert {page.total for page in pages} == {26}
    assert [len(page.entries) for page in pages] == [10, 10, 6]
    assert [picked(page) for page in pages] == [["many07", "pallet"], [], []]
    positions = [entry.position for page in pages for entry in page.entries]
    assert positions == list(range(1, 27))
    assert keys(find(service, session, "widget", page=99)) == keys(pages[2])


def test_other_orders_know_no_pins(service: SearchService, session: Session) -> None:
    before = [keys(find(service, session, "invoice", sort=sort)) for sort in (Sort.NEWEST, Sort.HELPFUL)]
    pin(session, "invoice", "pallet")
    pages = [find(service, session, "invoice", sort=sort) for sort in (Sort.NEWEST, Sort.HELPFUL)]
    assert [keys(page) for page in pages] == before
    assert [picked(page) for page in pages] == [[], []]


@pytest.mark.parametrize("who", ["anonymous", "Anna", "Piero"])
@pytest.mark.parametrize("text", ["invoice", "xyzzy", "invoyce"])
def test_whom_it_is_not_for_sees_no_trace_of_a_pin(
    service: SearchService, session: Session, who: str, text: str
) -> None:
    def seen() -> object:
        page = find(service, session, text, who)
        return keys(page), page.total, page.facets, page.spelling, page.unfiltered_total, page.notices

    before = seen()
    pin(session, text, "elite", "staff")
    assert seen() == before
    assert picked(find(service, session, text, "Sara")) == ["elite", "staff"]


def test_a_pin_for_some_is_first_for_those(service: SearchService, session: Session) -> None:
    pin(session, "invoice", "staff", "elite", "closing")
    assert picked(find(service, session, "invoice", "Elena")) == ["elite", "closing"]
    assert picked(find(service, session, "invoice", "Piero")) == ["closing"]


def test_a_pin_to_what_is_gone_shows_nothing(service: SearchService, session: Session) -> None:
    before = find(service, session, "invoice")
    pin(session, "invoice", "was-deleted")
    after = find(service, session, "invoice")
    assert (keys(after), after.total, after.facets) == (keys(before), before.total, before.facets)


def test_at_most_three_and_each_once(session: Session) -> None:
    pin(session, "invoice", "rounding", "pallet")
    with pytest.raises(Invalid, match="pinned to these words already"):
        pin(session, "Invoices", "pallet")
    pin(session, "the invoices", "backup")
    with pytest.raises(Invalid, match="3 articles"):
        pin(session, "invoicing", "closing")


@pytest.mark.parametrize("text", ["", "   ", '"invoice total"', "invoice -total", "inv*", "product:ledger"])
def test_only_words_can_be_pinned(session: Session, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        pin(session, text, "pallet")
    assert refused.value.field == "query"


def test_the_order_can_be_changed(service: SearchService, session: Session) -> None:
    pin(session, "invoice", "rounding", "pallet", "backup")
    last = next(row for row in pinning.all_pins(session) if row.ref == "article:backup")
    pinning.raise_pin(session, EDITOR, last.key)
    session.flush()
    assert picked(find(service, session, "invoice")) == ["backup", "rounding", "pallet"]
    removed = pinning.remove_pin(session, EDITOR, last.key)
    assert picked(find(service, session, "invoice")) == ["rounding", "pallet"]
    assert removed["ref"] == "article:backup"


def test_only_editors_pin(session: Session) -> None:
    with pytest.raises(Forbidden):
        pinning.add_pin(session, AGENT, "en", "invoice", ref("pallet"))
    with pytest.raises(Forbidden):
        pinning.add_pin(session, viewer("Elena"), "en", "invoice", ref("pallet"))
