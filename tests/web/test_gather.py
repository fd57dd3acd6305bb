"""What is noted after responses reaches the counters: at once when nobody did lately, else together a little later."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sportello.core import clock
from sportello.core.db import Database
from sportello.core.errors import Unavailable
from sportello.notifications.models import SeenMark
from sportello.notifications.services.seen import note_seen
from sportello.web import gather
from sportello.web.gather import Gather


@pytest.fixture
def batches() -> list[list[str]]:
    return []


@pytest.fixture
def things(batches: list[list[str]]) -> Gather[str]:
    """Things are written as marks, and what was written at once is kept."""

    def write(session: Session, items: Sequence[str]) -> None:
        note_seen(session, {(1, item): clock.now() for item in items})
        batches.append(list(items))

    return Gather("things", write)


def written(database: Database) -> int:
    with database.read_counters() as counters:
        return counters.scalar(select(func.count()).select_from(SeenMark)) or 0


def test_the_first_is_written_at_once_and_what_follows_together(
    database: Database, things: Gather[str], batches: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "EVERY", 60.0)
    for item in ("one", "two", "three"):
        things.add(database, item)
    assert batches == [["one"]]
    gather.write_out()
    assert batches == [["one"], ["two", "three"]]
    assert written(database) == 3
    gather.write_out()
    assert len(batches) == 2


def test_what_waits_is_written_by_the_clock(
    database: Database, batches: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = Event()

    def write(session: Session, items: Sequence[str]) -> None:
        batches.append(list(items))
        if len(batches) == 2:
            done.set()

    monkeypatch.setattr(gather, "EVERY", 0.05)
    things: Gather[str] = Gather("things", write)
    things.add(database, "one")
    things.add(database, "two")
    assert done.wait(30)
    assert batches == [["one"], ["two"]]


def test_nothing_is_lost_between_threads(database: Database, things: Gather[str], batches: list[list[str]]) -> None:
    def note(number: int) -> None:
        for other in range(25):
            things.add(database, f"{number}-{other}")

    threads = [Thread(target=note, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gather.write_out()
    assert written(database) == 100
    assert len(batches) < 100


def test_counters_that_are_away_cost_the_notes_and_nothing_else(
    database: Database, things: Gather[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def away() -> Iterator[Session]:
        raise Unavailable
        yield

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(database, "counters", away)
        things.add(database, "lost")
    assert "1 things were not noted" in caplog.text
    monkeypatch.setattr(gather, "EVERY", 0.0)
    things.write(database)
    things.add(database, "kept")
    gather.write_out()
    assert written(database) == 1
