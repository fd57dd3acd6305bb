"""D1: no query, however built, is answered late or with an error; it says so or finds nothing."""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

WORST = 1.0  # seconds; the median of three, on a machine that does other things too

OWN = {
    "nothing": "", "space": "   ", "NUL": "a\0b", "only operators": "AND OR NOT", "minus": "-", "minuses": "-" * 200,
    "quote": '"', "star in quotes": '"a* b"', "wildcards": "???*???", "one letter": "a", "prefixes": "abc* abd* abe*",
    "field alone": "product:", "field of nothing": "xyz:abc", "range": "updated:>", "bad date": "updated:>9999-99",
    "year zero": "updated:0000-00", "far": "updated:>99999999999", "huge version": "version:" + "9" * 300,
    "nested": "(" * 200 + "a" + ")" * 200, "unclosed": "((((a", "emoji": "🙂" * 100, "combining": "e" + "\u0301" * 3000,
    "right to left": "\u202eabc", "surrogates": "%ed%a0%80", "traversal": "../../etc/passwd", "sql": "' OR 1=1 --",
    "percent": "%", "underscores": "_" * 300, "template": "{{7*7}}", "format": "%s%s%n%(x)s", "tabs": "\t\n\r" * 50,
    "long word": "a" * 3999, "many words": "word " * 800, "long CJK": "漢" * 1300, "zero width": "\u200b" * 500,
    "or chain": " OR ".join(["invoice"] * 100), "nots": "-a " * 100,
    "all prefixes": " ".join(f"{c}aa*" for c in "abcdefghij"),
    "same word": "invoice " * 16, "fuzzy": "invoice~9", "slop": '"invoice rounding"~99999', "boost": "invoice^1e308",
    "paste": "java.lang.NullPointerException\n" + "\tat com.example.A.b(A.java:1)\n" * 120,
}  # fmt: skip


def collected(folder: Path) -> dict[str, str]:
    cases = json.loads((folder / "security" / "search" / "hostile_queries.json").read_text("utf-8"))["cases"]

    def text(case: dict[str, Any]) -> str:
        return case["q"] if "q" in case else "".join(piece * count for piece, count in case["parts"])

    return {case["id"]: text(case) for case in cases}


@pytest.fixture
def queries(data_folder: Path) -> dict[str, str]:
    return {**OWN, **collected(data_folder)}


def timed(client: FlaskClient, address: str, text: str) -> Iterator[tuple[float, int]]:
    for _ in range(3):
        started = time.perf_counter()
        answer = client.get(address, query_string={"q": text}, headers={"User-Agent": "Mozilla/5.0"})
        yield time.perf_counter() - started, answer.status_code
        answer.close()


@pytest.mark.data
@pytest.mark.parametrize("address", ["/search", "/search/suggest"])
@pytest.mark.parametrize("name", ["anonymous", "elena", "sara"])
def test_hostile_queries_are_answered_in_time(
    browser: Callable[[str], FlaskClient], queries: dict[str, str], address: str, name: str
) -> None:
    client, bad = browser(name), {}
    for label, text in queries.items():
        answers = list(timed(client, address, text))
        seconds = statistics.median(elapsed for elapsed, _ in answers)
        if seconds >= WORST or any(status not in (200, 400) for _, status in answers):
            bad[label] = (round(seconds, 2), [status for _, status in answers])
    assert bad == {}


ARGUMENTS = ("page", "sort", "kind", "product", "version", "language", "lang", "tag", "updated", "exact", "after", "q")
ODD = ("", "0", "-1", "1e9", "99999999999999999999", "1" * 5000, "NaN", "١٢", "null", "[]", "a\0", "\u202e", "x" * 300,
       "'", "..", "true", "🙂", "%s", "\ud7ff", "premium@ledger", "*")  # fmt: skip


LISTS = {
    "/search": ARGUMENTS,
    "/search/suggest": ("q",),
    "/kb/all": ("after", "sort"),
    "/kb/products/ledger": ("after", "sort"),
    "/kb/feed.atom": ("lang",),
}


def test_odd_parameters_are_no_error(browser: Callable[[str], FlaskClient]) -> None:
    """Of every list and search: ignored, or refused with a page. Each alone, and all at once."""
    client, bad = browser("elena"), {}
    for address, arguments in LISTS.items():
        asked = [{argument: value} for argument in arguments for value in ODD[:: 5 if len(arguments) > 2 else 1]]
        asked += [dict.fromkeys(arguments, value) for value in ODD]
        for query in asked:
            answer = client.get(address, query_string={"q": "invoice", **query})
            if answer.status_code not in (200, 400, 404):
                bad[f"{address} {query!r:.80}"] = answer.status_code
            answer.close()
    assert bad == {}


def test_staff_lists_take_odd_parameters(browser: Callable[[str], FlaskClient]) -> None:
    client, bad = browser("ada"), {}
    lists = {
        "people": ("q", "after"),
        "organisations": ("q", "after"),
        "audit": ("q", "before"),
        "people/new": ("organisation",),
    }
    for address, arguments in lists.items():
        for argument in arguments:
            for value in ODD:
                answer = client.get(f"/staff/{address}", query_string={argument: value})
                if answer.status_code not in (200, 400, 404):
                    bad[f"{address}?{argument}={value[:40]!r}"] = answer.status_code
                answer.close()
    assert bad == {}


def test_the_same_parameter_a_thousand_times(browser: Callable[[str], FlaskClient]) -> None:
    client = browser("elena")
    for argument in ARGUMENTS:
        started = time.perf_counter()
        answer = client.get("/search?q=invoice&" + "&".join(f"{argument}=v{n}" for n in range(1000)))
        assert answer.status_code in (200, 400), argument
        assert time.perf_counter() - started < 3 * WORST, argument
