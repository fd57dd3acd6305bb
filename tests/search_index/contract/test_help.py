"""Suggestions and did-you-mean."""

from search_index.engine import SearchEngine
from search_index.query.parser import parse
from tests.search_index.contract.cast import SARA, doc


def _suggest(engine: SearchEngine, prefix: str, language: str = "en", limit: int = 8) -> list[str]:
    found = engine.suggest(prefix, audiences=SARA, language=language, masked=(), limit=limit)
    return [ref.key for ref in found]


def test_every_typed_word_starts_a_word_of_the_title(engine: SearchEngine) -> None:
    assert _suggest(engine, "inv round") == ["rounding"]
    assert _suggest(engine, "Splitting a pal") == ["pallet"]
    assert _suggest(engine, "inv nothing") == []
    assert _suggest(engine, "nvoice") == []


def test_suggestions_know_both_languages(engine: SearchEngine) -> None:
    assert _suggest(engine, "chius", "it") == ["italian"]
    assert _suggest(engine, "arroton", "en") == ["rounding"]


def test_odd_prefixes_suggest_nothing_or_something_but_never_fail(engine: SearchEngine) -> None:
    for odd in ("", " ", "*", '"', "(", "\\", "-", ":", "a" * 300, "é", "l'"):
        assert len(_suggest(engine, odd)) <= 8


def test_suggestions_are_limited(empty: SearchEngine) -> None:
    empty.rebuild([doc(f"d{number}", "public", f"Rounding number {number}") for number in range(20)])
    assert len(_suggest(empty, "round")) == 8
    assert len(_suggest(empty, "round", limit=3)) == 3


def _correct(engine: SearchEngine, text: str, language: str = "en") -> str | None:
    return engine.correct(parse(text), audiences=SARA, language=language, masked=())


def test_an_unknown_word_is_replaced_by_a_near_one(engine: SearchEngine) -> None:
    assert _correct(engine, "invoice roundng error") == "invoice rounding error"
    assert _correct(engine, "chiusra esercizio", "it") == "chiusura esercizio"


def test_known_words_and_codes_stay(engine: SearchEngine) -> None:
    assert _correct(engine, "invoice rounding") is None
    assert _correct(engine, "LDG_15.2") is None
    assert _correct(engine, "xyzzyqwert") is None


def test_operators_survive_a_correction(engine: SearchEngine) -> None:
    assert _correct(engine, 'kind:solution roundng "on invoices"') == 'kind:solution rounding "on invoices"'
