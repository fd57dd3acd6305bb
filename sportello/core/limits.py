"""Limits in fixed windows, counted in the counters database: exact with any number of workers.

A window begins at a multiple of its length since 1970. One statement counts a hit if there is room, and refuses it
otherwise; there is no moment between looking and counting.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import BigInteger, Integer, String, delete, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.bulk import insert_into
from sportello.core.db import CountersBase, Database
from sportello.core.errors import TooMany
from sportello.core.settings import Settings


class LimitCounter(CountersBase):
    """How often `subject` (a digest, never in clear) hit limit `name` in the window from `start`."""

    __tablename__ = "limit_counter"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[str] = mapped_column(String(32), primary_key=True)
    start: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hits: Mapped[int] = mapped_column(Integer)
    ends: Mapped[int] = mapped_column(BigInteger, index=True)


@dataclass(frozen=True)
class Limit:
    """At most `count` hits in each window of `seconds`; a count of 0 means no limit."""

    name: str
    count: int
    seconds: int

    def window(self) -> tuple[int, int]:
        """Start and end of the current window, in seconds since 1970."""
        start = int(clock.now().timestamp()) // self.seconds * self.seconds
        return start, start + self.seconds


def _digest(subject: object) -> str:
    return hashlib.sha256(str(subject).encode()).hexdigest()[:32]


def hit(session: Session, limit: Limit, subject: object) -> None:
    """Count one hit of `subject`. Raises TooMany, without counting, when the window is full."""
    if not limit.count:
        return
    start, end = limit.window()
    statement = (
        insert_into(session, LimitCounter)
        .values(name=limit.name, subject=_digest(subject), start=start, hits=1, ends=end)
        .on_conflict_do_update(
            index_elements=[LimitCounter.name, LimitCounter.subject, LimitCounter.start],
            set_={"hits": LimitCounter.hits + 1},
            where=LimitCounter.hits < limit.count,
        )
        .returning(LimitCounter.hits)
    )
    if session.execute(statement).scalar() is None:
        raise TooMany(max(1, end - int(clock.now().timestamp())))


def refund(session: Session, limit: Limit, subject: object) -> None:
    """Take one hit of the current window back: it turned out not to count."""
    if not limit.count:
        return
    session.execute(
        update(LimitCounter)
        .where(
            LimitCounter.name == limit.name,
            LimitCounter.subject == _digest(subject),
            LimitCounter.start == limit.window()[0],
            LimitCounter.hits > 0,
        )
        .values(hits=LimitCounter.hits - 1)
    )


def purge(session: Session) -> int:
    """Remove windows that have ended; returns how many."""
    now = int(clock.now().timestamp())
    result = session.execute(delete(LimitCounter).where(LimitCounter.ends <= now))
    return int(result.rowcount)  # type: ignore[attr-defined]


def check_search(db: Database, settings: Settings, viewer: Viewer, ip: str) -> None:
    """Count one search of a person, or of an anonymous client address. Raises TooMany."""
    if viewer.person_id is not None:
        limit, subject = Limit("search-person", settings.limit_search_person, 1), str(viewer.person_id)
    else:
        limit, subject = Limit("search-ip", settings.limit_search_ip, 1), ip
    with db.counters() as session:
        hit(session, limit, subject)
