"""Viewer x item x route: T1, T2, T3 of the checks, each against the rule told a second time."""

import re

import pytest

from search_index.page import PAGE_SIZE
from tests.browsing import ask, client_for
from tests.gating.addresses import addresses
from tests.gating.reading import hits, total
from tests.gating.sites import Site
from tests.gating.world import ITEMS, Item
from tests.people import NAMES

# Who reads which key, written out by hand: not computed by the code under test.
READS = {
    "anonymous": {"public"},
    "anna": {"public", "xtreme", "org:xtreme"},
    "piero": {"public", "xtreme", "premium", "premium@ledger", "org:premium"},
    "elena": {"public", "xtreme", "premium", "elite", "elite@harbor", "org:elite"},
    "ezio": {"public"},
    "sara": {item.audience for item in ITEMS},
    "ada": {item.audience for item in ITEMS},
}
people = pytest.mark.parametrize("name", NAMES)


def client(site: Site, name: str):  # type: ignore[no-untyped-def]
    return client_for(site.app, site.cast.people.get(name))


@people
def test_an_item_opens_for_its_audience_and_does_not_exist_for_others(full_site: Site, name: str) -> None:
    browser = client(full_site, name)
    for item, slugs in full_site.slugs.items():
        for slug in slugs:
            for address in (f"/kb/{slug}", f"/kb/{slug}.md", f"/kb/{slug}?preview=1"):
                expected = 200 if item.audience in READS[name] else 404
                assert ask(browser, address).status == expected, (address, item.audience)


@people
def test_gated_and_absent_answer_alike_whatever_the_method(full_site: Site, name: str) -> None:
    """T1: the same status, headers and bytes, but for the address itself where the page repeats it."""
    browser = client(full_site, name)
    hidden = [slugs[0] for item, slugs in full_site.slugs.items() if item.audience not in READS[name]]
    for slug in hidden:
        absent = slug[:-5] + "never"
        for suffix in ("", ".md", "?preview=1"):
            for method in ("GET", "HEAD", "OPTIONS", "PUT"):
                gated, missing = (ask(browser, f"/kb/{s}{suffix}", method) for s in (slug, absent))
                assert (gated.status, gated.headers) == (missing.status, missing.headers)
                assert gated.body.replace(slug.encode(), b"-") == missing.body.replace(absent.encode(), b"-")


@people
def test_a_canary_reaches_nobody_below_its_audience(full_site: Site, name: str) -> None:
    """T2: no byte of any page, feed, list or suggestion, in either language."""
    browser = client(full_site, name)
    hidden = [item.canary for item in ITEMS if item.audience not in READS[name]]
    if not hidden:
        return
    canaries = re.compile("|".join(hidden).encode())
    slugs = [slug for found in full_site.slugs.values() for slug in found]
    for address in addresses(full_site.app, slugs):
        if not canaries.search(address.encode()):
            answer = ask(browser, address)
            assert not canaries.search(answer.body), address
            assert not any(canaries.search(value.encode()) for _, value in answer.headers), address


@people
@pytest.mark.parametrize("query", ["invoice", "rounding", "tag:shared", "product:ledger"])
def test_totals_and_hits_are_those_of_the_visible_set(full_site: Site, name: str, query: str) -> None:
    """T3: totals and every page of hits, counted from the list of items."""
    visible = [item for item in ITEMS if item.audience in READS[name] and _matches(item, query)]
    browser = client(full_site, name)
    found: list[str] = []
    for page in range(1, -(-len(visible) // PAGE_SIZE) + 1):
        body = ask(browser, f"/search?q={query}&page={page}").body
        assert total(body) == len(visible)
        found += hits(body)
    assert len(found) == len(set(found)) == len(visible)


def _matches(item: Item, query: str) -> bool:
    draft = item.draft()
    if query.startswith("product:"):
        return query.removeprefix("product:") in draft.products
    return query in ("tag:shared", "rounding") or (query == "invoice" and "en" in draft.texts)  # all files say rounding


@people
def test_browsing_shows_a_product_only_with_something_readable_in_it(full_site: Site, name: str) -> None:
    browser = client(full_site, name)
    for code in ("ledger", "foundry", "harbor"):
        readable = [item for item in ITEMS if item.audience in READS[name] and code in item.draft().products]
        assert ask(browser, f"/kb/products/{code}").status == (200 if readable else 404)


@people
def test_categories_and_tags_of_hidden_items_do_not_exist(full_site: Site, name: str) -> None:
    browser = client(full_site, name)
    for item in ITEMS:
        expected = 200 if item.audience in READS[name] else 404
        assert ask(browser, f"/kb/tags/tag-{item.canary}").status == expected
        if item.draft().category != "shared":
            assert ask(browser, f"/kb/categories/category-{item.canary}").status == expected
