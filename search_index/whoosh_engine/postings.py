"""Postings of one field as arrays: encoding them into sections of a segment, and reading them back.

Sections of a field F: `F.terms` (sorted, separated by newlines), `F.starts` (first posting of each term, and the
end), `F.posts` (document and four packed zone counts per posting), `F.places` (first position of each posting, and
the end) and `F.positions`. Title fields have documents only (`F.docs`).
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from search_index.whoosh_engine.layout import TITLE, Counts, Ints
from search_index.whoosh_engine.segment_file import SegmentFile
from search_index.whoosh_engine.shape import Shape

_U4 = np.dtype("<u4")


@dataclass(frozen=True)
class FieldPostings:
    """Every posting of a field, by term and then by document.

    `starts` has one more element than `terms`; `counts` has shape (postings, 4); `places` delimits `positions`.
    """

    terms: list[str]
    starts: Ints
    docs: Ints
    counts: Counts
    places: Ints
    positions: Ints

    def sections(self, field: str) -> dict[str, bytes]:
        """The field as sections of a segment file."""
        posts = np.empty((len(self.docs), 2), _U4)
        posts[:, 0] = self.docs
        posts[:, 1] = np.ascontiguousarray(self.counts).view(_U4).reshape(-1)
        return {
            f"{field}.terms": "\n".join(self.terms).encode(),
            f"{field}.starts": self.starts.astype(_U4).tobytes(),
            f"{field}.posts": posts.tobytes(),
            f"{field}.places": self.places.astype(_U4).tobytes(),
            f"{field}.positions": self.positions.astype(_U4).tobytes(),
        }

    def title_sections(self, field: str) -> dict[str, bytes]:
        """The terms that occur in titles, with their documents only."""
        inside = self.counts[:, TITLE] > 0
        owner = np.repeat(np.arange(len(self.terms)), np.diff(self.starts))[inside]
        used, sizes = np.unique(owner, return_counts=True)
        starts = np.concatenate(([0], np.cumsum(sizes)))
        return {
            f"{field}.terms": "\n".join(self.terms[index] for index in used).encode(),
            f"{field}.starts": starts.astype(_U4).tobytes(),
            f"{field}.docs": self.docs[inside].astype(_U4).tobytes(),
        }


def assemble(
    names: Sequence[str], terms: Ints, docs: Ints, zones: Ints, positions: Ints, doc_count: int
) -> FieldPostings:
    """Postings from occurrences in reading order: `terms` are indexes into `names` (any order, distinct)."""
    ranked = sorted(range(len(names)), key=names.__getitem__)
    rank = np.empty(len(names), np.int64)
    rank[ranked] = np.arange(len(names))
    keys = rank[terms] * max(doc_count, 1) + docs
    order = np.argsort(keys, kind="stable")
    keys, zones, positions = keys[order], zones[order], positions[order]
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    owner = np.cumsum(np.diff(keys, prepend=-1) != 0) - 1
    counts = np.bincount(owner * 4 + zones, minlength=len(first) * 4).reshape(-1, 4)
    heads = keys[first]
    return FieldPostings(
        terms=[names[index] for index in ranked],
        starts=_starts(heads // max(doc_count, 1), len(names)),
        docs=heads % max(doc_count, 1),
        counts=np.minimum(counts, 255).astype(np.uint8),
        places=np.append(first, len(keys)),
        positions=positions,
    )


def _starts(owners: Ints, count: int) -> Ints:
    """Where the run of each owner begins in sorted `owners`, and the end."""
    return np.concatenate(([0], np.cumsum(np.bincount(owners, minlength=count)))).astype(np.int64)


def ranges(starts: Ints, sizes: Ints) -> Ints:
    """The indexes of several runs, one after the other: starts[0], starts[0] + 1, ..."""
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    indexes: Ints = np.arange(total) + np.repeat(starts - (ends - sizes), sizes)
    return indexes


class Field:
    """A field of an open segment. The lexicon is read at the first use and kept; postings are read when asked for."""

    def __init__(self, file: SegmentFile, name: str) -> None:
        self._file = file
        self._name = name

    @cached_property
    def terms(self) -> list[str]:
        data = self._file.read(f"{self._name}.terms")
        return data.decode().split("\n") if data else []

    @cached_property
    def starts(self) -> npt.NDArray[np.uint32]:
        return self._file.array(f"{self._name}.starts", _U4)

    @cached_property
    def shape(self) -> Shape:
        return Shape(self.terms)

    def index(self, term: str) -> int:
        """The place of a term in the lexicon, or -1."""
        terms = self.terms
        place = bisect_left(terms, term)
        return place if place < len(terms) and terms[place] == term else -1

    def prefix_range(self, prefix: str) -> tuple[int, int]:
        """The places of the terms that start with `prefix`: first, and one past the last."""
        low = bisect_left(self.terms, prefix)
        return low, bisect_left(self.terms, prefix + "\U0010ffff", low)

    def posts(self, low: int, high: int) -> npt.NDArray[np.uint32]:
        """Postings of the terms low..high-1, one run: shape (postings, 2), document and packed counts."""
        first, end = int(self.starts[low]), int(self.starts[high])
        data = self._file.read(f"{self._name}.posts", first * 8, (end - first) * 8)
        return np.frombuffer(data, _U4).reshape(-1, 2)

    def docs(self, low: int, high: int) -> npt.NDArray[np.uint32]:
        """Documents of the terms low..high-1 of a title field."""
        first, end = int(self.starts[low]), int(self.starts[high])
        return np.frombuffer(self._file.read(f"{self._name}.docs", first * 4, (end - first) * 4), _U4)

    def places(self, index: int) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
        """Number of positions of each posting of a term, and all its positions."""
        first, end = int(self.starts[index]), int(self.starts[index + 1])
        data = self._file.read(f"{self._name}.places", first * 4, (end - first + 1) * 4)
        bounds = np.frombuffer(data, _U4)
        start, stop = int(bounds[0]), int(bounds[-1])
        positions = self._file.read(f"{self._name}.positions", start * 4, (stop - start) * 4)
        return np.diff(bounds), np.frombuffer(positions, _U4)

    def load(self) -> FieldPostings:
        """Everything, for merging."""
        posts = self._file.array(f"{self._name}.posts", _U4).reshape(-1, 2)
        return FieldPostings(
            self.terms,
            self.starts.astype(np.int64),
            posts[:, 0].astype(np.int64),
            np.ascontiguousarray(posts[:, 1]).view(np.uint8).reshape(-1, 4),
            self._file.array(f"{self._name}.places", _U4).astype(np.int64),
            self._file.array(f"{self._name}.positions", _U4).astype(np.int64),
        )
