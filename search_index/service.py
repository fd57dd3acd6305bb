"""Searching, from what was typed to the page that is shown.

The engine proposes refs out of the viewer's partitions; every one is loaded again through its source before
it is shown. If the index cannot be read, the database answers, more slowly and more simply.
"""

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy.orm import Session

from search_index.documents import Filters, Hit, Results
from search_index.editing.book import Book, open_book
from search_index.editing.expand import expand
from search_index.editing.pins import NONE, Pins, find_pins
from search_index.engine import IndexDamaged, SearchEngine, Sort
from search_index.facet_view import label_facets
from search_index.facets import FACETS
from search_index.inside import with_parts
from search_index.mask import masked_refs
from search_index.page import LAST_PAGE, PAGE_SIZE, Entry, SearchPage, SearchRequest, SpellingHelp
from search_index.query.parser import parse
from search_index.query.tree import Query
from search_index.snippets import Highlighter
from search_index.sources import Row, Source, sources
from search_index.terms import terms_of
from sportello.core.audience import Viewer
from sportello.core.errors import N_
from sportello.core.types import Ref

FACET_BUDGET_MS = 200
HELP_BUDGET = 0.5  # seconds after which spelling help is left out
FALLBACK_LIMIT = 50
DEGRADED = N_("Search is being repaired: this is a simple search of the titles and texts, without filters.")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SearchService:
    """The engine and what it indexes."""

    engine: SearchEngine
    sources: Sequence[Source] = field(default_factory=sources)

    def search(self, session: Session, viewer: Viewer, request: SearchRequest) -> SearchPage:
        """The answer to `request` for `viewer`. Never raises for what was typed."""
        started = time.perf_counter()
        request = replace(request, page=min(max(1, request.page), LAST_PAGE))
        query = parse(request.text)
        filters = request.chosen(query)
        page = SearchPage(request, query, notices=query.notices)
        if query.is_empty and not query.excluded and filters == Filters():
            return page
        book = open_book(session)
        pins = NONE
        if request.sort is Sort.RELEVANCE:
            pins = find_pins(session, viewer, self.sources, book, query, request.language)
        asking = Asking(self, session, viewer, request, query, filters, masked_refs(session), book, pins)
        try:
            page = asking.answer(started)
        except IndexDamaged as error:
            damage = error.__cause__ is not None
            log.warning("the index cannot be read (%s): searching the database", error, exc_info=damage)
            page = asking.fallback()
        return replace(page, asked=True, took=timedelta(seconds=time.perf_counter() - started))

    def load(self, session: Session, viewer: Viewer, wanted: dict[Ref, str], language: str) -> dict[Ref, Row]:
        """The visible rows of `wanted` (ref to language), with one call for each kind of source."""
        found: dict[Ref, Row] = {}
        for source in self.sources:
            keys = {ref.key: its_language for ref, its_language in wanted.items() if ref.kind == source.kind}
            if keys:
                rows = source.load(session, viewer, keys, language)
                found.update({Ref(source.kind, key): row for key, row in rows.items()})
        return found


