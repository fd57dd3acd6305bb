"""Whatever is typed, the parser answers, and quickly."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from search_index.query.links import with_filter, without_filters
from search_index.query.parser import parse
from search_index.query.tree import AllOf, AnyOf, Node, Phrase, Word

HOSTILE = [
    "(" * 5000 + "a" + ")" * 5000,
    "NOT " * 2000 + "a",
    "NOT " * 15 + "a",
    "w OR " * 2000 + "w",
    "a" * 200_000,
    '"' * 1001,
    ":" * 5000,
    "\\" * 5000,
    "*?" * 100,
    "title:" * 40,
    "-" * 255,
    "\x00" * 300,
    "\ud800 \udfff",
    "ﷺ" * 4000,
    "a^99999 b~9 [a TO b] /(a+)+$/ *:*",
    "OR AND NOT",
    "NOT NOT NOT",
    "-() -(-()) ()",
    "updated:>99999 updated:>=9999-12-31 updated:0001",
]
SYNTAX = [
    "(",
    ")",
    '"',
    "-",
    "*",
    ":",
    " ",
    "OR",
    "AND",
    "NOT",
    "title:",
    "product:",
    "updated:>",
    "a",
    "bc",
    "\\",
    "'",
]


def _words(node: Node) -> list[str]:
    if isinstance(node, Word):
        return [node.text]
    if isinstance(node, Phrase):
        return list(node.words)
    assert isinstance(node, AnyOf | AllOf)
    return [text for child in node.nodes for text in _words(child)]


def _check(text: str) -> None:
    started = time.thread_time()
    query = parse(text)
    assert time.thread_time() - started < 0.25, text[:80]
    for node in (*query.nodes, *query.excluded):
        assert all(0 < len(found) <= 128 and not found.isspace() for found in _words(node))
    for message, params in query.notices:
        assert message % params


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_hostile_text_parses_in_milliseconds(text: str) -> None:
    _check(text)


@pytest.mark.data
def test_the_collected_hostile_queries_parse_in_milliseconds(data_folder: Path) -> None:
    cases = json.loads((data_folder / "security/search/hostile_queries.json").read_text())["cases"]
    for case in cases:
        _check(case.get("q") or "".join(part * count for part, count in case["parts"]))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=400))
@example("\x00\ud800")
def test_no_text_raises(text: str) -> None:
    _check(text)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(SYNTAX), max_size=60).map("".join))
def test_no_arrangement_of_operators_raises(text: str) -> None:
    _check(text)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(SYNTAX), max_size=30).map("".join), st.sampled_from(["ledger", "a b"]))
def test_a_filter_can_be_added_and_taken_out_of_any_text(text: str, value: str) -> None:
    added = with_filter(without_filters(text), "tag", value)
    query = parse(added)
    if not query.plain and '"' not in text and "(" not in text:
        assert value in query.filters.tags
    assert parse(without_filters(added)).filters == parse(without_filters(text)).filters


def test_taking_out_one_field_leaves_the_others() -> None:
    text = 'product:ledger rounding kind:"how-to" title:vat'
    assert without_filters(text, "product") == 'rounding kind:"how-to" title:vat'
    assert without_filters(text) == "rounding title:vat"
    assert with_filter("rounding", "version", "ledger 15.1") == 'version:"ledger 15.1" rounding'
    assert with_filter("rounding tag:vat", "tag", "VAT") == "rounding tag:vat"
