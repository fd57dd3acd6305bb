"""The guard at every session: gated tables are read by `visible_to` only, and what is kept depends on content only."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, cast
from weakref import WeakSet

from sqlalchemy import ClauseElement, Select, Table, event
from sqlalchemy.orm import ORMExecuteState, Session, sessionmaker
from sqlalchemy.sql.util import find_tables

from sportello.core.audience import VISIBLE_TO, Gated
from sportello.core.stamp import is_content

_CONTENT_ONLY = "sportello_content_only"


class UngatedRead(RuntimeError):
    """A gated table was read without `visible_to`: a bug, never shown as data."""


class UnstampedRead(RuntimeError):
    """An answer was to be kept that depends on more than the content: a bug, never shown as data."""


@cache
def _gated_tables() -> frozenset[Any]:
    def walk(cls: type[Gated]) -> Iterator[type[Gated]]:
        for sub in cls.__subclasses__():
            yield sub
            yield from walk(sub)

    return frozenset(sub.__dict__["__table__"] for sub in walk(Gated) if "__table__" in sub.__dict__)


def _tables_of(statement: ClauseElement) -> set[Any]:
    """Every table that a statement reads, in whatever corner of it."""
    return set(
        find_tables(statement, check_columns=True, include_aliases=True, include_joins=True, include_selects=True)
    )


def _outside(statement: ClauseElement) -> set[Any]:
    """The gated tables that it reads outside of what came from `visible_to`: a `SELECT` inside keeps its mark."""
    found: set[Any] = set()
    ahead: list[Any] = [statement]
    while ahead:
        element = ahead.pop()
        if isinstance(element, Select) and element.get_execution_options().get(VISIBLE_TO):
            continue
        found.update(one for one in (element, getattr(element, "table", None)) if isinstance(one, Table))
        ahead.extend(element.get_children())
    return found & _gated_tables()


_harmless: WeakSet[ClauseElement] = WeakSet()  # statements never change: one look at each is enough


def _refuse_ungated(state: ORMExecuteState) -> None:
    statement = cast(ClauseElement, state.statement)
    if not state.is_select or state.execution_options.get(VISIBLE_TO) or statement in _harmless:
        return
    if _tables_of(statement) & _gated_tables() and (gated := _outside(statement)):
        names = ", ".join(sorted(table.name for table in gated))
        raise UngatedRead(f"read of {names} without visible_to(viewer)")
    _harmless.add(statement)


@contextmanager
def content_only(session: Session) -> Iterator[None]:
    """Meanwhile the session reads of nothing but the content, or raises UnstampedRead."""
    session.info[_CONTENT_ONLY] = session.info.get(_CONTENT_ONLY, 0) + 1
    try:
        yield
    finally:
        session.info[_CONTENT_ONLY] -= 1


def _refuse_unstamped(state: ORMExecuteState) -> None:
    if not state.session.info.get(_CONTENT_ONLY):
        return
    used = _tables_of(cast(ClauseElement, state.statement))
    if loose := {table.name for table in used if isinstance(table, Table) and not is_content(table)}:
        raise UnstampedRead(f"read of {', '.join(sorted(loose))}, whose changes do not renew the stamp")


def watch(maker: sessionmaker[Session]) -> None:
    """Guard the sessions of `maker`."""
    event.listen(maker, "do_orm_execute", _refuse_ungated)
    event.listen(maker, "do_orm_execute", _refuse_unstamped)