@dataclass(frozen=True)
class Asking:
    """One search under way. `query` is as typed; the engine gets it with the synonyms of the editors."""

    service: SearchService
    session: Session
    viewer: Viewer
    request: SearchRequest
    query: Query
    filters: Filters
    masked: Collection[Ref]
    book: Book
    pins: Pins

    def answer(self, started: float) -> SearchPage:
        """The page from the index. Raises IndexDamaged."""
        request, query = self.request, expand(self.query, self.book)
        results = self._ask(query)
        if not results.hits and results.total and request.page > 1:  # past the end: show the last page
            request = replace(request, page=-(-results.total // PAGE_SIZE))
            results = replace(self, request=request)._ask(query)
        self._check_exists(results)
        spelling = self._spelling(query, started)
        if spelling is not None and not results.total:
            corrected = expand(parse(spelling.text), self.book)
            better = self._ask(corrected)
            if better.total:
                results, query, spelling = better, corrected, replace(spelling, used=True)
        elsewhere = 0 if results.total or self.filters == query.filters else self._unfiltered(query)
        entries = self._entries(results.hits, query, request)
        missing = len(results.hits) - sum(not entry.picked for entry in entries)
        facets = label_facets(self.session, self.viewer, results.facets, request, self.filters, self.service.sources)
        return SearchPage(
            request,
            self.query,
            entries=entries,
            total=results.total - missing,
            facets=facets,
            notices=(*self.query.notices, *((notice, {}) for notice in results.notices)),
            spelling=spelling,
            unfiltered_total=elsewhere,
        )

    def fallback(self) -> SearchPage:
        """The page from the database, at most FALLBACK_LIMIT rows, newest first."""
        words = [term.text for term in terms_of(self.query)]
        rows = [
            row
            for source in self.service.sources
            for row in source.fallback(
                self.session,
                self.viewer,
                words,
                filters=self.filters,
                language=self.request.language,
                limit=FALLBACK_LIMIT,
            )
        ]
        first = min((self.request.page - 1) * PAGE_SIZE, max(0, len(rows) - 1) // PAGE_SIZE * PAGE_SIZE)
        shown = {row.ref: row for row in rows[first : first + PAGE_SIZE]}
        hits = [Hit(ref, 0.0, row.language) for ref, row in shown.items()]
        request = replace(self.request, page=first // PAGE_SIZE + 1)
        return SearchPage(
            request,
            self.query,
            entries=_shown(hits, shown, self.query, first),
            total=len(rows),
            notices=((DEGRADED, {}), *self.query.notices),
            degraded=True,
        )

    def _ask(self, query: Query) -> Results:
        """The hits of the page behind its pins; the pins are in the total and the facets."""
        picked, start = len(self.pins.inside(self.filters)), (self.request.page - 1) * PAGE_SIZE
        results = self.service.engine.search(
            query,
            audiences=self.viewer.audiences,
            language=self.request.language,
            filters=self.filters,
            masked=self._left_out,
            sort=self.request.sort,
            offset=max(0, start - picked),
            limit=PAGE_SIZE - max(0, picked - start),
            facets=FACETS,
            facet_budget_ms=FACET_BUDGET_MS,
        )
        facets = self.pins.counted(results.facets, self.filters)
        return replace(results, total=results.total + picked, facets=facets)

    @property
    def _left_out(self) -> Collection[Ref]:
        """What the engine must not find: what is masked, and the pins, which are put on top of its hits."""
        return {*self.masked, *self.pins.rows} if self.pins.rows else self.masked

    def _check_exists(self, results: Results) -> None:
        """Nothing found because there is no index yet counts as damaged. Raises IndexDamaged."""
        if not results.total and self.service.engine.manifest() is None:
            raise IndexDamaged("there is no index yet")

    def _unfiltered(self, query: Query) -> int:
        """How many there would be without the filters of the form."""
        results = self.service.engine.search(
            query,
            audiences=self.viewer.audiences,
            language=self.request.language,
            filters=query.filters,
            masked=self._left_out,
            limit=1,
        )
        return results.total + len(self.pins.inside(query.filters))

    def _spelling(self, query: Query, started: float) -> SpellingHelp | None:
        late = time.perf_counter() - started > HELP_BUDGET
        if self.request.exact or self.request.page > 1 or self.query.plain or self.query.is_empty or late:
            return None
        if self.pins.rows:  # an editor knows these words
            return None
        text = self.service.engine.correct(
            query,
            audiences=self.viewer.audiences,
            language=self.request.language,
            masked=self.masked,
        )
        if not text or text.lower() == self.query.raw.lower():
            return None
        typed = set(self.query.raw.lower().split())
        return SpellingHelp(text, tuple((word, word.lower() not in typed) for word in text.split()))

    def _entries(self, hits: Sequence[Hit], query: Query, request: SearchRequest) -> tuple[Entry, ...]:
        wanted = {hit.ref: hit.language for hit in hits}
        rows = self.service.load(self.session, self.viewer, wanted, request.language)
        if len(rows) < len(wanted):
            log.info("%d proposed hits are not visible and were left out", len(wanted) - len(rows))
        if request.page > 1:
            return self._with_parts(_shown(hits, rows, query, (request.page - 1) * PAGE_SIZE), query)
        picked = {row.ref: row for row in self.pins.inside(self.filters)}
        first = [Hit(ref, 0.0, row.language) for ref, row in picked.items()]
        return self._with_parts(_shown([*first, *hits], {**rows, **picked}, query, 0, frozenset(picked)), query)

    def _with_parts(self, entries: Sequence[Entry], query: Query) -> tuple[Entry, ...]:
        return with_parts(self.session, self.viewer, self.service.sources, entries, query)


def _shown(
    hits: Sequence[Hit], rows: dict[Ref, Row], query: Query, first: int, picked: Collection[Ref] = ()
) -> tuple[Entry, ...]:
    highlighter = Highlighter(query)
    visible = [(hit, rows[hit.ref]) for hit in hits if hit.ref in rows]
    return tuple(
        Entry(row, first + number, hit.score, highlighter.title(row), highlighter.snippets(row), hit.ref in picked)
        for number, (hit, row) in enumerate(visible, start=1)
    )
