"""Facet counts over the matching documents: one count per document and value."""

import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

import numpy as np

from search_index.documents import Filters
from search_index.facets import PERIODS, without
from search_index.whoosh_engine.layout import Bools
from search_index.whoosh_engine.view import View

_COLUMNS = {"kind": "kind", "product": "products", "version": "versions", "language": "languages"}


def admitted(view: View, filters: Filters) -> Bools:
    """The documents inside every filter."""
    inside = np.ones(view.size, bool)
    for wanted, column in (
        (filters.kinds, "kind"),
        (filters.products, "products"),
        (filters.versions, "versions"),
        (filters.tags, "tags"),
        (filters.languages, "languages"),
    ):
        if wanted:
            inside &= view.coded[column].among(wanted, view.size, last_word=column == "versions")
    if filters.updated_from is not None:
        inside &= view.updated >= microseconds(filters.updated_from)
    if filters.updated_to is not None:
        inside &= (view.updated < microseconds(filters.updated_to)) & (view.updated > -(2**61))
    return inside


def microseconds(moment: datetime) -> int:
    """Since 1970, as the `updated` column counts."""
    return round(moment.timestamp() * 1_000_000)


def count(
    view: View,
    names: Collection[str],
    filters: Filters,
    matching: Callable[[Filters], Bools],
    *,
    now: datetime,
    budget_ms: int,
) -> Mapping[str, Mapping[str, int]] | None:
    """Counts per facet; None when the time ran out. `matching`: the documents found with those filters."""
    started = time.perf_counter()
    result: dict[str, dict[str, int]] = {}
    found = matching(filters)
    for name in names:
        if (time.perf_counter() - started) * 1000 >= budget_ms:
            return None
        relaxed = without(filters, name)
        documents = found if relaxed == filters else matching(relaxed)
        if name == "updated":
            result[name] = _periods(view, documents, now)
        else:
            result[name] = view.coded[_COLUMNS[name]].count(documents)
    return result


def _periods(view: View, documents: Bools, now: datetime) -> dict[str, int]:
    updated = view.updated[documents]
    counts = {name: int((updated >= microseconds(now - span)).sum()) for name, span in PERIODS.items()}
    return {name: number for name, number in counts.items() if number}
