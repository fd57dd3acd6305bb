"""Snippets show why a hit matched, escaped, in either language."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from search_index.query.parser import parse
from search_index.snippets import Highlighter
from search_index.sources import Row
from sportello.core.types import Ref


def row(text: str, title: str = "A title", language: str = "en", summary: str = "") -> Row:
    return Row(
        ref=Ref("article", "a"), kind="solution", slug="a", title=title, path="/kb/a", language=language,
        text=text, summary=summary,
    )  # fmt: skip


def snippets(query: str, text: str, language: str = "en") -> list[str]:
    return [str(found) for found in Highlighter(parse(query)).snippets(row(text, language=language))]


def title(query: str, text: str, language: str = "en") -> str:
    return str(Highlighter(parse(query)).title(row("", title=text, language=language)))


def test_words_are_marked_in_their_other_forms() -> None:
    assert title("invoice rounding", "Rounded invoices") == "<mark>Rounded</mark> <mark>invoices</mark>"
    assert title("fattura", "Le fatture", "it") == "Le <mark>fatture</mark>"
    assert title("possibilita", "La possibilità", "it") == "La <mark>possibilità</mark>"
    assert title("happiness", "A happy man") == "A <mark>happy</mark> man"


def test_only_whole_words_are_marked() -> None:
    assert title("port", "Important ports reported") == "Important <mark>ports</mark> reported"


def test_codes_are_marked_whole_and_by_part() -> None:
    assert title("ORA-00942", "Error ORA-00942") == "Error <mark>ORA</mark>-<mark>00942</mark>"
    assert title("815174", "See KB815174") == "See KB<mark>815174</mark>"
    assert title("kb815174", "See KB815174") == "See <mark>KB815174</mark>"
    assert title("invo*", "All invoices") == "All <mark>invoices</mark>"


def test_stop_words_are_not_marked_unless_they_are_all_there_is() -> None:
    assert title("the invoice", "The invoice of the day") == "The <mark>invoice</mark> of the day"
    assert title("the", "The day") == "<mark>The</mark> day"


def test_everything_is_escaped() -> None:
    assert title("<script>", "<script>alert(1)</script> & co").startswith("&lt;<mark>script</mark>&gt;alert")
    (only,) = snippets("alert", '<img src=x onerror="alert(1)"> & more')
    assert only == "&lt;img src=x onerror=&quot;<mark>alert</mark>(1)&quot;&gt; &amp; more"


def test_the_window_with_the_most_different_words_is_shown() -> None:
    text = "invoice " + "filler words here. " * 60 + "The rounding of the invoice differs. " + "filler. " * 60
    (only,) = snippets("invoice rounding", text)
    assert "The <mark>rounding</mark> of the <mark>invoice</mark> differs." in only
    assert len(only) < 400


def test_a_second_window_shows_the_words_that_the_first_lacks() -> None:
    text = "The gateway refused it. " + "filler words here. " * 60 + "Rounding was the cause. " + "x. " * 300
    first, second = snippets("gateway rounding", text)
    assert "<mark>gateway</mark>" in first
    assert "<mark>Rounding</mark>" in second
    assert first.endswith(("…", "."))


def test_a_cut_says_so_and_falls_between_words() -> None:
    text = "alpha " * 100 + "needle " + "omega " * 100
    (only,) = snippets("needle", text)
    assert only.startswith("…alpha")
    assert only.endswith("omega…")


def test_a_window_begins_at_its_sentence() -> None:
    (only,) = snippets("needle", "filler words. " * 50 + "Here is the needle. And more.")
    assert only.startswith("Here is the <mark>needle</mark>.")


def test_without_a_match_the_beginning_or_the_summary_is_shown() -> None:
    assert snippets("nothing", "The beginning of it.") == ["The beginning of it."]
    highlighter = Highlighter(parse("nothing"))
    assert highlighter.snippets(row("long text", summary="In short.")) == [Markup("In short.")]
    assert snippets("nothing", "") == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.text(max_size=600))
def test_no_text_breaks_out_of_the_marks(query: str, text: str) -> None:
    for found in [*snippets(query, text), title(query, text)]:
        bare = found.replace("<mark>", "").replace("</mark>", "")
        assert "<" not in bare
        assert ">" not in bare
        assert found.count("<mark>") == found.count("</mark>")


@pytest.mark.parametrize("text", ["a" * 100_000, "a " * 50_000, "ab" * 50_000, "à " * 50_000])
def test_long_texts_take_milliseconds(text: str) -> None:
    highlighter = Highlighter(parse("a ab abc à* " + " ".join(f"w{n}" for n in range(20))))
    started = time.thread_time()
    highlighter.snippets(row(text))
    assert time.thread_time() - started < 0.3
