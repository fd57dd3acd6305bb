"""Three versions of a text become one; what both sides touched is marked, nothing gets lost."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editorial.form import ArticleForm
from editorial.merge import BETWEEN, MINE, THEIRS, EditConflict, has_markers, three_way
from editorial.settings import Settings

lines = st.lists(st.sampled_from(["a", "b", "c", "", "## H", "- x"]), max_size=12).map("\n".join)


def test_changes_in_different_places_are_both_kept() -> None:
    merge = three_way("a\nb\nc\nd", "A\nb\nc\nd", "a\nb\nc\nD")
    assert merge.text == "A\nb\nc\nD"
    assert merge.conflicts == ()


def test_changes_in_the_same_place_stand_side_by_side_between_marks() -> None:
    merge = three_way("a\nb\nc", "a\ntheirs\nc", "a\nmine\nc")
    assert merge.text == "\n".join(("a", MINE, "mine", BETWEEN, "theirs", THEIRS, "c"))
    (region,) = merge.conflicts
    assert (region.line, region.base, region.theirs, region.mine) == (2, ("b",), ("theirs",), ("mine",))
    assert has_markers(merge.text)


def test_the_same_change_on_both_sides_is_no_conflict() -> None:
    assert three_way("a\nb", "a\nB\nc", "a\nB\nc").text == "a\nB\nc"


def test_one_removes_what_the_other_changes() -> None:
    merge = three_way("a\nb\nc", "a\nc", "a\nB\nc")
    assert merge.conflicts[0].theirs == ()
    assert merge.conflicts[0].mine == ("B",)


def test_a_heading_underlined_with_equal_signs_is_no_mark() -> None:
    assert not has_markers("Title\n=======\n\ntext <<<<<<< MINE inside")


@given(lines, lines)
def test_if_one_side_changed_nothing_the_other_wins_whole(base: str, changed: str) -> None:
    assert three_way(base, changed, base).text == changed
    assert three_way(base, base, changed).text == changed
    assert three_way(base, changed, changed).text == changed


@given(lines, lines, lines)
def test_no_line_that_somebody_wrote_is_lost(base: str, theirs: str, mine: str) -> None:
    merged = three_way(base, theirs, mine).text.split("\n")
    for side in (theirs, mine):
        added = [line for line in side.split("\n") if line not in base.split("\n")]
        assert not set(added) - set(merged)


@given(lines, lines, lines)
def test_who_asks_decides_only_which_side_stands_first(base: str, theirs: str, mine: str) -> None:
    one, other = three_way(base, theirs, mine), three_way(base, mine, theirs)
    assert [(r.base, r.theirs, r.mine) for r in one.conflicts] == [(r.base, r.mine, r.theirs) for r in other.conflicts]


def test_a_long_text_of_many_equal_lines_is_merged_at_once() -> None:
    body = [f"| {n % 7} | row |" if n % 2 else "" for n in range(4000)]
    theirs, mine = ["new first", *body], [*body[:2000], "in the middle", *body[2000:], "new last"]
    merge = three_way("\n".join(body), "\n".join(theirs), "\n".join(mine))
    assert merge.text.split("\n") == ["new first", *mine]


def form(title: str = "T", **settings: object) -> ArticleForm:
    return ArticleForm(title, "text", "", Settings(**settings))  # type: ignore[arg-type]


def test_settings_are_merged_field_by_field_and_lists_entry_by_entry() -> None:
    base = form(audience="premium", tags=("a", "b"), category="x", verify_days=90)
    theirs = form("Theirs", audience="premium", tags=("a", "b", "c"), category="y", verify_days=30)
    mine = form("T", audience="elite", tags=("b", "d"), category="x", verify_days=60)
    conflict = EditConflict(base, theirs, mine, head_id=7)
    merged = conflict.merged
    assert (merged.title, merged.settings.audience, merged.settings.category) == ("Theirs", "elite", "y")
    assert merged.settings.tags == ("b", "c", "d")
    assert conflict.fields == ("verify_days",)
    assert merged.settings.verify_days == 60


@pytest.mark.parametrize(
    ("typed", "days"), [("", None), ("90", 90), (" 90 ", 90), ("soon", 0), ("-3", 0), (None, None), ("9" * 9, 0)]
)
def test_days_are_a_number_or_nothing(typed: str | None, days: int | None) -> None:
    assert ArticleForm.from_fields({"verify_days": typed}).settings.verify_days == days


def test_what_a_page_sends_comes_back_the_same() -> None:
    sent = form("A  title ", tags=("a", "b"), products=("ledger",), versions=("ledger 15.1",), verify_days=30)
    again = ArticleForm.from_fields(sent.to_fields())
    assert again.title == "A title"
    assert again.settings == sent.settings
    assert ArticleForm.from_fields({"tags": "a, b ,,a"}).settings.tags == ("a", "b")
    assert ArticleForm.from_fields({"markdown": "a\r\nb\rc"}).markdown == "a\nb\nc"
    assert ArticleForm.from_fields({"title": "new"}, sent).settings == sent.settings


@pytest.mark.parametrize("lines_of", [lambda n: n % 100, lambda n: n // 2 if n % 2 else n % 101])
def test_hard_texts_are_merged_in_no_time_and_lose_nothing(lines_of: Callable[[int], int]) -> None:
    base = [f"line {lines_of(number)}" for number in range(30_000)]
    theirs, mine = ["theirs", *base[::-1]], [*base[1::2], *base[::2], "mine"]
    started = time.process_time()
    merged = three_way("\n".join(base), "\n".join(theirs), "\n".join(mine)).text.split("\n")
    assert time.process_time() - started < 5
    assert {"theirs", "mine", *base} <= set(merged)
