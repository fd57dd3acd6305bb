"""The port on Whoosh: partitions, manifest, and what happens when files are not what they should be."""

import contextlib
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TypeVar

from whoosh.filedb.filestore import FileStorage
from whoosh.index import FileIndex

from search_index.documents import LANGUAGES, Filters, Results, SearchDocument
from search_index.engine import Change, IndexDamaged, Manifest, Sort
from search_index.query.tree import Query
from search_index.whoosh_engine import searching, spelling, suggest
from search_index.whoosh_engine.damage import DAMAGE
from search_index.whoosh_engine.manifest import Published, partition_folder
from search_index.whoosh_engine.partitions import Reader, read_toc
from search_index.whoosh_engine.schema import schema
from search_index.whoosh_engine.segment import Segment
from search_index.whoosh_engine.tuning import DEFAULT, Tuning
from search_index.whoosh_engine.view import View
from search_index.whoosh_engine.writer import Writer
from sportello.core.types import Ref

ATTEMPTS = 3  # the first with what is open, the others with fresh readers

T = TypeVar("T")


class WhooshEngine:
    """See `search_index.engine.SearchEngine`. `root`: the folder of the index, created by the first write."""

    def __init__(self, root: Path, tuning: Tuning = DEFAULT) -> None:
        self._root = root
        self._reader = Reader(root)
        self._writer = Writer(root)
        self._tuning = tuning

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
        request = searching.Request(query, _known(language), filters, sort, offset, limit, facets, facet_budget_ms)
        return self._read(audiences, lambda view: searching.search(view, request, masked, self._tuning))

    def correct(self, query: Query, *, audiences: frozenset[str], language: str, masked: Collection[Ref]) -> str | None:
        return self._read(
            audiences,
            lambda view: spelling.correct(view, searching.unmasked(view, masked), query, _known(language)),
        )

    def suggest(
        self,
        prefix: str,
        *,
        audiences: frozenset[str],
        language: str,
        masked: Collection[Ref],
        limit: int = 8,
    ) -> list[Ref]:
        return self._read(
            audiences,
            lambda view: suggest.suggest(view, searching.unmasked(view, masked), prefix, _known(language), limit),
        )

    def apply(self, changes: Iterable[Change]) -> Manifest:
        """Raises IndexDamaged when the index cannot be read (rebuild it), WriterBusy when another writes."""
        return self._writer.apply(changes).manifest()

    def rebuild(self, documents: Iterable[SearchDocument], progress: Callable[[int], None] | None = None) -> Manifest:
        """`progress` is called with the number of documents taken so far. Raises WriterBusy."""
        return self._writer.rebuild(documents, progress).manifest()

    def manifest(self) -> Manifest | None:
        published = self._reader.published()
        return None if published is None else published.manifest()

    def refs(self, partition: str) -> set[Ref]:
        def collect(view: View) -> set[Ref]:
            return {view.ref(doc) for doc in range(view.size) if view.live[doc]}

        return self._read(frozenset({partition}), collect)

    def check(self) -> None:
        """Read every partition from the first byte to the last, through Whoosh's own readers too.

        Another process may publish meanwhile: each partition is read as of one published state.
        """
        try:
            for partition in self._fresh().commits:
                self._check_partition(partition)
        except DAMAGE as error:
            raise IndexDamaged(f"{type(error).__name__}: {error}") from error

    def _fresh(self) -> Published:
        published = Reader(self._root).published()
        if published is None:
            raise IndexDamaged("there is no index")
        return published

    def _check_partition(self, partition: str) -> None:
        published = self._fresh()
        if partition not in published.commits:  # of a generation that was replaced
            return
        folder, commit = partition_folder(self._root, published.generation, partition), published.commits[partition]
        try:
            entries = read_toc(folder, commit)
            files = [Segment(folder / entry.filename).file for entry in entries]
            opened = FileIndex._reader(FileStorage(str(folder)), schema(), entries, commit)
        except DAMAGE:
            if self._fresh() == published:
                raise
            self._check_partition(partition)
            return
        with contextlib.closing(opened) as reader:
            for file in files:
                file.verify()
            if reader.doc_count() != published.sizes[partition]:
                raise IndexDamaged(
                    f"{partition}: {reader.doc_count()} documents instead of {published.sizes[partition]}"
                )

    def _read(self, audiences: frozenset[str], work: Callable[[View], T]) -> T:
        """Do the work on the view of the audience set; when it fails, on a fresh one; then it is damage."""
        failure: BaseException | None = None
        for _ in range(ATTEMPTS):
            published = self._reader.published()
            if published is None:
                raise IndexDamaged("there is no index")
            try:
                return work(self._reader.view(published, audiences))
            except DAMAGE as error:
                failure = error
                self._reader.forget()
        raise IndexDamaged(f"{type(failure).__name__}: {failure}") from failure


def _known(language: str) -> str:
    return language if language in LANGUAGES else LANGUAGES[0]
