"""A codec for Whoosh: segments as packed arrays (`segment_file`) behind Whoosh's own reader interface.

Whoosh's default codec decodes blocks of postings one by one in Python and rewrites a segment of 1,000 documents in
seconds; arrays are read by slices and rewritten in a fifth of a second (docs/performance.md). With this codec the
index stays a Whoosh index: schema, tables of contents, segments and deletions are Whoosh's, and any Whoosh reader,
`MultiReader` or searcher can open it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from whoosh.codec import base
from whoosh.codec.whoosh3 import W3Segment
from whoosh.matching import ListMatcher
from whoosh.reading import TermInfo, TermNotFound

from search_index.whoosh_engine.layout import FIELDS, TEXT_FIELDS
from search_index.whoosh_engine.schema import ZONE_WEIGHTS
from search_index.whoosh_engine.segment import Segment
from search_index.whoosh_engine.segment_file import EXTENSION

_WEIGHTS = np.array(ZONE_WEIGHTS)


class PackedCodec(base.Codec):  # type: ignore[misc]
    """Reading only: segments are written by `builder` and `merge`."""

    length_stats = False

    def new_segment(self, storage: Any, indexname: str) -> "PackedSegment":
        return PackedSegment(self, indexname)

    def terms_reader(self, storage: Any, segment: "PackedSegment") -> "PackedTerms":
        return PackedTerms(_open(storage, segment))

    def per_document_reader(self, storage: Any, segment: "PackedSegment") -> "PackedDocuments":
        return PackedDocuments(_open(storage, segment), segment)


class PackedSegment(W3Segment):  # type: ignore[misc]
    """What a table of contents says of a segment: its name, its size, its deleted documents."""

    @property
    def filename(self) -> str:
        return str(self.make_filename(EXTENSION))

    @property
    def deleted(self) -> frozenset[int]:
        return frozenset(self.deleted_docs())


def _open(storage: Any, segment: PackedSegment) -> Segment:
    return Segment(Path(storage.folder) / segment.filename)


class PackedTerms(base.TermsReader):  # type: ignore[misc]
    """The lexicons and postings of a segment, as Whoosh reads them."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment

    def indexed_field_names(self) -> list[str]:
        return list(FIELDS)

    def _index(self, field: str, text: bytes) -> int:
        return self._segment.fields[field].index(text.decode()) if field in FIELDS else -1

    def __contains__(self, term: tuple[str, bytes]) -> bool:
        return self._index(*term) >= 0

    def terms(self) -> Iterator[tuple[str, bytes]]:
        return ((name, term.encode()) for name in FIELDS for term in self._segment.fields[name].terms)

    def terms_from(self, field: str, prefix: bytes) -> Iterator[tuple[str, bytes]]:
        low, _ = self._segment.fields[field].prefix_range(prefix.decode())
        return ((field, term.encode()) for term in self._segment.fields[field].terms[low:])

    def items(self) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        return ((term, self.term_info(*term)) for term in self.terms())

    def items_from(self, field: str, prefix: bytes) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        return ((term, self.term_info(*term)) for term in self.terms_from(field, prefix))

    def _postings(self, field: str, text: bytes) -> tuple[list[int], list[float]]:
        index = self._index(field, text)
        if index < 0:
            raise TermNotFound(f"No term {field}:{text!r}")
        if field not in TEXT_FIELDS:
            docs = self._segment.fields[field].docs(index, index + 1).tolist()
            return docs, [1.0] * len(docs)
        posts = self._segment.fields[field].posts(index, index + 1)
        counts = np.ascontiguousarray(posts[:, 1]).view(np.uint8).reshape(-1, 4)
        return posts[:, 0].tolist(), (counts @ _WEIGHTS).tolist()

    def term_info(self, field: str, text: bytes) -> TermInfo:
        docs, weights = self._postings(field, text)
        lengths = self._segment.lengths[field.split("_")[0]][docs].sum(axis=1)
        return TermInfo(
            weight=sum(weights),
            df=len(docs),
            minlength=int(lengths.min()),
            maxlength=int(lengths.max()),
            maxweight=max(weights),
            minid=min(docs),
            maxid=max(docs),
        )

    def frequency(self, field: str, text: bytes) -> float:
        return float(self.term_info(field, text).weight())

    def doc_frequency(self, field: str, text: bytes) -> int:
        return len(self._postings(field, text)[0])

    def matcher(self, field: str, text: bytes, format_: Any, scorer: Any = None) -> ListMatcher:
        docs, weights = self._postings(field, text)
        return ListMatcher(docs, weights, format=format_, scorer=scorer, term=(field, text))


class PackedDocuments(base.PerDocumentReader):  # type: ignore[misc]
    """The documents of a segment, as Whoosh reads them."""

    def __init__(self, segment: Segment, entry: PackedSegment) -> None:
        self._segment = segment
        self._entry = entry

    def doc_count(self) -> int:
        return self._segment.doc_count - int(self._entry.deleted_count())

    def doc_count_all(self) -> int:
        return self._segment.doc_count

    def has_deletions(self) -> bool:
        return bool(self._entry.has_deletions())

    def is_deleted(self, docnum: int) -> bool:
        return bool(self._entry.is_deleted(docnum))

    def deleted_docs(self) -> frozenset[int]:
        return self._entry.deleted

    def stored_fields(self, docnum: int) -> dict[str, str]:
        return {"ref": self._segment.columns["ref"][docnum]}

    def doc_field_length(self, docnum: int, fieldname: str, default: int = 0) -> int:
        lengths = self._segment.lengths.get(fieldname.split("_")[0])
        return default if lengths is None else int(lengths[docnum].sum())

    def field_length(self, fieldname: str) -> int:
        lengths = self._segment.lengths.get(fieldname.split("_")[0])
        return 0 if lengths is None else int(lengths.sum())

    def min_field_length(self, fieldname: str) -> int:
        return 0

    def max_field_length(self, fieldname: str) -> int:
        lengths = self._segment.lengths.get(fieldname.split("_")[0])
        return 0 if lengths is None else int(lengths.sum(axis=1).max(initial=0))
