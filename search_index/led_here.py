"""Which searches led to a document: the wordings that enough people used, and a figure for all others."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from search_index.log import BOT
from search_index.models import SearchLog
from search_index.report import ENOUGH_PEOPLE, is_tellable
from sportello.core import clock
from sportello.core.types import Ref


@dataclass(frozen=True)
class Wording:
    """Words that people searched with before they opened the document."""

    query: str
    searches: int


@dataclass(frozen=True)
class LedHere:
    """`others`: searches whose words fewer than three people used in one month, or that might name somebody."""

    wordings: Sequence[Wording]
    others: int

    @property
    def searches(self) -> int:
        return self.others + sum(wording.searches for wording in self.wordings)


def led_here(session: Session, ref: Ref, *, days: int = 180, limit: int = 20) -> LedHere:
    """Of the counters database. Bots are left out. One statement."""
    people = func.count(SearchLog.actor.distinct())
    rows = session.execute(
        select(SearchLog.query, func.count(), people)
        .where(
            SearchLog.opened == str(ref),
            SearchLog.audience != BOT,
            SearchLog.asked_at > clock.now() - timedelta(days=days),
        )
        .group_by(SearchLog.query, SearchLog.month)
    ).all()
    searches, most = Counter[str](), Counter[str]()
    for query, count, persons in rows:
        searches[query] += count
        most[query] = max(most[query], persons)
    told = [query for query in searches if most[query] >= ENOUGH_PEOPLE and is_tellable(query)]
    shown = sorted(told, key=lambda query: (-searches[query], query))[:limit]
    return LedHere(
        [Wording(query, searches[query]) for query in shown],
        sum(searches.values()) - sum(searches[query] for query in shown),
    )
