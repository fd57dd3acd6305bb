"""One search over a view."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from search_index.documents import LANGUAGES, Filters, Hit, Results
from search_index.engine import Sort
from search_index.query.tree import Query
from search_index.whoosh_engine import facets as facet_counts
from search_index.whoosh_engine.layout import Bools
from search_index.whoosh_engine.matching import LanguageMatcher
from search_index.whoosh_engine.plan import plan
from search_index.whoosh_engine.ranking import rank
from search_index.whoosh_engine.scores import everything, score
from search_index.whoosh_engine.tuning import Tuning
from search_index.whoosh_engine.view import View
from sportello.core import clock
from sportello.core.types import Ref


@dataclass(frozen=True)
class Request:
    """The arguments of a search, but for whom: that is the view."""

    query: Query
    language: str
    filters: Filters
    sort: Sort
    offset: int
    limit: int
    facets: Collection[str]
    facet_budget_ms: int


def unmasked(view: View, masked: Collection[Ref]) -> Bools:
    """The documents that exist for a search: not deleted, not masked."""
    hidden = view.find(masked)
    if not hidden:
        return view.live
    live = view.live.copy()
    live[hidden] = False
    return live


def matchers_of(view: View, live: Bools, tuning: Tuning) -> list[LanguageMatcher]:
    """One per language that occurs; kept with the view when nothing is masked."""
    if live is view.live and (known := view.cache.get("matchers")) is not None and known[0] is tuning:
        found: list[LanguageMatcher] = known[1]
        return found
    matchers = [LanguageMatcher(view, live, language, tuning) for language in LANGUAGES]
    matchers = [matcher for matcher in matchers if matcher.count]
    if live is view.live:
        view.cache["matchers"] = (tuning, matchers)
    return matchers


def search(view: View, request: Request, masked: Collection[Ref], tuning: Tuning) -> Results:
    """The best documents of the view, the number of all, and their facets."""
    live = unmasked(view, masked)
    matchers = matchers_of(view, live, tuning)
    concepts = plan(request.query, request.language, matchers, tuning)
    wanted = bool(request.query.nodes)
    scores = [score(m, concepts, tuning) if wanted else everything(m) for m in matchers]
    outside = _excluded(view, request.query, matchers)

    def matching(filters: Filters) -> Bools:
        found = np.zeros(view.size, bool)
        for matcher, of_language in zip(matchers, scores, strict=True):
            if not filters.languages or matcher.language in filters.languages:
                found |= of_language.found
        return found & live & ~outside & facet_counts.admitted(view, filters)

    candidates = matching(request.filters)
    now = clock.now()
    allowed = [
        place
        for place, matcher in enumerate(matchers)
        if not request.filters.languages or matcher.language in request.filters.languages
    ]
    ranked = rank(
        view,
        [matchers[place] for place in allowed],
        [scores[place] for place in allowed],
        candidates,
        language=request.language,
        sort=request.sort,
        wanted=request.offset + request.limit,
        now=facet_counts.microseconds(now),
        tuning=tuning,
    )
    page = range(request.offset, min(request.offset + request.limit, len(ranked.docs)))
    hits = tuple(
        Hit(
            view.ref(int(ranked.docs[place])),
            float(ranked.values[place]),
            matchers[allowed[int(ranked.languages[place])]].language,
        )
        for place in page
    )
    counted = facet_counts.count(
        view, request.facets, request.filters, matching, now=now, budget_ms=request.facet_budget_ms
    )
    return Results(hits=hits, total=int(candidates.sum()), facets=counted)


def _excluded(view: View, query: Query, matchers: list[LanguageMatcher]) -> Bools:
    """The documents that match something excluded, in any language."""
    outside = np.zeros(view.size, bool)
    for node in query.excluded:
        for matcher in matchers:
            outside[matcher.find(node).docs] = True
    return outside
