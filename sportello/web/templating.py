"""What every page asks of the template engine dozens of times, answered with less work; the answers are the same."""

from collections import ChainMap
from collections.abc import KeysView, MutableMapping
from functools import lru_cache
from typing import Any

from flask import Flask, request, url_for

ADDRESSES = 1024  # kept: the routes, and the articles read lately


class Names(ChainMap[str, Any]):
    """The names that all templates know. Jinja compares them at every import of a macro."""

    def keys(self) -> KeysView[str]:
        known: dict[str, Any] = {}
        for names in reversed(self.maps):
            known.update(names)
        return known.keys()


def init_templating(app: Flask) -> None:
    """Set up the engine; must come before the first template is loaded."""

    @lru_cache(maxsize=ADDRESSES)
    def known(root: str, endpoint: str, values: tuple[tuple[str, str], ...]) -> str:
        return url_for(endpoint, **dict(values))  # type: ignore[arg-type]

    def address(endpoint: str, **values: Any) -> str:
        """As `url_for`: a path depends on the route, its values and where the site is mounted, on nothing else."""
        plain = all(type(value) is str and name[0] != "_" for name, value in values.items())
        if plain and endpoint[0] != ".":
            return known(request.script_root, endpoint, tuple(values.items()))
        return url_for(endpoint, **values)

    def make_globals(more: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return Names({} if more is None else more, app.jinja_env.globals)

    app.jinja_env.make_globals = make_globals  # type: ignore[method-assign, assignment]
    app.jinja_env.globals["url_for"] = address
