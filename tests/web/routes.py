"""Addresses made from the routes themselves, so that a new one is tried without anybody thinking of it."""

from collections.abc import Iterator

from flask import Flask
from werkzeug.routing import BaseConverter, IntegerConverter, Rule

from tests.gating.addresses import values_of
from tests.gating.sites import Site

SAFE = {"GET", "HEAD", "OPTIONS"}
LANGUAGES = ("en", "it")


def unsafe_routes(app: Flask) -> Iterator[tuple[str, str]]:
    """Method and address of every route that may change something; arguments have any value."""
    adapter = app.url_map.bind("localhost")
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        for method in sorted((rule.methods or set()) - SAFE):
            yield method, adapter.build(rule.endpoint, _values(rule), method=method)


def _values(rule: Rule) -> dict[str, str]:
    return {name: _any_value(rule._converters[name]) for name in rule.arguments}


def _any_value(converter: BaseConverter) -> str:
    if isinstance(converter, IntegerConverter):
        return "1"
    return str(next(iter(getattr(converter, "items", ["absent"]))))


def readable_addresses(site: Site) -> list[str]:
    """Every GET route, with a value that exists and one that does not for each argument, and some searches."""
    slugs = [slugs[0] for slugs in site.slugs.values()]
    adapter = site.app.url_map.bind("localhost")
    found = [
        "/search?q=invoice",
        "/search?q=invoice&sort=newest&page=2",
        "/search/suggest?q=inv",
        "/search?q=nothingzz",
    ]
    for rule in sorted(site.app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if "GET" not in (rule.methods or ()):
            continue
        found += [adapter.build(rule.endpoint, values) for values in values_of(rule, slugs, list(site.slugs))]
    return found
