"""The outbox: what must happen after a change is written in the transaction of the change.

The worker claims rows with a lease, runs the handlers that portal/wiring.py names, retries with back-off and jitter,
and parks what keeps failing. `available_at` makes the table a scheduler too. Handlers are level-triggered: they make
the index or the mail equal to the database as it is now, so order and repetition do not matter. No secret ever stands
in a row: handlers make tokens when they send.
"""

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Index, Select, String, bindparam, delete, false, func, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, Session, mapped_column

from sportello.core import clock
from sportello.core.bulk import among, insert_rows
from sportello.core.db import Base
from sportello.core.types import UTCDateTime, instant, pk, text

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 12
KEEP_FINISHED = timedelta(days=7)
_OPEN = sql("finished_at IS NULL AND parked_at IS NULL")
_PARKED = sql("parked_at IS NOT NULL")
_registry: dict[str, type["Event"]] = {}


@dataclass(frozen=True)
class Event:
    """Something that happened, in the past tense, carrying ids only. Subclasses are frozen dataclasses."""

    name: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.name = cls.__name__
        _registry[cls.name] = cls


class OutboxRow(Base):
    """One event waiting for, or done by, the worker."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_open", "name", "available_at", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_outbox_parked", "id", sqlite_where=_PARKED, postgresql_where=_PARKED),
        Index("ix_outbox_finished", "finished_at"),
    )

    id: Mapped[pk]
    name: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[instant]
    available_at: Mapped[instant]
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[str | None] = mapped_column(String(80))
    claimed_until: Mapped[instant | None]
    finished_at: Mapped[instant | None]
    parked_at: Mapped[instant | None]
    error: Mapped[text | None]

    def event(self) -> Event:
        """The event as it was emitted. Raises KeyError for one this version does not know."""
        return _registry[self.name](**self.payload)


# Built once: to build a statement takes longer than to run it, and every event asks these.
_NOTED = {"synchronize_session": False}
_FINISHED = update(OutboxRow).where(among(OutboxRow.id, "ids")).execution_options(**_NOTED)
_FINISHED = _FINISHED.values(finished_at=bindparam("at"), claimed_until=None, error=None)
_CLAIM = select(OutboxRow.claimed_by, OutboxRow.claimed_until, OutboxRow.finished_at).where(
    OutboxRow.id == bindparam("row")
)


def emit(session: Session, event: Event, available_at: datetime | None = None) -> OutboxRow:
    """Write `event` in the caller's transaction; it is handled at `available_at` (default: at once)."""
    now = clock.now()
    row = OutboxRow(
        name=event.name, payload=asdict(event), created_at=now, available_at=available_at or now, attempts=0
    )
    session.add(row)
    return row


def emit_many(session: Session, events: Iterable[Event], available_at: datetime | None = None) -> None:
    """The same for many at once, without a row object for each."""
    now, all_of_them = clock.now(), list(events)
    each: dict[str, Sequence[Any]] = {
        "name": [event.name for event in all_of_them],
        "payload": [{**vars(event)} for event in all_of_them],
    }
    same = {"created_at": now, "available_at": available_at or now, "attempts": 0}
    insert_rows(session, OutboxRow.__table__, same, each)


def _ready(name: str) -> Select[datetime, int]:
    """What is ready of one kind of event. Asked kind by kind, so that the index answers, however much waits of others:
    fifty thousand mails that wait cost the other lanes nothing."""
    now = bindparam("now", type_=UTCDateTime)
    return select(OutboxRow.available_at, OutboxRow.id).where(
        OutboxRow.name == name,
        OutboxRow.finished_at.is_(None),
        OutboxRow.parked_at.is_(None),
        OutboxRow.available_at <= now,
        or_(OutboxRow.claimed_until.is_(None), OutboxRow.claimed_until < now),
    )


@cache
def _anything(names: frozenset[str]) -> Select[bool]:
    """Asked by each lane four times a second, day and night: it is built once."""
    return select(or_(false(), *(_ready(name).exists() for name in sorted(names))))


@cache
def _oldest(name: str) -> Select[datetime, int]:
    """As many as `most`, for nobody else."""
    first = _ready(name).order_by(OutboxRow.available_at, OutboxRow.id).limit(bindparam("most", type_=BigInteger))
    return first.with_for_update(skip_locked=True)  # ignored by SQLite, whose write transactions exclude each other


def is_ready(session: Session, names: Collection[str]) -> bool:
    """Whether `claim` would find something: a read, so that an idle worker takes no write lock."""
    return bool(session.scalar(_anything(frozenset(names)), {"now": clock.now()}))


