"""The worker carries every event through, once if it can, and never loses one."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from sportello.core import clock, lease, outbox
from sportello.core.db import Database
from sportello.core.errors import Unavailable
from sportello.core.handling import Site
from sportello.core.mail import MailError
from sportello.core.outbox import Event, OutboxRow
from sportello.core.types import Ref
from sportello.portal.worker import Worker, leadership
from sportello.portal.worker.duties import Duty
from sportello.portal.worker.lanes import IndexLane, RowLane
from sportello.portal.worker.leadership import Leadership, holder_name, is_dead


@dataclass(frozen=True)
class PageChanged(Event):
    """Something to be indexed."""

    key: str


@dataclass(frozen=True)
class LetterWanted(Event):
    """Something to be sent."""

    person: str


class Recorder:
    """An index and a mailbox that remember what reached them, and fail on demand."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.letters: list[str] = []
        self.refuse: Callable[[str], Exception | None] = lambda key: None

    def update(self, site: Site, refs: Sequence[Ref]) -> None:
        for ref in refs:
            if error := self.refuse(ref.key):
                raise error
        self.batches.append([ref.key for ref in refs])

    def send(self, site: Site, event: LetterWanted) -> None:
        if error := self.refuse(event.person):
            raise error
        self.letters.append(event.person)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def site(settings: Any, database: Database) -> Site:
    return Site(settings=settings, database=database, mailer=None, media=None, engine=None, plans=None)  # type: ignore[arg-type]


@pytest.fixture
def worker(site: Site, recorder: Recorder) -> Worker:
    index = IndexLane(site, {PageChanged: lambda event: [Ref("page", event.key)]}, recorder.update)
    return Worker(site, index, [RowLane(site, {LetterWanted: (recorder.send,)})], [])


@pytest.fixture
def running(worker: Worker) -> Iterator[Worker]:
    thread = threading.Thread(target=worker.run)
    thread.start()
    yield worker
    worker.stop()
    thread.join(20)
    assert not thread.is_alive()


def emit(database: Database, *events: Event) -> None:
    with database.write() as session:
        for event in events:
            outbox.emit(session, event)


def rows(database: Database) -> Sequence[OutboxRow]:
    with database.read() as session:
        return session.scalars(select(OutboxRow).order_by(OutboxRow.id)).all()


def make_due(database: Database) -> None:
    with database.write() as session:
        for row in session.scalars(select(OutboxRow)):
            row.available_at = clock.now()


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_many_changes_are_one_write_of_the_index(worker: Worker, database: Database, recorder: Recorder) -> None:
    emit(database, *(PageChanged(key) for key in "abcab"))
    assert worker.run_once() == 5
    assert recorder.batches == [["a", "b", "c"]]
    assert all(row.finished_at for row in rows(database))


def test_a_page_that_cannot_be_indexed_does_not_hold_up_the_others(
    worker: Worker, database: Database, recorder: Recorder
) -> None:
    recorder.refuse = lambda key: ValueError("bad page") if key == "b" else None
    emit(database, *(PageChanged(key) for key in "abc"))
    worker.run_once()
    assert sorted(key for batch in recorder.batches for key in batch) == ["a", "c"]
    failed = [row for row in rows(database) if row.finished_at is None]
    assert [row.payload["key"] for row in failed] == ["b"]
    assert failed[0].attempts == 1
    assert failed[0].error == "ValueError: bad page"


def test_a_failure_is_tried_again_later_and_parked_after_twelve_times(
    worker: Worker, database: Database, recorder: Recorder
) -> None:
    recorder.refuse = lambda key: ValueError("always")
    emit(database, LetterWanted("piero"))
    for attempt in range(1, outbox.MAX_ATTEMPTS + 1):
        worker.run_once()
        assert rows(database)[0].attempts == attempt
        make_due(database)
    assert rows(database)[0].parked_at is not None
    worker.run_once()
    assert rows(database)[0].attempts == outbox.MAX_ATTEMPTS
    with database.write() as session:
        assert outbox.retry_parked(session) == 1
    recorder.refuse = lambda key: None
    worker.run_once()
    assert recorder.letters == ["piero"]


def test_waits_between_attempts_grow_and_differ(worker: Worker, database: Database, recorder: Recorder) -> None:
    recorder.refuse = lambda key: ValueError("down")
    emit(database, LetterWanted("a"), LetterWanted("b"), LetterWanted("c"))
    for _ in range(5):
        worker.run_once()
        make_due(database)
    before = clock.now()
    worker.run_once()
    waits = [(row.available_at - before).total_seconds() for row in rows(database)]
    assert all(2**6 * 0.5 <= wait <= 2**6 + 5 for wait in waits)
    assert len({round(wait, 3) for wait in waits}) == 3


