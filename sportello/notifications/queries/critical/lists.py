"""Critical notices as staff see them: what waits, what stands, what is over."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from sportello.accounts.models import Person
from sportello.core.audience import Viewer, admits
from sportello.core.errors import NotFound
from sportello.core.policy import Action, require
from sportello.notifications.models import CriticalNotice, CriticalState
from sportello.notifications.queries.critical.banner import labels, product_names
from sportello.notifications.queries.critical.subjects import abouts
from sportello.notifications.registry import Subject

PAGE = 30
ORDER = (CriticalState.TO_CONFIRM, CriticalState.SENT, CriticalState.DRAFT)


@dataclass(frozen=True)
class Entry:
    """One notice with what it is about (None: gone), its products, and the people who had to do with it."""

    notice: CriticalNotice
    about: Subject | None
    labels: Sequence[str]
    author: str | None
    asked_by: str | None
    confirmed_by: str | None


def critical_entries(session: Session, actor: Viewer, before: int | None = None) -> tuple[list[Entry], int | None]:
    """What waits for a second person first, then what stands, drafts, and what is over; and where it goes on.

    Raises Forbidden.
    """
    require(actor, Action.CRITICAL_DRAFT)
    place = case({state.value: rank for rank, state in enumerate(ORDER)}, value=CriticalNotice.state, else_=len(ORDER))
    statement = select(CriticalNotice).order_by(place, CriticalNotice.changed_at.desc(), CriticalNotice.id.desc())
    start = before or 0
    rows = session.scalars(statement.offset(start).limit(PAGE + 1)).all()
    found = _entries(session, actor, rows[:PAGE])
    return found, start + PAGE if len(rows) > PAGE else None


def waiting(session: Session) -> int:
    """How many wait for a second person."""
    asked = CriticalNotice.state == CriticalState.TO_CONFIRM
    return session.scalar(select(func.count()).select_from(CriticalNotice).where(asked)) or 0


def critical_entry(session: Session, actor: Viewer, key: str) -> Entry:
    """One, for those who write them. Raises Forbidden, NotFound."""
    require(actor, Action.CRITICAL_DRAFT)
    rows = session.scalars(select(CriticalNotice).where(CriticalNotice.key == key)).all()
    found = _entries(session, actor, rows)
    if not found:
        raise NotFound
    return found[0]


def _entries(session: Session, actor: Viewer, rows: Sequence[CriticalNotice]) -> list[Entry]:
    about = {ref: one for ref, one in abouts(session, rows).items() if admits(actor, one.audience)}
    ids = {id for row in rows for id in (row.author_id, row.asked_by_id, row.confirmed_by_id) if id}
    who = _names(session, ids)
    names = product_names(session) if rows else {}
    return [
        Entry(
            notice=row,
            about=about.get(row.subject),
            labels=labels(row.products, names),
            author=who.get(row.author_id or 0),
            asked_by=who.get(row.asked_by_id or 0),
            confirmed_by=who.get(row.confirmed_by_id or 0),
        )
        for row in rows
    ]


def _names(session: Session, ids: set[int]) -> dict[int, str]:
    if not ids:
        return {}
    return dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(ids))).all())
