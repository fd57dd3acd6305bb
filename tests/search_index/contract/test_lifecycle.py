"""Changes, deletions, rebuilds: the index equals what it was told last, and no word lingers."""

import sys
import threading

import pytest

from search_index.engine import Change, SearchEngine
from search_index.query.parser import parse
from tests.search_index.contract.cast import ANNA, CAST, SARA, ask, doc, keys, ref

ENGINE_FACETS = ("kind", "product")


def test_an_empty_index_answers_nothing(empty: SearchEngine) -> None:
    results = ask(empty, "invoice", facets=ENGINE_FACETS)
    assert (results.hits, results.total) == ((), 0)
    assert empty.suggest("in", audiences=SARA, language="en", masked=()) == []
    assert empty.correct(parse("invoice"), audiences=SARA, language="en", masked=()) is None
    assert empty.refs("*") == set()


def test_a_new_document_is_found(engine: SearchEngine) -> None:
    engine.apply([Change(ref("new"), doc("new", "xtreme", "A new tangerine"))])
    assert keys(ask(engine, "tangerine", ANNA)) == ["new"]


def test_a_changed_document_is_found_by_its_new_words_only(engine: SearchEngine) -> None:
    engine.apply([Change(ref("closing"), doc("closing", "premium", "Now about tangerines", "nothing else"))])
    assert keys(ask(engine, "tangerines")) == ["closing"]
    assert keys(ask(engine, "quasar")) == []
    assert len(engine.refs("premium")) == 1


@pytest.mark.parametrize("gone", ["deleted", "narrowed", "edited"])
def test_words_that_left_linger_nowhere(engine: SearchEngine, gone: str) -> None:
    document = {
        "deleted": None,
        "narrowed": doc("rounding", "staff", "Rounding differs", "arrotondamento ORA-00942"),
        "edited": doc("rounding", "public", "Something else", "entirely"),
    }[gone]
    engine.apply([Change(ref("rounding"), document)])
    for text in ("arrotondamento", "arrotond*", '"ORA-00942"', "00942", "rounding"):
        results = ask(engine, text, ANNA, facets=ENGINE_FACETS)
        assert results.total == 0, text
    assert engine.suggest("round", audiences=ANNA, language="en", masked=()) == []
    for misspelt in ("arotondamento", "roundingg"):
        assert engine.correct(parse(misspelt), audiences=ANNA, language="it", masked=()) is None


def test_what_was_there_and_left_does_not_move_the_ranking(empty: SearchEngine) -> None:
    """The same answers as a site where it never was: order and scores."""
    kept = [
        doc("one", "public", "alpha", "beta"),
        doc("two", "public", "beta", "alpha alpha"),
        doc("x", "public", "x"),
    ]
    empty.rebuild(kept)
    before = [(hit.ref, round(hit.score, 6)) for hit in ask(empty, "alpha beta", ANNA).hits]
    empty.apply([Change(ref(f"gone{n}"), doc(f"gone{n}", "public", "alpha", "alpha")) for n in range(5)])
    empty.apply([Change(ref(f"gone{n}"), None) for n in range(5)])
    after = [(hit.ref, round(hit.score, 6)) for hit in ask(empty, "alpha beta", ANNA).hits]
    assert [found for found, _ in after] == [found for found, _ in before]


def test_repeating_a_change_changes_nothing(engine: SearchEngine) -> None:
    change = Change(ref("pallet"), next(document for document in CAST if document.ref == ref("pallet")))
    engine.apply([change, change])
    engine.apply([change])
    engine.apply([Change(ref("never"), None)])
    assert keys(ask(engine, "pallet")) == ["pallet"]
    assert engine.refs("*") == {document.ref for document in CAST}


def test_every_batch_publishes_a_higher_number(engine: SearchEngine) -> None:
    first = engine.manifest()
    assert first is not None
    second = engine.apply([Change(ref("pallet"), None)])
    assert second.generation == first.generation
    assert second.number > first.number
    assert engine.manifest() == second
    assert second.partitions["public"] == first.partitions["public"] - 1


def test_a_rebuild_is_a_new_generation(engine: SearchEngine) -> None:
    before = engine.manifest()
    after = engine.rebuild(CAST[:2])
    assert before is not None
    assert after.generation != before.generation
    assert engine.manifest() == after
    assert engine.refs("*") == {document.ref for document in CAST[:2]}
    engine.check()


def test_there_is_a_partition_per_audience_key(engine: SearchEngine) -> None:
    manifest = engine.manifest()
    assert manifest is not None
    assert set(manifest.partitions) - {"*"} == {document.audience for document in CAST}


def test_eight_threads_get_the_single_threaded_answers(engine: SearchEngine) -> None:
    texts = [
        "invoice",
        "rounding error",
        '"posted twice"',
        "pallet OR quasar",
        "obsid*",
        "kind:how-to",
        "-invoice",
    ]
    expected = {text: (keys(ask(engine, text)), ask(engine, text).total) for text in texts}
    wrong: list[str] = []

    def work(start: int) -> None:
        for step in range(21):
            text = texts[(start + step) % len(texts)]
            results = ask(engine, text)
            if (keys(results), results.total) != expected[text]:
                wrong.append(text)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []
