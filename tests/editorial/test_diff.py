"""The difference of two texts can be undone both ways, is quick on hostile texts, and marks the words that changed."""

import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from editorial.diff import word_diff
from editorial.rows import Difference, Op, Side

LINES = st.lists(st.sampled_from(["", "a", "b", "a b c", "a b d", "one two three", "one two four", "## C", " x"]))
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXTS = LINES.map("\n".join) | st.text(max_size=120)


def before_of(found: Difference) -> str:
    """What is left without the insertions."""
    return "\n".join(side_text(row.before, Op.INSERTED) for row in found.rows if row.before)


def after_of(found: Difference) -> str:
    return "\n".join(side_text(row.after, Op.DELETED) for row in found.rows if row.after)


def side_text(side: Side, without: Op) -> str:
    return "".join(piece.text for piece in side.pieces if piece.op is not without)


@patient
@given(TEXTS, TEXTS)
@example("", "")
@example("a\n\nb\n", "a\nb\n\n")
@example("one two", "one two\n")
def test_without_insertions_it_is_the_text_before_and_without_deletions_the_text_after(old: str, new: str) -> None:
    found = word_diff(old, new)
    assert before_of(found) == old
    assert after_of(found) == new
    assert [row.before.number for row in found.rows if row.before] == list(range(1, old.count("\n") + 2))
    assert [row.after.number for row in found.rows if row.after] == list(range(1, new.count("\n") + 2))


@patient
@given(TEXTS, TEXTS)
def test_what_is_said_to_be_the_same_is_the_same_on_both_sides(old: str, new: str) -> None:
    for row in word_diff(old, new).rows:
        same = [
            "".join(piece.text for piece in side.pieces if piece.op is Op.SAME)
            for side in (row.before, row.after)
            if side is not None
        ]
        assert len(set(same)) <= 1


@patient
@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    found = word_diff(text, text)
    assert not any(row.changed for row in found.rows)
    assert (found.added, found.removed) == (0, 0)


@patient
@given(TEXTS, TEXTS)
def test_folding_loses_no_line(old: str, new: str) -> None:
    found = word_diff(old, new)
    stretches = found.folded()
    assert [row for stretch in stretches for row in stretch.rows] == list(found.rows)
    assert not any(row.changed for stretch in stretches if stretch.folded for row in stretch.rows)


def test_only_the_words_that_changed_are_marked() -> None:
    found = word_diff("Confirm with the name of the company.", "Confirm with the number of the company.")
    (row,) = found.rows
    assert row.before
    assert row.after
    assert [piece.text for piece in row.before.pieces if piece.op is Op.DELETED] == ["name"]
    assert [piece.text for piece in row.after.pieces if piece.op is Op.INSERTED] == ["number"]


def test_a_reworded_line_stands_beside_its_former_self_and_a_new_one_alone() -> None:
    found = word_diff(
        "## Resolution\nConfirm with the name of the company.\nEnd.",
        "## Resolution\nTake out the switch and confirm with the name of the company.\nSend all documents again.\nEnd.",
    )
    sides = [(row.before and row.before.number, row.after and row.after.number) for row in found.rows]
    assert sides == [(1, 1), (2, 2), (None, 3), (3, 4)]
    assert (found.added, found.removed) == (2, 1)


def test_a_line_that_moved_leaves_and_arrives() -> None:
    found = word_diff("first\nsecond\nthird", "second\nthird\nfirst")
    assert (found.added, found.removed) == (1, 1)


def test_unchanged_lines_far_from_a_change_are_folded() -> None:
    lines = [f"line {n}" for n in range(40)]
    found = word_diff("\n".join(lines), "\n".join([*lines[:20], "new", *lines[20:]]))
    stretches = found.folded()
    assert [(stretch.folded, len(stretch.rows)) for stretch in stretches] == [(True, 17), (False, 7), (True, 17)]


HALF = 131_000
HOSTILE = {
    "few words, many lines": ("a\nb\n" * (HALF // 2), "b\na\n" * (HALF // 2)),
    "a hundred lines again and again": (
        "".join(f"{n % 100}\n" for n in range(90_000)), "".join(f"{n % 101}\n" for n in range(88_000))
    ),
    "every second line changed": (
        "".join(f"line {n} of the text\n" for n in range(12_000)),
        "".join(f"line {n if n % 2 else -n} of the text\n" for n in range(12_000)),
    ),
    "one long line": ("word " * 50_000, "ward " * 50_000),
    "one long line of different words": (
        " ".join(f"w{n}" for n in range(40_000)), " ".join(f"w{n * 7 % 40_000}" for n in range(40_000))
    ),
    "upside down": (
        "".join(f"line {n}\n" for n in range(24_000)), "".join(f"line {n}\n" for n in reversed(range(24_000)))
    ),
    "blank lines": ("\n" * 200_000, "\n" * 100_000 + "x" + "\n" * 100_000),
    "blocks of blank and different": (
        "".join(f"\n\n{n}\n" for n in range(30_000)), "".join(f"\n\n{n + 30_000}\n" for n in range(30_000))
    ),
    "many lines of some words": (
        "".join(f"the total of invoice {n} is off by one cent here\n" for n in range(5_000)),
        "".join(f"the sum of invoice {n} was off by two cents there\n" for n in range(5_000)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_texts_of_a_quarter_of_a_million_characters_take_no_time(name: str) -> None:
    old, new = HOSTILE[name]
    start = time.process_time()
    found = word_diff(old, new)
    spent = time.process_time() - start
    assert before_of(found) == old
    assert after_of(found) == new
    assert spent < 5, f"{spent:.2f} s"
