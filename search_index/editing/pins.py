"""Answers that editors pin to a wording: shown first, to those who may read them, as a part of what is found.

A pinned article belongs to the results whether it has the words or not: it stands once, at the top, counts in the
total and in the facets, and later pages go on behind it. One that the viewer may not read, or that the filters leave
out, is as if it were not pinned at all. Other orders than by relevance know no pins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from search_index import facets as facet_rules
from search_index.documents import Filters, SearchDocument
from search_index.editing.book import Book
from search_index.editing.wording import group_of, known, plain_words
from search_index.query.tree import Query
from search_index.sources import Row, Source
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.types import Ref


@dataclass(frozen=True)
class Pins:
    """What is pinned to one query for one viewer, in order; `rows` as shown, `documents` for the filters."""

    rows: Mapping[Ref, Row] = field(default_factory=dict)
    documents: Mapping[Ref, SearchDocument] = field(default_factory=dict)

    def inside(self, filters: Filters) -> tuple[Row, ...]:
        """Those that the filters let through."""
        return tuple(row for ref, row in self.rows.items() if facet_rules.admits(filters, self.documents[ref]))

    def counted(
        self, facets: Mapping[str, Mapping[str, int]] | None, filters: Filters
    ) -> Mapping[str, Mapping[str, int]] | None:
        """The counts of the facets, which were made without the pins, and the pins."""
        if not self.rows or facets is None:
            return facets
        result, now = {}, clock.now()
        for name, counts in facets.items():
            others = facet_rules.without(filters, name)
            mine = [document for document in self.documents.values() if facet_rules.admits(others, document)]
            total = dict(counts)
            for value, count in facet_rules.count(name, mine, now).items():
                total[value] = total.get(value, 0) + count
            result[name] = total
        return result


NONE = Pins()


def pinned_refs(book: Book, query: Query, language: str) -> tuple[Ref, ...]:
    """What editors pinned to the words of a query, whoever asks."""
    text = plain_words(query) if book.pins else None
    if text is None:
        return ()
    return book.pins.get((known(language), group_of(text, language)), ())


def find_pins(
    session: Session, viewer: Viewer, sources: Sequence[Source], book: Book, query: Query, language: str
) -> Pins:
    """The pins of a query that the viewer may read: loaded as hits are."""
    refs = pinned_refs(book, query, language)
    if not refs:
        return NONE
    rows: dict[Ref, Row] = {}
    documents: dict[Ref, SearchDocument] = {}
    for source in sources:
        keys = {ref.key: language for ref in refs if ref.kind == source.kind}
        found = source.load(session, viewer, keys, language) if keys else {}
        for key, row in found.items():
            document = source.document(session, key)
            if document is not None:
                rows[Ref(source.kind, key)], documents[Ref(source.kind, key)] = row, document
    ordered = [ref for ref in refs if ref in rows]
    return Pins({ref: rows[ref] for ref in ordered}, {ref: documents[ref] for ref in ordered})
