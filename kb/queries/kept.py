"""Statements that are built once for everybody who reads the same: to build one takes longer than to run it.

Only the statement is kept, never an answer: every execution asks the database anew, at its own moment (the models'
`readable` binds the clock, not a time). The audience rule stands in the statement, and the audience set in its key.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Concatenate, ParamSpec

from sqlalchemy import Select

from sportello.core.audience import Role, Viewer

_forget: list[Callable[[], None]] = []
KEPT = 128  # statements of one shape; with more different sets of readers than that, some are built again
Shape = ParamSpec("Shape")


def kept(build: Callable[Concatenate[Viewer, Shape], Select[Any]]) -> Callable[Concatenate[Viewer, Shape], Select[Any]]:
    """Keep what `build(viewer, *shape)` returns; `shape` is hashable, values come as parameters of the execution.

    `build` sees of the viewer only what decides over reading: audiences, roles, language; not who it is.
    """
    known = lru_cache(maxsize=KEPT)(build)
    _forget.append(known.cache_clear)

    def statement(viewer: Viewer, /, *shape: Shape.args, **named: Shape.kwargs) -> Select[Any]:
        return known(reader(viewer), *shape, **named)  # type: ignore[arg-type]

    return statement


def listed(
    build: Callable[Concatenate[Viewer, Shape], Select[Any]],
) -> Callable[Concatenate[Viewer, Shape], Select[Any]]:
    """The same for lists, counts and shelves: there even those who write see only what is published."""
    statement = kept(build)

    def published(viewer: Viewer, /, *shape: Shape.args, **named: Shape.kwargs) -> Select[Any]:
        return statement(as_reader(viewer), *shape, **named)

    return published


@lru_cache(maxsize=KEPT)
def _reader(audiences: frozenset[str], roles: frozenset[Role], language: str) -> Viewer:
    return Viewer(audiences=audiences, roles=roles, language=language)


def reader(viewer: Viewer) -> Viewer:
    """The viewer without the person: what reading depends on."""
    return _reader(viewer.audiences, viewer.roles, viewer.language)


def forgets(clear: Callable[[], None]) -> None:
    """`clear` empties what else is kept of answers to statements."""
    _forget.append(clear)


def as_reader(viewer: Viewer) -> Viewer:
    """Somebody who reads the same audiences and does not write: drafts do not exist for them."""
    return _reader(viewer.audiences, frozenset(), viewer.language)


def forget() -> None:
    """Build every statement anew: for who changes the rule while the process runs (the proofs that it is needed)."""
    for clear in _forget:
        clear()
