"""A difference of two texts as a page shows it: rows of lines, with the words in them that changed."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

CONTEXT = 3  # unchanged lines shown around a change


class Op(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    INSERTED = "ins"
    DELETED = "del"


class Piece(NamedTuple):
    """Some words of a line."""

    op: Op
    text: str


class Side(NamedTuple):
    """A line on one side. `number` counts from 1 (in texts of very many lines a piece may be longer than a line)."""

    number: int
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


class Row(NamedTuple):
    """A line before and after; None where there is none. An unchanged line has the same pieces on both sides."""

    before: Side | None
    after: Side | None

    @property
    def changed(self) -> bool:
        before, after = self
        if before is None or after is None:
            return True
        return before.pieces is not after.pieces


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows that follow each other; `folded` ones are unchanged and far from any change."""

    rows: tuple[Row, ...]
    folded: bool


@dataclass(frozen=True)
class Difference:
    """All rows of two texts, in order."""

    rows: tuple[Row, ...]

    @property
    def added(self) -> int:
        return sum(1 for row in self.rows if row.after and row.changed)

    @property
    def removed(self) -> int:
        return sum(1 for row in self.rows if row.before and row.changed)

    def folded(self, context: int = CONTEXT, keep: Container[int] = ()) -> list[Stretch]:
        """Stretches to show and, between them, unchanged lines to fold away. `keep`: new lines that stay in sight."""
        near = bytearray(len(self.rows))
        for at, row in enumerate(self.rows):
            if row.changed or (row.after and row.after.number in keep):
                first, last = max(0, at - context), min(len(near), at + context + 1)
                near[first:last] = b"\1" * (last - first)
        return [Stretch(tuple(rows), not shown) for shown, rows in _runs(self.rows, near)]


def at_most(stretches: Iterable[Stretch], rows: int) -> tuple[list[Stretch], int]:
    """The first `rows` rows of what is to be shown, and how many are left out."""
    shown: list[Stretch] = []
    left_out = 0
    for stretch in stretches:
        kept = stretch.rows[: max(0, rows)]
        left_out += len(stretch.rows) - len(kept)
        rows -= len(kept)
        if kept:
            shown.append(Stretch(kept, stretch.folded))
    return shown, left_out


def _runs(rows: Sequence[Row], near: bytearray) -> Iterator[tuple[bool, Sequence[Row]]]:
    start = 0
    for at in range(1, len(rows) + 1):
        if at == len(rows) or near[at] != near[start]:
            # one or two lines are not worth folding
            yield bool(near[start]) or at - start < 3, rows[start:at]
            start = at
