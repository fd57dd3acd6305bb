"""Filters narrow, facets count, and a facet's own filter does not restrict its own counts."""

from datetime import timedelta

from search_index.documents import Filters
from search_index.engine import SearchEngine
from tests.search_index.contract.cast import NOW, SARA, ask, keys, only


def _found(engine: SearchEngine, filters: Filters, text: str = "") -> set[str]:
    results = ask(engine, text, SARA, filters=filters, limit=100)
    assert results.total == len(results.hits)
    return set(keys(results))


def test_each_filter_narrows(engine: SearchEngine) -> None:
    assert _found(engine, only(kinds=["how-to"])) == {"pallet", "italian"}
    assert _found(engine, only(products=["harbor"])) == {"pallet"}
    assert _found(engine, only(languages=["it"])) == {"rounding", "italian"}
    assert _found(engine, only(tags=["vat"])) == {"rounding"}
    assert _found(engine, only(versions=["ledger 15.1"])) == {"rounding", "backup"}


def test_a_version_without_a_product_is_of_any(engine: SearchEngine) -> None:
    assert _found(engine, only(versions=["15.0"])) == {"rounding", "closing"}
    assert _found(engine, only(versions=["4.2"])) == {"pallet"}


def test_values_are_alternatives_and_fields_are_all_required(engine: SearchEngine) -> None:
    assert _found(engine, only(kinds=["how-to", "reference"])) == {"pallet", "italian", "narrow"}
    assert _found(engine, only(kinds=["how-to"], products=["ledger"])) == set()
    assert _found(engine, only(kinds=["reference"], products=["ledger"])) == {"narrow"}


def test_updated_includes_its_start_and_not_its_end(engine: SearchEngine) -> None:
    at = NOW - timedelta(days=5)
    assert "closing" in _found(engine, Filters(updated_from=at))
    assert "closing" not in _found(engine, Filters(updated_to=at))
    assert _found(engine, Filters(updated_to=NOW - timedelta(days=300))) == {"backup"}
    assert _found(engine, Filters(updated_from=at, updated_to=NOW - timedelta(days=2))) == {
        "closing",
        "elite",
    }


def test_filters_work_beside_words_and_in_them(engine: SearchEngine) -> None:
    assert _found(engine, only(kinds=["known-problem"]), "invoice") == {"closing"}
    assert keys(ask(engine, "invoice kind:known-problem")) == ["closing"]


def test_facets_count_what_is_found(engine: SearchEngine) -> None:
    facets = ask(engine, "pallet OR quasar", facets=("kind", "product", "version", "language", "updated")).facets
    assert facets == {
        "kind": {"how-to": 1, "known-problem": 1},
        "product": {"harbor": 1, "ledger": 1},
        "version": {"harbor 4.2": 1, "ledger 15.0": 1},
        "language": {"en": 2},
        "updated": {"month": 1, "year": 2},
    }


def test_only_the_facets_asked_for_are_counted(engine: SearchEngine) -> None:
    facets = ask(engine, "invoice", facets=("kind",)).facets
    assert facets is not None
    assert set(facets) == {"kind"}


def test_the_own_filter_of_a_facet_does_not_restrict_it(engine: SearchEngine) -> None:
    filters = only(kinds=["how-to"])
    facets = ask(engine, "", SARA, filters=filters, facets=("kind", "product")).facets
    everything = ask(engine, "", SARA, facets=("kind",)).facets
    assert facets is not None
    assert everything is not None
    assert facets["kind"] == everything["kind"]
    assert facets["product"] == {"harbor": 1}
    narrowed = ask(
        engine, "", SARA, filters=only(kinds=["how-to"], products=["harbor"]), facets=("kind", "product")
    ).facets
    assert narrowed == {"kind": {"how-to": 1}, "product": {"harbor": 1}}


def test_the_period_filter_does_not_restrict_the_period_counts(engine: SearchEngine) -> None:
    filters = Filters(updated_from=NOW - timedelta(days=30))
    facets = ask(engine, "", SARA, filters=filters, facets=("updated", "product")).facets
    assert facets is not None
    assert facets["updated"] == {"month": 7, "year": 8}
    assert facets["product"] == {"ledger": 3}
