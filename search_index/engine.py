"""The search port. Every engine (memory, Whoosh, ...) passes one contract suite, tests/search_index/contract.

`audiences` has no default anywhere: there is no way to search without saying for whom. An audience set is
opened as partitions: hits, totals, facets, corrections, suggestions and term statistics come only from those.
The set `{"*"}` (staff) opens the partition that holds every document.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from search_index.documents import Filters, Results, SearchDocument
from search_index.query.tree import Query
from sportello.core.audience import EVERYTHING
from sportello.core.types import Ref


class Sort(StrEnum):
    RELEVANCE = "relevance"
    NEWEST = "newest"
    HELPFUL = "helpful"


class IndexDamaged(Exception):
    """The index cannot be read, even with a fresh reader: fall back to the database and rebuild."""


@dataclass(frozen=True)
class Change:
    """Make the index equal to this: `document` None removes `ref` from every partition."""

    ref: Ref
    document: SearchDocument | None


@dataclass(frozen=True)
class Manifest:
    """A published state of the index: a rising number within a generation, and documents per partition."""

    generation: str
    number: int
    partitions: dict[str, int]

    @property
    def documents(self) -> int:
        """How many documents there are: each is in one partition, besides that of everything."""
        return sum(size for name, size in self.partitions.items() if name != EVERYTHING)


class SearchEngine(Protocol):
    """Reading is thread-safe; `apply` and `rebuild` are for the one writer (the worker)."""

    def search(
        self,
        query: Query,
        *,
        audiences: frozenset[str],
        language: str,
        filters: Filters,
        masked: Collection[Ref],
        sort: Sort = Sort.RELEVANCE,
        offset: int = 0,
        limit: int = 10,
        facets: Collection[str] = (),
        facet_budget_ms: int = 200,
    ) -> Results:
        """Best documents first; ties end in (updated desc, ref).

        `masked` refs are excluded inside the query, so totals and facets do not count them either.
        `facets`: of "kind", "product", "version", "language", "updated". A facet field's own filter does not
        restrict its own counts. The values of "updated" are "month" and "year": documents of the last 30 and
        365 days (search_index/facets.py). Raises IndexDamaged.
        """
        ...

    def correct(self, query: Query, *, audiences: frozenset[str], language: str, masked: Collection[Ref]) -> str | None:
        """The query with unknown words replaced by near, live words of the viewer's partitions, or None."""
        ...

    def suggest(
        self,
        prefix: str,
        *,
        audiences: frozenset[str],
        language: str,
        masked: Collection[Ref],
        limit: int = 8,
    ) -> list[Ref]:
        """Documents whose title has words that start with the typed words, best first."""
        ...

    def apply(self, changes: Iterable[Change]) -> Manifest:
        """Write a batch (deletes before adds) and publish a manifest. One writer only."""
        ...

    def rebuild(self, documents: Iterable[SearchDocument]) -> Manifest:
        """Build aside under a new generation, swap by one atomic rename, publish. The old one serves on."""
        ...

    def manifest(self) -> Manifest | None:
        """The published state; None when there is no index yet. Raises IndexDamaged."""
        ...

    def refs(self, partition: str) -> set[Ref]:
        """Every document of a partition (`*`: all): what `index check` compares with the database."""
        ...

    def check(self) -> None:
        """Open every partition with a fresh reader and read through it. Raises IndexDamaged."""
        ...
