"""Counts of the engine made into the facets of the page: names, order, what is chosen."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from search_index.documents import Filters
from search_index.page import Facet, FacetValue, SearchRequest
from search_index.sources import Source
from sportello.accounts.models import Product
from sportello.core.audience import Viewer
from sportello.core.errors import N_

MOST = 12  # values of one facet that are shown
LANGUAGE_NAMES = {"en": "English", "it": "Italiano"}
PERIOD_NAMES = {"month": N_("Past month"), "year": N_("Past year")}
LABELS = {
    "kind": N_("Kind"),
    "product": N_("Product"),
    "version": N_("Version"),
    "language": N_("Language"),
    "updated": N_("Updated"),
}
PARAMETERS = {"kind": "kind", "product": "product", "version": "version", "language": "language", "updated": "updated"}


def label_facets(
    session: Session,
    viewer: Viewer,
    counts: Mapping[str, Mapping[str, int]] | None,
    request: SearchRequest,
    chosen: Filters,
    sources: Iterable[Source],
) -> tuple[Facet, ...]:
    """The facets in the order shown; empty ones are left out. One statement for the product names, another for
    chosen products without results: a product in which the viewer may read nothing keeps the code they typed.

    `counts` None: the time for counting ran out; what is chosen is shown all the same, so that it can be
    undone.
    """
    counts = counts or {}
    names = _product_names(session, viewer, counts, chosen, sources)
    kinds = {value: label for source in sources for value, label in source.kinds.items()}
    made = [
        _facet("kind", counts, chosen.kinds, kinds, translate=True, ordered=True),
        _facet("product", counts, chosen.products, names),
        _versions(counts, chosen.versions, names),
        _facet("language", counts, chosen.languages, LANGUAGE_NAMES, ordered=True),
        _facet(
            "updated", counts, frozenset(filter(None, [request.period])), PERIOD_NAMES, translate=True, ordered=True
        ),
    ]
    return tuple(facet for facet in made if facet.values)


def _product_names(
    session: Session,
    viewer: Viewer,
    counts: Mapping[str, Mapping[str, int]],
    chosen: Filters,
    sources: Iterable[Source],
) -> dict[str, str]:
    counted = set(counts.get("product", {})) | _products_of(counts.get("version", {}))
    asked = (chosen.products | _products_of(chosen.versions)) - counted
    rows = session.execute(select(Product.code, Product.name).where(Product.code.in_(sorted(counted))))
    names = {row.code: row.name for row in rows}
    for source in sources if asked else ():
        names.update(source.product_names(session, viewer, asked))
    return names


def _products_of(versions: Iterable[str]) -> set[str]:
    return {version.partition(" ")[0] for version in versions if " " in version}


def _facet(
    name: str,
    counts: Mapping[str, Mapping[str, int]],
    chosen: frozenset[str],
    labels: Mapping[str, str],
    *,
    translate: bool = False,
    ordered: bool = False,
) -> Facet:
    """`ordered`: in the order of `labels`, else the most frequent first. Chosen values are always there."""
    found = dict(counts.get(name, {}))
    for value in chosen:
        found.setdefault(value, 0)
    order = {value: number for number, value in enumerate(labels)}

    def key(value: str) -> tuple[float, float, str]:
        return (order.get(value, len(order)) if ordered else 0, -found[value], value)

    values = [
        FacetValue(
            value,
            labels.get(value, value),
            found[value] if counts else None,
            value in chosen,
            translate and value in labels,
        )
        for value in sorted(found, key=key)
    ]
    shown = [value for number, value in enumerate(values) if number < MOST or value.chosen]
    return Facet(PARAMETERS[name], LABELS[name], tuple(shown))


def _versions(counts: Mapping[str, Mapping[str, int]], chosen: frozenset[str], names: Mapping[str, str]) -> Facet:
    """Versions by product, newest first; the product's name is left out where there is only one."""
    found = counts.get("version", {})
    products = _products_of((*found, *chosen))
    labels = {}
    for value in sorted({*found, *chosen}, key=_newest_version):
        product, _, version = value.rpartition(" ")
        labels[value] = version if len(products) < 2 or not product else f"{names.get(product, product)} {version}"
    return _facet("version", counts, chosen, labels, ordered=True)


def _newest_version(value: str) -> tuple[str, list[int], str]:
    product, _, version = value.rpartition(" ")
    numbers = [-int(part) for part in version.split(".") if part.isdigit()]
    return product, numbers, version
