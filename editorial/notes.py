"""Comments of a review at their lines, also after the text went on: where a line moved, its comment moves with it."""

from bisect import bisect_left
from collections.abc import Container, Iterable, Mapping, Sequence
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


def nearest(quote: str, line: int, lines: Sequence[str]) -> int | None:
    """The line that says `quote`, the nearest one to `line`; None if none does."""
    return _nearest(quote, line, _places(lines, {quote}))


def _line_now(note: Lined, count: int, revision_id: int, places: Mapping[str, Sequence[int]]) -> int | None:
    """The line on which a comment stands in a text of `count` lines; None when its line is gone, or it is about the
    whole."""
    if note.line is None:
        return None
    if note.revision_id == revision_id:
        return note.line if note.line <= count else None
    return _nearest(note.quote, note.line, places)


def _nearest(quote: str, line: int, places: Mapping[str, Sequence[int]]) -> int | None:
    same = places.get(quote, ())
    if not same or not quote.strip():
        return None
    at = bisect_left(same, line)
    return min(same[max(0, at - 1) : at + 1], key=lambda one: (abs(one - line), one))


def _places(lines: Sequence[str], quotes: Container[str]) -> Mapping[str, Sequence[int]]:
    """Where each of the quotes stands, looked up once for all comments."""
    found: dict[str, list[int]] = {}
    for at, text in enumerate(lines, 1):
        if text in quotes:
            found.setdefault(text, []).append(at)
    return found


def placed(notes: Iterable[Note], text: str, revision_id: int) -> tuple[dict[int, list[Note]], list[Note]]:
    """Comments by the line they stand on now, and the others."""
    notes, lines = list(notes), text.split("\n")
    places = _places(lines, {note.quote for note in notes})
    by_line: dict[int, list[Note]] = {}
    others: list[Note] = []
    for note in notes:
        line = _line_now(note, len(lines), revision_id, places)
        if line is None:
            others.append(note)
        else:
            by_line.setdefault(line, []).append(note)
    return by_line, others
