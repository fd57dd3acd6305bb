"""A search and its address: the query string holds the whole state, so that links, `back` and sharing work.

Parameters: `q`; `kind`, `product`, `version`, `language`, `tag` (repeatable); `updated` (month, year); `sort`;
`page`; `exact`. What is odd in an address is ignored.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol
from urllib.parse import urlencode

from search_index.documents import LANGUAGES, Filters
from search_index.engine import Sort
from search_index.facets import PERIODS
from search_index.page import LAST_PAGE, FacetValue, SearchPage, SearchRequest
from search_index.query.links import without_filters

MAX_VALUES = 20
MAX_VALUE = 80
FIELDS = {"kind": "kinds", "product": "products", "version": "versions", "language": "languages", "tag": "tags"}
TYPED = {"kind": "kind", "product": "product", "version": "version", "language": "lang", "tag": "tag"}

Parameters = list[tuple[str, str]]


class Arguments(Protocol):
    """What a query string offers (werkzeug's MultiDict)."""

    def getlist(self, key: str, /) -> Sequence[str]: ...


def read(arguments: Arguments, language: str) -> SearchRequest:
    """The search that an address asks for; `language` is the reader's. Never raises."""

    def first(name: str) -> str:
        return next(iter(arguments.getlist(name)), "")

    chosen: dict[str, Any] = {field: _values(arguments.getlist(name)) for name, field in FIELDS.items()}
    chosen["languages"] &= frozenset(LANGUAGES)
    sort, period, page = first("sort"), first("updated"), first("page")
    return SearchRequest(
        text=first("q"),
        filters=Filters(**chosen),
        period=period if period in PERIODS else "",
        sort=Sort(sort) if sort in set(Sort) else Sort.RELEVANCE,
        page=min(int(page), LAST_PAGE) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
        language=language,
        exact=first("exact") == "1",
    )


def _values(typed: Sequence[str]) -> frozenset[str]:
    kept = (value.strip().lower() for value in typed[:MAX_VALUES])
    return frozenset(value for value in kept if 0 < len(value) <= MAX_VALUE)


def write(request: SearchRequest) -> Parameters:
    """The parameters that ask for this search, in a fixed order; defaults are left out."""
    found: Parameters = [("q", request.text)]
    for name, field in FIELDS.items():
        found += [(name, value) for value in sorted(getattr(request.filters, field))]
    if request.period:
        found.append(("updated", request.period))
    if request.sort is not Sort.RELEVANCE:
        found.append(("sort", request.sort.value))
    if request.page > 1:
        found.append(("page", str(request.page)))
    if request.exact:
        found.append(("exact", "1"))
    return found


class Links:
    """The addresses that one result page leads to: query strings, to be put behind the path of the page."""

    def __init__(self, page: SearchPage) -> None:
        self._page = page
        self._request = page.request
        self._raw = page.query.raw

    def _to(self, request: SearchRequest) -> str:
        return "?" + urlencode(write(request))

    def _with(self, text: str | None = None, filters: Filters | None = None, period: str | None = None) -> str:
        request = self._request
        return self._to(
            replace(
                request,
                text=self._raw if text is None else text,
                filters=request.filters if filters is None else filters,
                period=request.period if period is None else period,
                page=1,
            )
        )

    def page(self, number: int) -> str:
        """Another page of the same search."""
        return self._to(replace(self._request, page=number))

    @property
    def previous(self) -> str | None:
        return self.page(self._page.page - 1) if self._page.page > 1 else None

    @property
    def next(self) -> str | None:
        return self.page(self._page.page + 1) if self._page.page < self._page.pages else None

    def only(self, name: str, value: str | None) -> str:
        """The same search with one value in a facet, or with none."""
        change: dict[str, Any] = {FIELDS[name]: frozenset([value] if value else [])}
        filters = replace(self._request.filters, **change)
        return self._with(without_filters(self._raw, TYPED[name]), filters)

    def without(self, name: str, value: str) -> str:
        """The same search without one chosen value, wherever it was chosen: in the form or in the text."""
        if name == "updated":
            return self._with(period="")
        field = FIELDS[name]
        typed: frozenset[str] = getattr(self._page.query.filters, field)
        both = typed | getattr(self._request.filters, field)
        change: dict[str, Any] = {field: both - {value}}
        filters = replace(self._request.filters, **change)
        return self._with(without_filters(self._raw, TYPED[name]), filters)

    @property
    def without_period(self) -> str:
        """The same search without `updated:` in the text."""
        return self._with(without_filters(self._raw, "updated"))

    @property
    def unfiltered(self) -> str:
        """The same words without any filter of the form."""
        return self._to(self._request.unfiltered())

    @property
    def corrected(self) -> str:
        """The better spelled query."""
        spelling = self._page.spelling
        return self._with(spelling.text if spelling else None)

    @property
    def exact(self) -> str:
        """The query as typed, without spelling help."""
        return self._to(replace(self._request, exact=True, page=1))

    def kept(self, *left_out: str) -> Parameters:
        """Hidden fields of a form that sets the parameters `left_out` itself; it begins at page 1, unexact."""
        dropped = {*left_out, "page", "exact"}
        return [(name, value) for name, value in write(self._request) if name not in dropped]

    @property
    def form_text(self) -> str:
        """The text of the filter form: without the filters that its boxes show."""
        text = self._raw
        for name in ("product", "version", "lang"):
            text = without_filters(text, name)
        return text


def chips(page: SearchPage) -> list[tuple[str, FacetValue]]:
    """Everything that narrows the search, with the parameter it belongs to: chosen facet values, then tags."""
    found = [(facet.name, value) for facet in page.facets for value in facet.chosen]
    tags = page.query.filters.tags | page.request.filters.tags
    return [*found, *(("tag", FacetValue(tag, tag, 0, chosen=True)) for tag in sorted(tags))]


def typed_period(page: SearchPage) -> bool:
    """`updated:` stands in the text."""
    filters = page.query.filters
    return filters.updated_from is not None or filters.updated_to is not None
