"""Sorting, paging and ties: the same question has one answer, page by page."""

from search_index.engine import SearchEngine, Sort
from tests.search_index.contract.cast import SARA, ask, doc, keys


def test_newest_first(engine: SearchEngine) -> None:
    results = ask(engine, "invoice", SARA, sort=Sort.NEWEST, limit=100)
    found = keys(results)
    assert found[:3] == ["staff", "elite", "closing"]
    assert results.total == len(found)


def test_most_helpful_first(engine: SearchEngine) -> None:
    assert keys(ask(engine, "invoice", SARA, sort=Sort.HELPFUL))[:2] == ["closing", "rounding"]


def test_every_order_has_the_same_documents(engine: SearchEngine) -> None:
    orders = [set(keys(ask(engine, "invoice", SARA, sort=sort, limit=100))) for sort in Sort]
    assert orders[0] == orders[1] == orders[2]


def test_ties_end_in_newest_and_then_ref(empty: SearchEngine) -> None:
    same = {"title": "The same title", "body": "the same words"}
    empty.rebuild(
        [
            doc("b", "public", **same, days=2),
            doc("a", "public", **same, days=2),
            doc("d", "public", **same, days=3),
            doc("c", "public", **same, days=1),
        ]
    )
    for sort in Sort:
        assert keys(ask(empty, "same title", sort=sort)) == ["c", "a", "b", "d"], sort
    assert keys(ask(empty, "")) == ["c", "a", "b", "d"]


def test_pages_neither_repeat_nor_miss(empty: SearchEngine) -> None:
    empty.rebuild(
        [
            doc(
                f"d{number:02}",
                "public" if number % 2 else "premium",
                f"Item {number % 3}",
                "alpha",
                days=number % 4,
            )
            for number in range(23)
        ]
    )
    for sort in Sort:
        for text in ("alpha", "alpha item", ""):
            whole = keys(ask(empty, text, sort=sort, limit=100))
            assert len(whole) == len(set(whole)) == 23
            pages = [ask(empty, text, sort=sort, offset=start, limit=5) for start in range(0, 30, 5)]
            assert [key for page in pages for key in keys(page)] == whole
            assert {page.total for page in pages} == {23}


def test_a_page_past_the_end_is_empty_with_the_total(engine: SearchEngine) -> None:
    results = ask(engine, "invoice", SARA, offset=1000)
    assert results.hits == ()
    assert results.total > 0
