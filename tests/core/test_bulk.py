"""Many rows at once: made as if one by one, each at most once, and on PostgreSQL in statements that do not grow."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from sportello.accounts.models import Person
from sportello.core import clock, keys
from sportello.core.bulk import among, insert_rows
from sportello.core.db import Database
from sportello.core.outbox import OutboxRow, emit_many
from sportello.notifications.events import MailDue
from sportello.notifications.models import Delivery, DeliveryChannel, DeliveryState, SuppressedAddress
from tests.people import Cast


def deliver(session: Session, people: list[int]) -> list[int]:
    """A digest for each of them; returns the ids of the rows that were made."""
    now = clock.now()
    same = {
        "channel": DeliveryChannel.DIGEST.value,
        "occasion": "digest:2026-11-23",
        "notice_id": None,
        "created_at": now,
        "due_at": now + timedelta(hours=1),
    }
    each: dict[str, Sequence[Any]] = {"key": keys.new_keys(len(people)), "person_id": people}
    return list(insert_rows(session, Delivery.__table__, same, each, once=True, returning="id"))


def test_rows_have_what_each_has_what_all_have_and_the_defaults(session: Session, cast: Cast) -> None:
    made = deliver(session, [cast.anna.id, cast.piero.id])
    rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
    assert [row.id for row in rows] == sorted(made)
    assert [row.person_id for row in rows] == [cast.anna.id, cast.piero.id]
    assert all(keys.is_key(row.key) for row in rows)
    assert {(row.state, row.attempts, row.notice_id, row.error) for row in rows} == {
        (DeliveryState.QUEUED, 0, None, None)
    }
    assert {row.due_at - row.created_at for row in rows} == {timedelta(hours=1)}


def test_a_row_that_is_there_is_left_alone_and_not_given_back(session: Session, cast: Cast) -> None:
    (first,) = deliver(session, [cast.anna.id])
    (second,) = deliver(session, [cast.anna.id, cast.piero.id])
    assert session.scalars(select(Delivery.id).order_by(Delivery.id)).all() == [first, second]


def test_no_rows_are_no_statement(session: Session) -> None:
    assert deliver(session, []) == []


def test_texts_are_taken_as_they_are(session: Session) -> None:
    """Whatever stands in them: commas, quotes, braces and letters of every kind are part of an array's own language."""
    reasons = ["plain", "a,b", "{}", 'say "no"', "it's", "back\\slash", "NULL", "", "città 🜚", "two\nlines"]
    same = {"since": clock.now(), "bounces": 1}
    each = {"email": [f"{n}@a.example" for n in range(len(reasons))], "reason": reasons}
    insert_rows(session, SuppressedAddress.__table__, same, each)
    rows = session.scalars(select(SuppressedAddress.reason).order_by(SuppressedAddress.email)).all()
    assert rows == reasons


def test_who_is_among_many(session: Session, cast: Cast) -> None:
    people = select(Person.id)
    wanted = [cast.anna.id, cast.piero.id, 10**12, *range(-40_000, 0)]
    assert set(session.scalars(people.where(among(Person.id, wanted)))) == {cast.anna.id, cast.piero.id}
    assert session.scalars(people.where(among(Person.id, []))).all() == []


def test_the_index_answers_who_is_among_many(database: Database) -> None:
    if database.engine.dialect.name != "sqlite":
        pytest.skip("the plan is read as SQLite tells it")
    wanted = select(Person.id, Person.email).where(among(Person.id, [5, 7]), Person.active)
    with database.engine.connect() as connection:
        text = str(wanted.compile(connection, compile_kwargs={"literal_binds": True}))
        plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    assert plan[0].startswith("SEARCH person USING INTEGER PRIMARY KEY")


def test_on_postgresql_a_thousand_are_told_in_as_many_words_as_one(database: Database) -> None:
    if database.engine.dialect.name != "postgresql":
        pytest.skip("SQLite takes the values one by one")
    sent: list[str] = []

    def note(connection: object, cursor: object, statement: str, *more: object) -> None:
        sent.append(statement)

    with database.write() as session:
        emit_many(session, [MailDue(0)])
        event.listen(database.engine, "before_cursor_execute", note)
        emit_many(session, [MailDue(number) for number in range(1, 1001)])
        event.remove(database.engine, "before_cursor_execute", note)
        rows = session.scalars(select(OutboxRow).order_by(OutboxRow.id)).all()
        assert sorted(row.payload["delivery"] for row in rows) == list(range(1001))
    assert len(sent) == 1
    assert len(sent[0]) < 600
