"""Comments of a review at their lines, also after the text went on: where a line moved, its comment moves with it."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar


class Lined(Protocol):
    """A comment as far as its place goes: a line (from 1) of a revision, and the words that stood there."""

    @property
    def revision_id(self) -> int | None: ...
    @property
    def line(self) -> int | None: ...
    @property
    def quote(self) -> str: ...


Note = TypeVar("Note", bound=Lined)


def line_now(note: Lined, lines: Sequence[str], revision_id: int) -> int | None:
    """The line on which a comment stands in this text; None when its line is gone, or it is about the whole."""
    if note.line is None:
        return None
    if note.revision_id == revision_id:
        return note.line if note.line <= len(lines) else None
    return nearest(note.quote, note.line, lines)


def nearest(quote: str, line: int, lines: Sequence[str]) -> int | None:
    """The line that says `quote`, the nearest one to `line`; None if none does."""
    same = [at for at, text in enumerate(lines, 1) if text == quote]
    return min(same, key=lambda at: (abs(at - line), at)) if same and quote.strip() else None


def placed(notes: Iterable[Note], text: str, revision_id: int) -> tuple[dict[int, list[Note]], list[Note]]:
    """Comments by the line they stand on now, and the others."""
    lines = text.split("\n")
    by_line: dict[int, list[Note]] = {}
    others: list[Note] = []
    for note in notes:
        line = line_now(note, lines, revision_id)
        if line is None:
            others.append(note)
        else:
            by_line.setdefault(line, []).append(note)
    return by_line, others
