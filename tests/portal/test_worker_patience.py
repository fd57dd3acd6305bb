"""How long the worker goes on trying, by what went wrong with a mail."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from sportello.core import clock, outbox
from sportello.core.db import Database
from sportello.core.handling import Site
from sportello.core.mail import MailError
from sportello.core.outbox import Event, OutboxRow
from sportello.portal.worker import lanes
from sportello.portal.worker.lanes import RowLane


@dataclass(frozen=True)
class TelegramWanted(Event):
    """Something to be sent."""

    person: str


def attempts(settings: Any, database: Database, error: MailError, age: timedelta) -> OutboxRow:
    """The row of a mail that was refused once more than often enough, `age` after it was asked for."""
    site = Site(settings=settings, database=database, mailer=None, media=None, engine=None, plans=None)  # type: ignore[arg-type]

    def refuse(site: Site, event: TelegramWanted) -> None:
        raise error

    with database.write() as session:
        row = outbox.emit(session, TelegramWanted("anna"))
        row.created_at, row.attempts = clock.now() - age, outbox.MAX_ATTEMPTS
    lane = RowLane(site, {TelegramWanted: (refuse,)})
    with database.write() as session:
        rows = outbox.claim(session, "tests", lane.names)
    lane.handle(rows)
    with database.read() as session:
        return session.scalars(select(OutboxRow)).one()


FOR_NOW = MailError("451 4.7.1 come back later", for_now=True)


def test_a_server_that_says_later_is_asked_for_days_every_ten_minutes(settings: Any, database: Database) -> None:
    row = attempts(settings, database, FOR_NOW, timedelta(hours=5))
    assert row.parked_at is None
    assert row.available_at - clock.now() < timedelta(minutes=11)


@pytest.mark.parametrize(
    ("error", "age"),
    [
        (FOR_NOW, timedelta(days=4)),
        (MailError("554 not liked", answer="554 not liked"), timedelta(hours=5)),
        (MailError("the line broke", away=True, unanswered=True), timedelta(hours=5)),
    ],
    ids=["for days", "refused", "handed over without an answer"],
)
def test_what_will_not_get_better_is_given_up(
    settings: Any, database: Database, error: MailError, age: timedelta
) -> None:
    assert attempts(settings, database, error, age).parked_at is not None


def test_a_failure_that_no_database_can_note_as_it_is_holds_up_nobody(
    settings: Any, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(lanes.__name__), "disabled", True)  # test processes cannot send it either
    row = attempts(settings, database, MailError("551 \x00 \ud800 not here"), timedelta(hours=5))
    assert row.parked_at is not None
    assert row.error == "MailError: 551  ? not here"
