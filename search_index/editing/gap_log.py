"""The log of searches as the list of gaps reads it: customers and visitors, no staff, no bots, nothing private."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from search_index.documents import LANGUAGES
from search_index.log import BOT, STAFF
from search_index.models import SearchLog
from search_index.report import is_private

BATCH = 400  # wordings in one statement
MOST_ROWS = 20_000  # wordings that are looked at, the most frequent first: the rest was asked once


class Row(NamedTuple):
    """One wording of one class of people. `last_failed`, `last_opened`: numbers of searches, later is larger."""

    language: str
    query: str
    audience: str
    searches: int
    people: int
    failed: int
    opened: int
    last: datetime
    last_failed: int | None
    last_opened: int | None


class Person(NamedTuple):
    """How often somebody searched in vain with one wording; `actor` serves for counting and is never shown."""

    language: str
    query: str
    audience: str
    actor: str
    failed: int
    found: int


def read_rows(session: Session, since: datetime | None, language: str | None = None) -> list[Row]:
    """Everything since, by wording and class of people: one statement."""
    return list(_rows(session, [_others(), *_period(since, language)]))


def read_wordings(session: Session, since: datetime | None, language: str, texts: Collection[str]) -> Iterator[Row]:
    """The same of some wordings."""
    for some in _batches(texts):
        yield from _rows(session, [_others(), *_period(since, language), SearchLog.query.in_(some)])


def read_people(
    session: Session, since: datetime | None, classes: Collection[str], texts: Collection[str]
) -> Iterator[Person]:
    """Who used these wordings."""
    columns = (SearchLog.language, SearchLog.query, SearchLog.audience, SearchLog.actor)
    failed = SearchLog.total == 0
    counts = (func.count().filter(failed), func.count().filter(~failed))
    for some in _batches(texts):
        where = [SearchLog.audience.in_(sorted(classes)), SearchLog.query.in_(some), *_period(since, None)]
        for row in session.execute(select(*columns, *counts).where(*where).group_by(*columns)):
            yield Person(row[0], row[1], row[2], row[3], row[4], row[5])


def _rows(session: Session, where: Sequence[ColumnElement[bool]]) -> Iterator[Row]:
    failed, clicked = SearchLog.total == 0, SearchLog.clicked.is_not(None)
    columns = (SearchLog.language, SearchLog.query, SearchLog.audience)
    statement = select(
        *columns,
        func.count(),
        func.count(SearchLog.actor.distinct()),
        func.count().filter(failed),
        func.count(SearchLog.clicked),
        func.max(SearchLog.asked_at),
        func.max(SearchLog.id).filter(failed),
        func.max(SearchLog.id).filter(clicked),
    )
    frequent = statement.where(*where).group_by(*columns).order_by(func.count().desc(), *columns).limit(MOST_ROWS)
    found = session.execute(frequent)
    return (Row._make(row) for row in found if not is_private(row[1]))


def _others() -> ColumnElement[bool]:
    return SearchLog.audience.not_in((STAFF, BOT))


def _period(since: datetime | None, language: str | None) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [SearchLog.language.in_(LANGUAGES if language is None else (language,))]
    return [*where, SearchLog.asked_at > since] if since is not None else where


def _batches(texts: Collection[str]) -> Iterator[list[str]]:
    ordered = iter(sorted(texts))
    while some := list(islice(ordered, BATCH)):
        yield some
