"""Every address that the differential test asks for, made from the routes themselves.

A new GET route with a parameter nobody listed here fails the test: nothing is left out by forgetting.
"""

from collections.abc import Iterable, Iterator
from urllib.parse import quote_plus

from flask import Flask
from werkzeug.routing import Rule

from tests.gating.world import ITEMS, Item

QUERIES = (
    "", "invoice", "rounding", "invoice rounding", '"invoice total"', "rounding -italian", "roundng", "invoce totl",
    "fattura", "arrotondamento", "invoice OR fattura", "tag:shared", "kind:solution", "product:foundry invoice",
    "product:ledger", "product:Foundry",
    "version:15.1", "version:8.0", "lang:it", "updated:>2026-10", "title:rounding", "zq*", "zqa", "padding",
)  # fmt: skip
LANGUAGES = ("", "&lang=it")
NOT_ASKED = {
    # these speak about the person or carry a fresh secret; they show no item, and tests of their own cover them
    "accounts.second_factor",
}


def values_for(argument: str, rule: Rule, slugs: Iterable[str], items: Iterable[Item]) -> list[str]:
    """What to try for a route's parameter. Raises KeyError for one nobody thought of."""
    words = [item.canary for item in items]
    table: dict[str, list[str]] = {
        "slug": [*slugs, "never-was-abcde"],
        "product": ["ledger", "foundry", "harbor", "absent"],
        "category": [*(f"category-{word}" for word in words), "shared", "absent"],
        "tag": [*(f"tag-{word}" for word in words), "shared", "absent"],
        "token": ["no-such-token"],
        "key": ["xtreme", "premium", "absent"],
        "name": ["privacy", "terms", "accessibility"],
        "language": ["it", "en", "xx"],
    }
    if argument == "code":
        return table["product" if "product" in rule.rule else "category"]
    return table[argument]


def values_of(rule: Rule, slugs: Iterable[str], items: Iterable[Item]) -> list[dict[str, str]]:
    """What to try for the parameters of a route, something readable first. Raises KeyError for one nobody thought of.

    Values of several parameters belong together, so they are told by the endpoint.
    """
    if len(rule.arguments) < 2:
        known = {name: dict.fromkeys(values_for(name, rule, slugs, items)) for name in rule.arguments}
        return [{name: value} for name, values in known.items() for value in values] or [{}]
    files = [*(item.file for item in items), ("neverwas00", "absent.txt")]
    together = {
        "editorial.translate": [{"slug": slug, "language": "it"} for slug in (*slugs, "never-was-abcde")],
        "notifications.critical_change": [{"key": "absent", "act": act} for act in ("correct", "withdraw")],
        "kb.file": [{"key": key, "name": name} for key, name in files],
        "editorial.revision": [{"slug": slug, "number": "1"} for slug in [*slugs, "never-was-abcde"]],
    }
    return together[rule.endpoint]


def get_rules(app: Flask) -> list[Rule]:
    """Every route that answers GET."""
    return sorted((rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())), key=lambda r: r.rule)


def addresses(app: Flask, slugs: Iterable[str]) -> Iterator[str]:
    """All addresses, with every value of every parameter and every query of the search pages."""
    slugs = list(slugs)
    adapter = app.url_map.bind("localhost")
    for rule in get_rules(app):
        if rule.endpoint in NOT_ASKED:
            continue
        for values in values_of(rule, slugs, ITEMS):
            yield adapter.build(rule.endpoint, values)
    yield from searches()
    yield from (f"/kb/{slug}?preview" for slug in slugs)


def searches() -> Iterator[str]:
    """Result pages, their later pages and orders, and suggestions for growing prefixes."""
    words = [item.canary for item in ITEMS]
    for query in (*QUERIES, *words, *(item.code for item in ITEMS)):
        yield f"/search?q={quote_plus(query)}"
        yield f"/search/suggest?q={quote_plus(query)}"
    for word in words:
        yield f"/search/suggest?q={word[:4]}"
        yield f"/search?q={word[:-1]}x"  # a misspelt canary must not be corrected
    for query in ("invoice", "rounding", ""):
        for page in (1, 2, 3, 4, 9):
            yield f"/search?q={query}&page={page}"
        for sort in ("newest", "helpful", "relevance"):
            yield f"/search?q={query}&sort={sort}"
        for facet in (
            "product=ledger",
            "product=foundry",
            "kind=solution",
            "language=it",
            "version=ledger+15.1",
            "version=foundry+8.0",
            "product=Foundry",
        ):
            yield f"/search?q={query}&{facet}"
