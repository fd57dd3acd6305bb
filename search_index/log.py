"""The search log: what is searched, by how many, and what they open. For counting only, never for following
anybody.

Who searched is an HMAC of the person or the visit under a key that changes every month, so that nobody can
be followed from one month to the next, nor recognised without the site's secret. The keystrokes of one
search are collapsed.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from search_index.models import SearchLog
from search_index.query.text import clean
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.types import Ref

COLLAPSE = timedelta(seconds=30)  # one query that continues another within this time is the same search
CLICKABLE = timedelta(hours=6)  # a result may be opened this long after its search
BOT, STAFF, ANONYMOUS = "bot", "staff", "anonymous"
MAX_QUERY = 256


@dataclass(frozen=True)
class Searcher:
    """Who is counted: `actor` is the HMAC, `audience` the class of the person."""

    actor: str
    audience: str
    month: str


def audience_class(viewer: Viewer, *, is_bot: bool = False) -> str:
    """`staff`, `bot`, the plan code, or `anonymous` (also for those whose coverage has ended)."""
    if viewer.is_staff:
        return STAFF
    if is_bot:
        return BOT
    return viewer.plan or ANONYMOUS


def searcher(secret: str, viewer: Viewer, visit: str, *, is_bot: bool = False) -> Searcher:
    """`visit` tells anonymous visitors apart (address and browser); it is not kept."""
    month = clock.now().strftime("%Y-%m")
    key = hmac.digest(secret.encode(), f"search log {month}".encode(), hashlib.sha256)
    who = f"person {viewer.person_id}" if viewer.person_id is not None else f"visit {visit}"
    actor = hmac.new(key, who.encode(), hashlib.sha256).hexdigest()[:32]
    return Searcher(actor, audience_class(viewer, is_bot=is_bot), month)


def normal(text: str) -> str:
    """A query as it is logged: cleaned, lower case, at most 256 characters."""
    return clean(text).lower()[:MAX_QUERY]


def record(session: Session, who: Searcher, text: str, language: str, total: int) -> None:
    """Note a search in the counters database. A query that continues the last one of 30 s ago replaces it."""
    query = normal(text)
    if not query:
        return
    now = clock.now()
    latest = session.scalars(
        select(SearchLog)
        .where(SearchLog.actor == who.actor, SearchLog.asked_at > now - COLLAPSE)
        .order_by(SearchLog.asked_at.desc(), SearchLog.id.desc())
        .limit(1)
    ).first()
    if latest is None or (latest.clicked and latest.query != query) or not _continues(latest.query, query):
        latest = SearchLog(actor=who.actor, month=who.month, clicked=None, opened=None)
        session.add(latest)
    latest.asked_at = now
    latest.query = query
    latest.language = language
    latest.audience = who.audience
    latest.total = total


def _continues(before: str, after: str) -> bool:
    return before.startswith(after) or after.startswith(before)


def click(session: Session, who: Searcher, text: str, position: int, opened: Ref | None = None) -> None:
    """Note that this searcher opened the result at `position` (from 1), and which; only the first one counts."""
    latest = session.scalars(
        select(SearchLog)
        .where(
            SearchLog.actor == who.actor,
            SearchLog.query == normal(text),
            SearchLog.asked_at > clock.now() - CLICKABLE,
        )
        .order_by(SearchLog.asked_at.desc(), SearchLog.id.desc())
        .limit(1)
    ).first()
    if latest is not None and latest.clicked is None and 1 <= position <= max(latest.total, 1):
        latest.clicked = position
        latest.opened = str(opened) if opened else None


def purge(session: Session, days: int) -> int:
    """Remove what is older than `days` (a setting); returns how many rows."""
    limit = clock.now() - timedelta(days=days)
    result = session.execute(delete(SearchLog).where(SearchLog.asked_at < limit))
    return int(result.rowcount)  # type: ignore[attr-defined]
