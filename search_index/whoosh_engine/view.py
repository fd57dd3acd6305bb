"""The segments of a viewer's partitions as one: documents numbered through, columns side by side.

Everything that a search computes (matches, statistics, facets, suggestions, spellings) comes from a `View`, and a
view holds the opened partitions and nothing else. It never changes, so threads share it without a lock.
"""

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from search_index.documents import LANGUAGES
from search_index.whoosh_engine.layout import POSITION_BITS, Bools, Counts, Floats, Ints
from search_index.whoosh_engine.segment import Segment
from sportello.core.types import Ref

NO_DOCS = np.empty(0, np.int64)
NO_COUNTS = np.empty((0, 4), np.uint8)


class Coded:
    """The values of a column, one pair per document and value: `docs[i]` has `values[codes[i]]`."""

    def __init__(self, values: list[str], docs: Ints, codes: Ints) -> None:
        self.values = values
        self.docs = docs
        self.codes = codes

    def among(self, wanted: Collection[str], size: int, *, last_word: bool = False) -> Bools:
        """The documents that have one of the values, compared without case.

        With `last_word`, "15.1" stands for every value that ends in " 15.1".
        """
        low = {value.lower() for value in wanted}
        lowered = [value.lower() for value in self.values]
        chosen = np.array([value in low or (last_word and value.split(" ")[-1] in low) for value in lowered], bool)
        found = np.zeros(size, bool)
        if len(self.values):
            found[self.docs[chosen[self.codes]]] = True
        return found

    def count(self, documents: Bools) -> dict[str, int]:
        """Number of documents per value that occurs."""
        counts = np.bincount(self.codes[documents[self.docs]], minlength=len(self.values))
        return {value: count for value, count in zip(self.values, counts.tolist(), strict=True) if count}


class View:
    """`live` is False for documents that were deleted from their segment since it was written."""

    def __init__(self, segments: Sequence[tuple[Segment, frozenset[int]]]) -> None:
        self.segments = [segment for segment, _ in segments]
        sizes = [segment.doc_count for segment in self.segments]
        self.bases = [sum(sizes[:index]) for index in range(len(sizes))]
        self.size = sum(sizes)
        self.live: Bools = np.ones(self.size, bool)
        for (_, deleted), base in zip(segments, self.bases, strict=True):
            if deleted:
                self.live[np.array(sorted(deleted)) + base] = False
        self.cache: dict[str, Any] = {}  # what others compute once per view

    def _column(self, name: str) -> list[Any]:
        return [value for segment in self.segments for value in segment.columns[name]]

    @cached_property
    def updated(self) -> Ints:
        return np.array(self._column("updated"), np.int64)

    @cached_property
    def votes(self) -> Ints:
        return np.array(self._column("votes"), np.int64)

    @cached_property
    def helpful(self) -> Floats:
        return np.array(self._column("helpful"), np.float64)

    @cached_property
    def verified(self) -> Floats:
        return np.array(self._column("verified"), np.float64)

    @cached_property
    def lengths(self) -> dict[str, Ints]:
        return {
            code: np.concatenate([np.empty((0, 4), np.int64), *(s.lengths[code] for s in self.segments)])
            for code in LANGUAGES
        }

    @cached_property
    def spans(self) -> dict[str, Ints]:
        """Positions in the title of each document: those below are the title's."""
        return {
            code: np.concatenate([NO_DOCS, *(segment.spans[code] for segment in self.segments)]) for code in LANGUAGES
        }

    @cached_property
    def in_language(self) -> dict[str, Bools]:
        column = self.coded["languages"]
        return {code: column.among((code,), self.size) for code in LANGUAGES}

    @cached_property
    def coded(self) -> dict[str, Coded]:
        return {name: self._coded(name) for name in ("kind", "products", "versions", "tags", "languages")}

    def _coded(self, name: str) -> Coded:
        number: dict[str, int] = {}
        docs: list[int] = []
        codes: list[int] = []
        for segment, base in zip(self.segments, self.bases, strict=True):
            for doc, values in enumerate(segment.columns[name], base):
                for value in (values,) if isinstance(values, str) else values:
                    docs.append(doc)
                    codes.append(number.setdefault(value, len(number)))
        return Coded(list(number), np.array(docs, np.int64), np.array(codes, np.int64))

    def ref(self, doc: int) -> Ref:
        place = int(np.searchsorted(self.bases, doc, "right")) - 1
        return Ref.parse(self.segments[place].columns["ref"][doc - self.bases[place]])

    def find(self, refs: Collection[Ref]) -> list[int]:
        """The numbers of those refs that are here."""
        names = [str(ref) for ref in refs]
        return [
            base + segment.doc_of[name]
            for segment, base in zip(self.segments, self.bases, strict=True)
            for name in names
            if name in segment.doc_of
        ]

    @cached_property
    def ref_rank(self) -> Ints:
        """The order of the documents by ref, for ties."""
        refs = [tuple(ref.split(":", 1)) for segment in self.segments for ref in segment.columns["ref"]]
        rank = np.empty(self.size, np.int64)
        rank[sorted(range(self.size), key=refs.__getitem__)] = np.arange(self.size)
        return rank

    def postings(self, field: str, term: str, live: Bools) -> tuple[Ints, Counts]:
        """The live documents that have the term, ascending, and its occurrences per zone."""
        return self.prefix_postings(field, term, live, exactly=True)

    def prefix_postings(self, field: str, prefix: str, live: Bools, *, exactly: bool = False) -> tuple[Ints, Counts]:
        """The same for every term with the prefix; a document then appears once per term."""
        docs, counts = [NO_DOCS], [NO_COUNTS]
        for segment, base in zip(self.segments, self.bases, strict=True):
            column = segment.fields[field]
            if exactly:
                low = column.index(prefix)
                high = low + 1
            else:
                low, high = column.prefix_range(prefix)
            if 0 <= low < high:
                posts = column.posts(low, high)
                docs.append(posts[:, 0].astype(np.int64) + base)
                counts.append(np.ascontiguousarray(posts[:, 1]).view(np.uint8).reshape(-1, 4))
        all_docs, all_counts = np.concatenate(docs), np.concatenate(counts)
        kept = live[all_docs]
        return (all_docs, all_counts) if kept.all() else (all_docs[kept], all_counts[kept])

    def frequency(self, field: str, term: str) -> int:
        """Number of documents with the term, deleted ones included."""
        total = 0
        for segment in self.segments:
            column = segment.fields[field]
            if (index := column.index(term)) >= 0:
                total += int(column.starts[index + 1]) - int(column.starts[index])
        return total

    def places(self, field: str, term: str, among: Bools) -> Ints:
        """Where the term stands in the documents of `among`: document << POSITION_BITS | position, ascending."""
        found = [NO_DOCS]
        for segment, base in zip(self.segments, self.bases, strict=True):
            column = segment.fields[field]
            index = column.index(term)
            if index < 0:
                continue
            docs = column.posts(index, index + 1)[:, 0].astype(np.int64) + base
            kept = among[docs]
            if kept.any():
                sizes, positions = column.places(index)
                owners = np.repeat(docs, sizes)
                chosen = np.repeat(kept, sizes)
                found.append((owners[chosen] << POSITION_BITS) | positions[chosen])
        return np.concatenate(found)
