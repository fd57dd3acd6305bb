"""R7: a mail server that is down, hangs, refuses or drops the line loses no mail and delays no page."""

import socket
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from sportello.core import clock, outbox
from sportello.core.db import Database
from sportello.core.handling import Site
from sportello.core.mail import MailError, Message, SmtpMailer
from sportello.core.outbox import Event, OutboxRow
from sportello.portal.worker import Worker
from sportello.portal.worker.lanes import IndexLane, RowLane
from tests.mailboxes import Mailbox, free_port, serving

BASE = "https://support.example"


@dataclass(frozen=True)
class GreetingWanted(Event):
    """A mail that one person is to get."""

    person: str


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def worker(settings: Any, database: Database, port: int) -> Worker:
    mailer = SmtpMailer(f"smtp://127.0.0.1:{port}", "support@vendor.example", BASE, timeout=1)
    site = Site(settings=settings, database=database, mailer=mailer, media=None, engine=None, plans=None)  # type: ignore[arg-type]

    def greet(site: Site, event: GreetingWanted) -> None:
        site.mailer.send(Message(f"{event.person}@example.com", "Good day", "Hello.", key=f"greeting {event.person}"))

    return Worker(site, IndexLane(site, {}, lambda site, refs: None), [RowLane(site, {GreetingWanted: (greet,)})], [])


def emit(database: Database, *people: str) -> None:
    with database.write() as session:
        for person in people:
            outbox.emit(session, GreetingWanted(person))


def rows(database: Database) -> list[OutboxRow]:
    with database.read() as session:
        return list(session.scalars(select(OutboxRow).order_by(OutboxRow.id)))


def make_due(database: Database) -> None:
    with database.write() as session:
        for row in session.scalars(select(OutboxRow)):
            row.available_at = clock.now()


def test_nothing_is_lost_while_the_server_is_down(
    worker: Worker, database: Database, mailbox: Mailbox, port: int
) -> None:
    emit(database, "anna", "piero", "elena")
    worker.run_once()
    first, *others = rows(database)
    assert first.attempts == 1
    assert [row.attempts for row in others] == [0, 0]  # one attempt is enough to know that nobody is there
    assert all(row.finished_at is None and row.available_at > clock.now() for row in (first, *others))
    make_due(database)
    with serving(mailbox, port):
        worker.run_once()
    assert len(mailbox.message_ids) == 3


def test_a_hanging_server_is_given_up_after_the_timeout(worker: Worker, database: Database, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as silent:
        silent.listen()
        emit(database, "anna")
        started = time.monotonic()
        worker.run_once()
        assert time.monotonic() - started < 5
    assert rows(database)[0].finished_at is None


def test_a_temporary_refusal_of_one_message_does_not_hold_up_the_next(
    worker: Worker, database: Database, mailbox: Mailbox, port: int
) -> None:
    with serving(mailbox, port):
        mailbox.verdict = "451 try again later"
        emit(database, "anna", "piero")
        worker.run_once()
        assert [row.attempts for row in rows(database)] == [1, 1]
        mailbox.verdict = "250 taken"
        make_due(database)
        worker.run_once()
    assert len(mailbox.message_ids) == 2
    assert all(row.finished_at for row in rows(database))


def test_a_line_dropped_after_the_message_gives_at_most_one_copy_with_the_same_id(
    worker: Worker, database: Database, mailbox: Mailbox, port: int
) -> None:
    with serving(mailbox, port):
        mailbox.drop_after_data = 1
        emit(database, "anna")
        worker.run_once()
        make_due(database)
        worker.run_once()
    assert len(mailbox.message_ids) == 2
    assert len(set(mailbox.message_ids)) == 1
    assert rows(database)[0].finished_at


def test_a_mail_that_is_refused_for_good_becomes_a_visible_dead_letter(
    worker: Worker, database: Database, mailbox: Mailbox, port: int
) -> None:
    with serving(mailbox, port):
        mailbox.verdict = "554 refused"
        emit(database, "anna")
        for _ in range(outbox.MAX_ATTEMPTS):
            worker.run_once()
            make_due(database)
    (row,) = rows(database)
    assert row.parked_at is not None
    assert "554" in (row.error or "")
    with database.read() as session:
        assert outbox.backlog(session).parked == 1


def test_waiting_for_the_server_ends_after_three_days(worker: Worker, database: Database) -> None:
    emit(database, "anna")
    with database.write() as session:
        (row,) = session.scalars(select(OutboxRow))
        row.created_at = clock.now() - timedelta(days=4)
        row.attempts = outbox.MAX_ATTEMPTS
    worker.run_once()
    assert rows(database)[0].parked_at is not None


def test_two_mails_of_one_person_have_different_ids(mailbox: Mailbox, port: int) -> None:
    mailer = SmtpMailer(f"smtp://127.0.0.1:{port}", "support@vendor.example", BASE)
    with serving(mailbox, port):
        for key in ("reset 1", "reset 2", "reset 2"):
            mailer.send(Message("anna@xtreme.example", "Reset", "A link.", key=key))
    assert len(set(mailbox.message_ids)) == 2


def test_mails_sent_at_once_do_not_disturb_each_other(mailbox: Mailbox, port: int) -> None:
    mailer = SmtpMailer(f"smtp://127.0.0.1:{port}", "support@vendor.example", BASE)
    with serving(mailbox, port):
        threads = [
            threading.Thread(target=mailer.send, args=(Message("a@example.com", "S", "T", key=str(number)),))
            for number in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(set(mailbox.message_ids)) == 8


def test_a_password_is_not_sent_where_the_line_is_not_encrypted(mailbox: Mailbox, port: int) -> None:
    mailer = SmtpMailer(f"smtp://user:secret@127.0.0.1:{port}", "support@vendor.example", BASE)
    with serving(mailbox, port), pytest.raises(MailError):
        mailer.send(Message("anna@xtreme.example", "S", "T"))
    assert mailbox.message_ids == []
