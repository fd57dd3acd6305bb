"""What the search log tells: popular queries, those that find nothing, those whose results nobody opens."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from search_index.log import BOT, STAFF
from search_index.models import SearchLog
from sportello.core import clock

ENOUGH_PEOPLE = 3
LONGEST_PAST_QUERY = 80
_PRIVATE = re.compile(r"@|(?:\d[\s./-]?){7,}")  # an e-mail address, or a long number however it is grouped


def is_private(query: str) -> bool:
    """It holds an e-mail address or a long number: shown to nobody."""
    return _PRIVATE.search(query) is not None


@dataclass(frozen=True)
class Line:
    """One query of a report: how often, by how many (within a month), how many results last, how often
    opened."""

    query: str
    searches: int
    people: int
    total: int
    opened: int


@dataclass(frozen=True)
class Report:
    top: Sequence[Line]
    failed: Sequence[Line]
    unclicked: Sequence[Line]
    searches: int
    without_result: int


def report(session: Session, *, days: int = 30, limit: int = 20, staff: bool = False) -> Report:
    """The last `days`, without bots; of customers and visitors, or with `staff` of staff only."""
    since = clock.now() - timedelta(days=days)
    whose = SearchLog.audience == STAFF if staff else SearchLog.audience.not_in((STAFF, BOT))
    period = and_(SearchLog.asked_at > since, whose)
    searches, failed = session.execute(
        select(func.count(), func.count().filter(SearchLog.total == 0)).where(period)
    ).one()
    return Report(
        top=_lines(session, period, limit),
        failed=_lines(session, and_(period, SearchLog.total == 0), limit),
        unclicked=_lines(session, and_(period, SearchLog.total > 0), limit, func.count(SearchLog.clicked) == 0),
        searches=searches,
        without_result=failed,
    )


def _lines(
    session: Session, where: ColumnElement[bool], limit: int, having: ColumnElement[bool] | None = None
) -> list[Line]:
    searches = func.count()
    statement = (
        select(
            SearchLog.query,
            searches,
            func.count(SearchLog.actor.distinct()),
            func.max(SearchLog.total),
            func.count(SearchLog.clicked),
        )
        .where(where)
        .group_by(SearchLog.query)
        .order_by(searches.desc(), SearchLog.query)
        .limit(limit)
    )
    if having is not None:
        statement = statement.having(having)
    return [Line(*row) for row in session.execute(statement)]


def past_queries(session: Session, audience: str, prefix: str, limit: int = 6) -> list[str]:
    """Queries that begin with `prefix` and that three people of this class made in one month, most people
    first.

    None that holds an e-mail address or a long number. Whether they find something is for the caller to see.
    """
    people = func.count(SearchLog.actor.distinct())
    statement = (
        select(SearchLog.query, people)
        .where(SearchLog.audience == audience, _begins(session, prefix), SearchLog.total > 0)
        .group_by(SearchLog.query, SearchLog.month)
        .having(people >= ENOUGH_PEOPLE)
        .order_by(people.desc(), SearchLog.query)
        .limit(limit * 3)
    )
    found = dict.fromkeys(query for query, _ in session.execute(statement))
    return [query for query in found if is_tellable(query)][:limit]


def is_tellable(query: str) -> bool:
    """Nothing in it names a person: short, without an e-mail address or a long number."""
    return len(query) <= LONGEST_PAST_QUERY and not is_private(query)


def _begins(session: Session, prefix: str) -> ColumnElement[bool]:
    """Begins with; on SQLite as a range, which uses the index where its LIKE does not."""
    if session.get_bind().dialect.name == "sqlite":
        return and_(SearchLog.query >= prefix, SearchLog.query < prefix + "\U0010ffff")
    return SearchLog.query.startswith(prefix, autoescape=True)