def test_mail_is_not_parked_while_the_mail_server_is_away(
    worker: Worker, database: Database, recorder: Recorder
) -> None:
    recorder.refuse = lambda key: MailError("no route", away=True)
    emit(database, LetterWanted("anna"), LetterWanted("elena"))
    for _ in range(outbox.MAX_ATTEMPTS + 3):
        worker.run_once()
        make_due(database)
    assert [row.parked_at for row in rows(database)] == [None, None]
    assert (rows(database)[0].available_at - clock.now()) < timedelta(minutes=11)
    recorder.refuse = lambda key: None
    worker.run_once()
    assert sorted(recorder.letters) == ["anna", "elena"]


def test_a_full_disk_postpones_without_counting_an_attempt(
    worker: Worker, database: Database, recorder: Recorder
) -> None:
    recorder.refuse = lambda key: OSError(28, "No space left on device")
    emit(database, PageChanged("a"), PageChanged("b"))
    worker.run_once()
    assert [(row.attempts, row.finished_at) for row in rows(database)] == [(0, None), (0, None)]
    recorder.refuse = lambda key: None
    make_due(database)
    worker.run_once()
    assert recorder.batches == [["a", "b"]]


def test_a_mail_server_that_hangs_does_not_delay_the_index(
    running: Worker, database: Database, recorder: Recorder
) -> None:
    release = threading.Event()

    def hang(key: str) -> None:
        if key == "slow":
            release.wait(15)

    recorder.refuse = hang
    emit(database, LetterWanted("slow"))
    time.sleep(1.0)
    started = time.monotonic()
    emit(database, PageChanged("a"))
    wait_for(lambda: recorder.batches == [["a"]])
    assert time.monotonic() - started < 2
    release.set()
    wait_for(lambda: recorder.letters == ["slow"])


def test_an_event_in_the_future_waits(worker: Worker, database: Database, recorder: Recorder) -> None:
    with database.write() as session:
        outbox.emit(session, LetterWanted("anna"), clock.now() + timedelta(hours=1))
    assert worker.run_once() == 0
    assert recorder.letters == []


def test_a_new_leader_takes_up_what_a_dead_one_had_claimed(
    worker: Worker, database: Database, recorder: Recorder
) -> None:
    emit(database, LetterWanted("sara"))
    with database.write() as session:
        assert len(outbox.claim(session, "a worker that died", ["LetterWanted"])) == 1
    assert worker.run_once() == 0  # its claim still holds
    thread = threading.Thread(target=worker.run)
    thread.start()
    wait_for(lambda: recorder.letters == ["sara"])
    worker.stop()
    thread.join(20)


def test_of_two_workers_one_leads_and_the_other_takes_over(database: Database) -> None:
    first, second = Leadership(database), Leadership(database)
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()


def test_a_leader_that_lost_its_lease_claims_nothing(worker: Worker, database: Database, recorder: Recorder) -> None:
    assert worker._leadership.acquire()
    with database.write() as session:
        session.get_one(lease.Lease, leadership.NAME).holder = "somebody else"
    emit(database, LetterWanted("ada"))
    assert worker._turn(worker._lanes[0]) == 0
    assert recorder.letters == []
    worker._leadership.release()


def test_a_process_that_lives_is_not_taken_for_dead() -> None:
    mine = holder_name()
    space, pid, started, _ = mine.split()
    assert not is_dead(mine)
    assert is_dead(f"{space} {pid} 1 x")  # the same id, started at another time
    assert is_dead(f"{space} 4194300 {started} x")
    assert not is_dead("another-machine 4194300 77 x")


def test_a_duty_that_fails_comes_again_and_stops_nothing(site: Site) -> None:
    done: list[str] = []

    def fail(site: Site) -> None:
        done.append("tried")
        raise ValueError("broken")

    duty = Duty("broken", 0.0, fail)
    duty.run_if_due(site)
    duty.run_if_due(site)
    assert done == ["tried", "tried"]


def test_the_worker_survives_a_database_that_is_away(worker: Worker, recorder: Recorder, site: Site) -> None:
    def away() -> int:
        raise Unavailable

    worker.stop()
    assert worker._patiently(away) == 0
