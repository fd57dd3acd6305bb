"""Filters and facets over documents: what counts as inside, and which values are counted."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from search_index.documents import Filters, SearchDocument

FACETS = ("kind", "product", "version", "language", "updated")
PERIODS = {"month": timedelta(days=30), "year": timedelta(days=365)}  # values of the facet "updated"


def admits(filters: Filters, document: SearchDocument) -> bool:
    """Whether the document is inside every filter."""
    updated = document.updated
    return (
        _meets(filters.kinds, [document.kind])
        and _meets(filters.products, document.products)
        and _meets(filters.versions, [*document.versions, *(v.split(" ")[-1] for v in document.versions)])
        and _meets(filters.languages, document.texts)
        and _meets(filters.tags, document.tags)
        and (filters.updated_from is None or (updated is not None and updated >= filters.updated_from))
        and (filters.updated_to is None or (updated is not None and updated < filters.updated_to))
    )


def _meets(wanted: Collection[str], values: Iterable[str]) -> bool:
    return not wanted or not {value.lower() for value in wanted}.isdisjoint(value.lower() for value in values)


def without(filters: Filters, facet: str) -> Filters:
    """The filters without the facet's own, so that its other values can be counted."""
    if facet == "kind":
        return replace(filters, kinds=frozenset())
    if facet == "product":
        return replace(filters, products=frozenset())
    if facet == "version":
        return replace(filters, versions=frozenset())
    if facet == "language":
        return replace(filters, languages=frozenset())
    return replace(filters, updated_from=None, updated_to=None)


def values(facet: str, document: SearchDocument, now: datetime) -> list[str]:
    """The values of a document in a facet. `updated` counts "month" and "year": 30 and 365 days back."""
    if facet == "kind":
        return [document.kind]
    if facet == "product":
        return list(document.products)
    if facet == "version":
        return list(document.versions)
    if facet == "language":
        return list(document.texts)
    if document.updated is None:
        return []
    return [name for name, span in PERIODS.items() if document.updated >= now - span]


def count(facet: str, documents: Iterable[SearchDocument], now: datetime) -> dict[str, int]:
    """Number of documents per value."""
    return dict(Counter(value for document in documents for value in set(values(facet, document, now))))
