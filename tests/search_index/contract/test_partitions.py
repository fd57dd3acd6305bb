"""A viewer's partitions are the only source of hits, totals, facets, suggestions and corrections."""

import pytest

from search_index.documents import SearchDocument
from search_index.engine import Change, SearchEngine
from search_index.query.parser import parse
from tests.search_index.contract.cast import (
    ANNA,
    ANONYMOUS,
    CAST,
    ELENA,
    EVERYBODY,
    PIERO,
    SARA,
    ask,
    doc,
    keys,
    only,
    ref,
)

FACETS = ("kind", "product", "version", "language", "updated")
SECRETS = {
    "quasar": "closing",
    "zephyr": "narrow",
    "obsidian": "elite",
    "umbrella": "mulino",
    "marzipan": "staff",
}


def _may_read(who: frozenset[str], document: SearchDocument) -> bool:
    return "*" in who or document.audience in who


@pytest.mark.parametrize("name", EVERYBODY)
def test_everything_found_is_exactly_what_one_may_read(engine: SearchEngine, name: str) -> None:
    who = EVERYBODY[name]
    results = ask(engine, "", who, limit=100)
    expected = {document.ref.key for document in CAST if _may_read(who, document)}
    assert set(keys(results)) == expected
    assert results.total == len(expected)


@pytest.mark.parametrize("name", EVERYBODY)
@pytest.mark.parametrize("word", SECRETS)
def test_a_secret_word_is_found_only_by_its_readers(engine: SearchEngine, name: str, word: str) -> None:
    secret = next(document for document in CAST if document.ref.key == SECRETS[word])
    expected = [SECRETS[word]] if _may_read(EVERYBODY[name], secret) else []
    for query in (word, f'"{word}"', f"{word[:4]}*", f"{word} OR nothing"):
        results = ask(engine, query, EVERYBODY[name], facets=FACETS)
        assert keys(results) == expected, query
        assert results.total == len(expected)
        assert results.facets is not None
        assert sum(results.facets["kind"].values()) == len(expected)


@pytest.mark.parametrize("name", EVERYBODY)
def test_facets_count_the_readable_documents(engine: SearchEngine, name: str) -> None:
    who = EVERYBODY[name]
    readable = [document for document in CAST if _may_read(who, document)]
    facets = ask(engine, "", who, facets=FACETS).facets
    assert facets is not None
    assert facets["kind"] == _count([document.kind for document in readable])
    assert facets["product"] == _count([code for document in readable for code in document.products])
    assert facets["version"] == _count([code for document in readable for code in document.versions])
    assert facets["language"] == _count([code for document in readable for code in document.texts])


def _count(values: list[str]) -> dict[str, int]:
    return {value: values.count(value) for value in set(values)}


def test_suggestions_come_from_readable_titles(engine: SearchEngine) -> None:
    def suggest(prefix: str, who: frozenset[str]) -> list[str]:
        found = engine.suggest(prefix, audiences=who, language="en", masked=())
        return [found_ref.key for found_ref in found]

    assert suggest("year-end clo", PIERO) == ["closing"]
    assert suggest("year-end clo", ANNA) == []
    assert suggest("internal", SARA) == ["staff"]
    assert suggest("internal", ELENA) == []
    assert suggest("round", ANONYMOUS) == ["rounding"]


def test_corrections_come_from_readable_words(engine: SearchEngine) -> None:
    def correct(text: str, who: frozenset[str]) -> str | None:
        return engine.correct(parse(text), audiences=who, language="en", masked=())

    assert correct("quasarr", PIERO) == "quasar"
    assert correct("quasarr", ANNA) is None
    assert correct("marzipann", SARA) == "marzipan"
    assert correct("marzipann", ELENA) is None


def test_unreadable_documents_do_not_move_the_ranking(empty: SearchEngine) -> None:
    """Term statistics too: thirty hidden documents make `alpha` common, but not for those who cannot read them."""
    visible = [
        doc("one", "public", "Plain one", "alpha text", days=1),
        doc("two", "public", "Plain two", "beta text", days=2),
        doc("three", "public", "Plain three", "beta alpha gamma", days=3),
    ]
    hidden = [doc(f"hidden{number}", "elite", "Hidden", "alpha " * 5) for number in range(30)]
    empty.rebuild(visible)
    before = [(hit.ref, round(hit.score, 6)) for hit in ask(empty, "alpha beta", ANNA).hits]
    empty.rebuild(visible + hidden)
    after = [(hit.ref, round(hit.score, 6)) for hit in ask(empty, "alpha beta", ANNA).hits]
    assert after == before


def test_the_star_partition_holds_every_document(engine: SearchEngine) -> None:
    assert engine.refs("*") == {document.ref for document in CAST}
    assert engine.refs("elite") == {ref("elite")}
    assert engine.refs("org:nobody") == set()


def test_a_masked_document_does_not_exist(engine: SearchEngine) -> None:
    masked = [ref("rounding")]
    results = ask(engine, "rounding", ANONYMOUS, masked=masked, facets=FACETS)
    assert results.total == 0
    assert results.hits == ()
    assert results.facets is not None
    assert all(not counts for counts in results.facets.values())
    assert engine.suggest("round", audiences=ANONYMOUS, language="en", masked=masked) == []
    query = parse("arotondamento")
    assert engine.correct(query, audiences=ANONYMOUS, language="it", masked=masked) is None
    assert engine.correct(query, audiences=ANONYMOUS, language="it", masked=()) == "arrotondamento"


def test_a_move_leaves_one_place_for_the_other(engine: SearchEngine) -> None:
    moved = doc("pallet", "elite", "Splitting a pallet in two", "KB815174")
    engine.apply([Change(moved.ref, moved)])
    assert ask(engine, "pallet", ANONYMOUS).total == 0
    assert keys(ask(engine, "pallet", ELENA)) == ["pallet"]
    assert keys(ask(engine, "pallet", SARA)) == ["pallet"]
    assert engine.refs("public") == {ref("rounding"), ref("italian")}
    assert engine.refs("elite") == {ref("elite"), ref("pallet")}


def test_an_audience_that_nothing_has_is_empty(engine: SearchEngine) -> None:
    assert ask(engine, "invoice", frozenset({"org:nobody"})).total == 0
    assert ask(engine, "", frozenset(), filters=only(kinds=["solution"])).total == 0
