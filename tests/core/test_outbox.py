"""Claiming what waits: the oldest first whatever its kind, and an answer from the index however much waits."""

from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from sportello.core import clock, outbox
from sportello.core.db import Database
from sportello.core.outbox import Event, OutboxRow, emit, emit_many
from sportello.notifications.events import CallDue, DigestDue, MailDue

NAMES = (MailDue.name, DigestDue.name)


def claimed(session: Session, limit: int = 100) -> list[Event]:
    return [row.event() for row in outbox.claim(session, "worker", NAMES, limit)]


def test_the_oldest_of_all_kinds_are_claimed_and_no_other_kind(session: Session) -> None:
    now = clock.now()
    for minutes, what in ((1, MailDue(1)), (3, DigestDue(2)), (2, MailDue(3)), (4, CallDue(4)), (5, MailDue(5))):
        emit(session, what, available_at=now - timedelta(minutes=minutes))
    session.flush()
    assert sorted(map(str, claimed(session, 2))) == sorted(map(str, [MailDue(5), DigestDue(2)]))
    assert len(claimed(session)) == 2
    assert claimed(session) == []
    assert not outbox.is_ready(session, NAMES)
    assert outbox.is_ready(session, [CallDue.name])
    assert not outbox.is_ready(session, [])


def test_what_is_to_come_finished_parked_or_claimed_is_not_ready(session: Session) -> None:
    now = clock.now()
    emit_many(session, [MailDue(1)], available_at=now + timedelta(minutes=1))
    finished, parked = emit(session, MailDue(2)), emit(session, MailDue(3))
    finished.finished_at = parked.parked_at = now
    taken, left = emit(session, MailDue(4)), emit(session, MailDue(5))
    taken.claimed_until, left.claimed_until = now + timedelta(minutes=1), now - timedelta(seconds=1)
    session.flush()
    assert claimed(session) == [MailDue(5)]


def test_many_at_once_are_emitted_like_one(session: Session) -> None:
    emit_many(session, [])
    emit_many(session, [MailDue(1), CallDue(2)])
    rows = session.query(OutboxRow).order_by(OutboxRow.id).all()
    assert [row.event() for row in rows] == [MailDue(1), CallDue(2)]
    assert {row.created_at for row in rows} == {row.available_at for row in rows}
    assert [row.attempts for row in rows] == [0, 0]


def test_however_much_waits_the_index_answers(database: Database) -> None:
    """Without it, fifty thousand mails that wait would be read through by every other lane, four times a second."""
    if database.engine.dialect.name != "sqlite":
        pytest.skip("the plan is read as SQLite tells it")
    plans: list[str] = []

    def explain(connection: object, cursor: object, statement: str, parameters: object, *more: object) -> None:
        if statement.startswith("SELECT"):
            plans.extend(row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    with database.write() as session:
        emit_many(session, [MailDue(number) for number in range(2000)])
    with database.read() as session:
        raw = session.connection().connection.driver_connection
        assert raw is not None
        event.listen(database.engine, "before_cursor_execute", explain)
        outbox.is_ready(session, [CallDue.name, DigestDue.name])
        outbox.claim(session, "worker", [CallDue.name, DigestDue.name])
        event.remove(database.engine, "before_cursor_execute", explain)
    searches = [plan for plan in plans if "outbox" in plan]
    assert len(searches) == 4
    assert all("ix_outbox_open (name=? AND available_at<?)" in plan for plan in searches)
