"""What a query finds: words and their forms, phrases, codes and their parts, both languages."""

import pytest

from search_index.engine import SearchEngine
from tests.search_index.contract.cast import SARA, ask, doc, keys


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ORA-00942", "rounding"),
        ("ora00942", None),
        ("00942", "rounding"),
        ("LDG_15.1", "rounding"),
        ("ldg_15.1", "rounding"),
        ("KB815174", "pallet"),
        ("kb815174", "pallet"),
        ("815174", "pallet"),
        ("0x80070005", "backup"),
        ("restore.exe", "backup"),
        ("C:\\Ledger\\bin\\restore.exe", "backup"),
        ('"ORA-00942"', "rounding"),
    ],
)
def test_codes_are_found_as_typed_and_by_part(engine: SearchEngine, typed: str, found: str | None) -> None:
    first = keys(ask(engine, typed))[:1]
    assert first == ([found] if found else first)


@pytest.mark.parametrize("typed", ["split pallets", "pallet splits", "Splitting PALLET"])
def test_english_words_are_found_in_their_other_forms(engine: SearchEngine, typed: str) -> None:
    assert keys(ask(engine, typed))[0] == "pallet"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("arrotondamenti fattura", "rounding"),
        ("chiudere esercizi contabili", "italian"),
        ("perche importante", "italian"),
        ("perché", "italian"),
        ("esercizio", "italian"),
        ("IVA", "rounding"),
        ("dell’IVA", "rounding"),
    ],
)
def test_italian_is_stemmed_and_accents_do_not_matter(engine: SearchEngine, typed: str, found: str) -> None:
    results = ask(engine, typed, language="it")
    assert keys(results)[0] == found
    assert results.hits[0].language == "it"


def test_a_query_finds_the_other_language_too(engine: SearchEngine) -> None:
    results = ask(engine, "arrotondamento", language="en")
    assert keys(results) == ["rounding"]
    assert results.hits[0].language == "it"


def test_all_terms_rank_above_some(empty: SearchEngine) -> None:
    empty.rebuild(
        [
            doc("some", "public", "Invoice invoice invoice", "invoice " * 40, votes=99, helpful=1.0, days=0),
            doc(
                "all",
                "public",
                "A long guide",
                "word " * 300 + "invoice" + " word" * 300 + " gateway",
                days=900,
            ),
            doc("other", "public", "Gateway", "gateway " * 30),
        ]
    )
    results = ask(empty, "invoice gateway")
    assert keys(results)[0] == "all"
    assert results.total == 3


def test_the_title_counts_more_than_the_body(empty: SearchEngine) -> None:
    filler = "and some more words about other things"
    empty.rebuild(
        [
            doc("body", "public", "Another thing entirely", f"rounding {filler}"),
            doc("title", "public", "Rounding of totals", filler),
        ]
    )
    assert keys(ask(empty, "rounding")) == ["title", "body"]


def test_a_phrase_must_stand_side_by_side(engine: SearchEngine) -> None:
    assert keys(ask(engine, '"posted twice"')) == ["closing"]
    assert keys(ask(engine, '"twice posted"')) == []
    assert keys(ask(engine, '"closing button"')) == []


def test_a_phrase_of_a_word_is_required(engine: SearchEngine) -> None:
    assert keys(ask(engine, '"quasar" invoice')) == ["closing"]


def test_groups_and_alternatives(engine: SearchEngine) -> None:
    assert set(keys(ask(engine, "quasar OR zephyr"))) == {"closing", "narrow"}
    assert keys(ask(engine, "invoice AND quasar")) == ["closing"]
    assert set(keys(ask(engine, "invoice (quasar OR obsidian)"))) == {"closing", "elite"}


def test_what_is_excluded_is_out(engine: SearchEngine) -> None:
    everything = set(keys(ask(engine, "invoice")))
    assert "closing" in everything
    assert set(keys(ask(engine, "invoice -quasar"))) == everything - {"closing"}
    assert set(keys(ask(engine, 'invoice -"posted twice"'))) == everything - {"closing"}
    assert "rounding" not in keys(ask(engine, "fatture OR invoice -arrotondamento"))
    assert "closing" not in keys(ask(engine, "-quasar", limit=100))


def test_a_prefix_goes_on(engine: SearchEngine) -> None:
    assert keys(ask(engine, "obsid*")) == ["elite"]
    assert keys(ask(engine, "bsid*")) == []


def test_title_restricts(engine: SearchEngine) -> None:
    assert set(keys(ask(engine, "title:invoice"))) == {"rounding", "narrow", "staff"}
    assert keys(ask(engine, 'title:"year-end closing"')) == ["closing"]
    assert keys(ask(engine, "title:quasar")) == []


def test_keywords_and_headings_find(engine: SearchEngine, empty: SearchEngine) -> None:
    empty.rebuild([doc("kept", "public", "Nothing", "to see", keywords="LDG-4102 Ledger", headings="Resolution")])
    assert keys(ask(empty, "LDG-4102")) == ["kept"]
    assert keys(ask(empty, "resolution")) == ["kept"]


def test_a_pasted_message_finds_its_article(engine: SearchEngine) -> None:
    message = (
        "2026-11-20 09:14:03 ERROR [worker-3] (pool) Traceback: restore.exe returned 0x80070005 while the service"
        ' was being stopped; "access denied" -- see the log for the failed upgrade of the backup. ' * 3
    )
    results = ask(engine, message)
    assert keys(results)[0] == "backup"


def test_nothing_found_is_nothing(engine: SearchEngine) -> None:
    results = ask(engine, "xylophone", SARA, facets=("kind",))
    assert (results.total, results.hits) == (0, ())
    assert results.facets == {"kind": {}}