def claim(session: Session, worker: str, names: Collection[str], limit: int = 100) -> Sequence[OutboxRow]:
    """Lease up to `limit` ready rows of events `names` to `worker` for 60 s; then they are ready again."""
    now = clock.now()
    found: list[tuple[datetime, int]] = []
    for name in sorted(names):
        oldest = session.execute(_oldest(name), {"now": now, "most": limit})
        found.extend((at, row_id) for at, row_id in oldest)
    ids = [row_id for _at, row_id in sorted(found)[:limit]]
    if not ids:
        return []
    session.execute(update(OutboxRow).where(OutboxRow.id.in_(ids)).values(claimed_by=worker, claimed_until=now + LEASE))
    return session.scalars(select(OutboxRow).where(OutboxRow.id.in_(ids)).order_by(OutboxRow.id)).all()


def is_claimed_by(session: Session, row: OutboxRow) -> bool:
    """`row` as it was claimed is claimed still by the same worker, and not handled."""
    found = session.execute(_CLAIM, {"row": row.id}).one_or_none()
    return found is not None and found[0] == row.claimed_by and found[1] is not None and found[2] is None


def release_claims(session: Session) -> None:
    """Make rows ready again that a worker had claimed which is gone: the new leader's first act."""
    session.execute(
        update(OutboxRow)
        .where(OutboxRow.finished_at.is_(None), OutboxRow.claimed_until.is_not(None))
        .values(claimed_until=None)
    )


def finish(session: Session, ids: Sequence[int]) -> None:
    """Mark rows as handled."""
    session.execute(_FINISHED, {"ids": ids, "at": clock.now()})


def fail(session: Session, row_id: int, error: str, patience: timedelta = timedelta(0)) -> None:
    """Note a failure: try again after 2^attempts seconds (at most 1 h) with jitter, or park after 12 attempts.

    With `patience` (something we depend on is away) a row is not parked before it is that old, and the wait is
    10 minutes at most.
    """
    row = session.get_one(OutboxRow, row_id)
    row.attempts += 1
    row.error = error[:2000].encode("utf-8", "replace").decode().replace("\x00", "")  # else the failure is not kept
    row.claimed_until = None
    if row.attempts >= MAX_ATTEMPTS and clock.now() - row.created_at >= patience:
        row.parked_at = clock.now()
        return
    longest = 600.0 if patience else 3600.0
    delay = min(longest, 2.0 ** min(row.attempts, MAX_ATTEMPTS)) * random.uniform(0.5, 1.0)
    row.available_at = clock.now() + timedelta(seconds=delay)


def postpone(session: Session, ids: Sequence[int], seconds: float) -> None:
    """Give claimed rows back unhandled, to be tried in `seconds`; it does not count as an attempt."""
    session.execute(
        update(OutboxRow)
        .where(OutboxRow.id.in_(ids))
        .values(claimed_until=None, available_at=clock.now() + timedelta(seconds=seconds))
    )


def retry_parked(session: Session, ids: Collection[int] | None = None) -> int:
    """Give every parked row (or those of `ids`) a fresh start; returns how many."""
    parked = update(OutboxRow).where(OutboxRow.parked_at.is_not(None))
    if ids is not None:
        parked = parked.where(OutboxRow.id.in_(ids))
    result = session.execute(parked.values(parked_at=None, attempts=0, available_at=clock.now(), claimed_until=None))
    return int(result.rowcount)  # type: ignore[attr-defined]


def purge(session: Session) -> None:
    """Remove rows finished more than 7 days ago."""
    session.execute(delete(OutboxRow).where(OutboxRow.finished_at < clock.now() - KEEP_FINISHED))


@dataclass(frozen=True)
class Backlog:
    """How the outbox stands: rows waiting, rows parked, age of the oldest ready row in seconds."""

    waiting: int
    parked: int
    lag_seconds: float


def backlog(session: Session, beside: Collection[str] = ()) -> Backlog:
    """Counts for health pages. Events named in `beside` may wait: of them only what was parked is counted."""
    now = clock.now()
    open_rows = [OutboxRow.finished_at.is_(None), OutboxRow.parked_at.is_(None), OutboxRow.available_at <= now]
    if beside:
        open_rows.append(OutboxRow.name.not_in(sorted(beside)))
    waiting, oldest = session.execute(select(func.count(), func.min(OutboxRow.available_at)).where(*open_rows)).one()
    parked = session.scalar(select(func.count()).where(OutboxRow.parked_at.is_not(None))) or 0
    lag = (now - oldest).total_seconds() if oldest else 0.0
    return Backlog(waiting=waiting, parked=parked, lag_seconds=lag)
