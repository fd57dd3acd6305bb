"""What is asked of search and what it answers: plain values for views, the command line and tests."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from markupsafe import Markup

from search_index.documents import Filters
from search_index.engine import Sort
from search_index.facets import PERIODS
from search_index.query.fields import Notice, merge
from search_index.query.tree import Query
from search_index.sources import Row
from sportello.core import clock

PAGE_SIZE = 10
LAST_PAGE = 1000


@dataclass(frozen=True)
class SearchRequest:
    """`text` as typed; `filters` chosen beside it; `period` "month", "year" or "" (any time).

    `exact`: search for the text as typed, whatever the spelling help says.
    """

    text: str = ""
    filters: Filters = field(default_factory=Filters)
    period: str = ""
    sort: Sort = Sort.RELEVANCE
    page: int = 1
    language: str = "en"
    exact: bool = False

    def chosen(self, query: Query) -> Filters:
        """The filters of the form and of the text together."""
        filters = merge(query.filters, self.filters)
        if self.period in PERIODS:
            filters = merge(filters, Filters(updated_from=clock.now() - PERIODS[self.period]))
        return filters

    def unfiltered(self) -> "SearchRequest":
        """The same question without the filters of the form."""
        return replace(self, filters=Filters(), period="", page=1)


@dataclass(frozen=True)
class Inside:
    """The place in a part of a hit, an attachment, that has what the hit's own text lacks."""

    name: str
    path: str
    snippet: Markup


@dataclass(frozen=True)
class Entry:
    """One hit as shown. `position` counts from 1 over all pages; `picked`: an editor pinned it to these words."""

    row: Row
    position: int
    score: float
    title: Markup
    snippets: Sequence[Markup] = ()
    picked: bool = False
    inside: Inside | None = None


@dataclass(frozen=True)
class FacetValue:
    """`label` is a name, or a gettext id when `translate`. `count` is None when there was no time to count."""

    value: str
    label: str
    count: int | None
    chosen: bool = False
    translate: bool = False


@dataclass(frozen=True)
class Facet:
    """`name` is also the parameter in the address; `label` a gettext id."""

    name: str
    label: str
    values: tuple[FacetValue, ...]

    @property
    def chosen(self) -> tuple[FacetValue, ...]:
        return tuple(value for value in self.values if value.chosen)


@dataclass(frozen=True)
class SpellingHelp:
    """`text`: the better spelled query; `words`: its words, True where they differ from what was typed.

    `used`: nothing was found as typed, so these are its results.
    """

    text: str
    words: tuple[tuple[str, bool], ...]
    used: bool = False


@dataclass(frozen=True)
class SearchPage:
    """The answer. `total` is exact over what the viewer may read.

    `asked`: something was asked at all. `degraded`: the index could not be read and the database answered.
    `unfiltered_total`: with nothing found, how many there would be without the filters of the form.
    """

    request: SearchRequest
    query: Query
    asked: bool = False
    entries: tuple[Entry, ...] = ()
    total: int = 0
    facets: tuple[Facet, ...] = ()
    notices: tuple[Notice, ...] = ()
    spelling: SpellingHelp | None = None
    unfiltered_total: int = 0
    degraded: bool = False
    took: timedelta = timedelta()

    @property
    def page(self) -> int:
        return self.request.page

    @property
    def pages(self) -> int:
        """Number of pages, at least 1."""
        return min(LAST_PAGE, max(1, -(-self.total // PAGE_SIZE)))

    @property
    def is_filtered(self) -> bool:
        """Something in the form narrows the search."""
        return bool(self.request.period) or self.request.filters != Filters()
