"""Addresses made from the routes themselves, so that a new one is tried without anybody thinking of it."""

from collections.abc import Iterator

from flask import Flask
from werkzeug.routing import Rule

from tests.gating.addresses import values_for
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
    return {name: next(iter(getattr(rule._converters[name], "items", ["absent"]))) for name in rule.arguments}


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
        if not rule.arguments:
            found.append(adapter.build(rule.endpoint))
        for argument in rule.arguments:
            values = values_for(argument, rule, slugs, list(site.slugs))
            found += [adapter.build(rule.endpoint, {argument: value}) for value in dict.fromkeys(values)]
    return found
