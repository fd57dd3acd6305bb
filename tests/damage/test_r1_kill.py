"""R1: kill -9 between a commit and the index; R4: two workers. Nothing is lost, nothing is there twice."""

import os
import random
import signal
import time
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from search_index import rebuild
from search_index.models import SearchMask
from sportello.accounts.events import PasswordResetRequested
from sportello.accounts.models import Person
from sportello.core import lease, outbox
from sportello.portal.site import open_site
from sportello.portal.worker import leadership
from tests.damage.changes import Changing
from tests.damage.places import Place, free_port, wait_until

pytestmark = pytest.mark.slow


def assert_index_equals_database(place: Place) -> None:
    """Every partition holds exactly the documents that the database says, each once, and no mask is left."""
    site = open_site(place.settings)
    try:
        assert rebuild.differences(site.engine, site.database) == []
        manifest = site.engine.manifest()
        assert manifest is not None
        for partition, size in manifest.partitions.items():
            assert size == len(site.engine.refs(partition)), f"a document is twice in {partition}"
        with site.database.read() as session:
            assert session.scalars(select(SearchMask)).all() == []
    finally:
        site.database.dispose()


def killed_at_random(place: Place, times: int, seed: int) -> None:
    chance = random.Random(seed)
    with Changing(place, seed) as changing:
        for _ in range(times):
            worker = place.start("worker")
            before = changing.count
            wait_until(lambda: leads(place), 90, "the worker leads")
            time.sleep(chance.uniform(0, 0.8))
            worker.kill()
            worker.wait()
            wait_until(lambda before=before: changing.count > before, 10, "changes go on")
    assert changing.count > times
    place.start("worker")
    wait_until(lambda: place.backlog() == 0, 60, "everything is handled")
    assert_index_equals_database(place)


def leads(place: Place) -> bool:
    with place.database() as database:
        return leadership.describe(database)[0]


def test_a_worker_killed_at_random_loses_nothing(place: Place) -> None:
    killed_at_random(place, 5, seed=1)


@pytest.mark.soak
def test_a_worker_killed_forty_times_loses_nothing(place: Place) -> None:
    killed_at_random(place, 40, seed=2)


def test_the_supervisor_starts_a_killed_worker_again(place: Place) -> None:
    place.serve()
    wait_until(lambda: leads(place), 90, "the worker leads")
    with place.database() as database, database.read() as session:
        row = session.get_one(lease.Lease, leadership.NAME)
    holder, pid = row.holder, int(row.holder.split()[1])
    os.kill(pid, signal.SIGKILL)

    def another_leads() -> bool:
        with place.database() as database, database.read() as session:
            now = session.get(lease.Lease, leadership.NAME)
            return now is not None and now.holder != holder and not leadership.is_dead(now.holder)

    assert wait_until(another_leads, 20, "another worker leads") < 15


class Mailbox:
    """A real mail server on loopback that counts, but not what the demo's people are told besides."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        text = bytes(envelope.content or b"").decode()
        if "List-Id:" not in text:
            self.ids.append(next(line for line in text.splitlines() if line.startswith("Message-ID:")))
        return "250 taken"


@pytest.fixture
def mailbox(place: Place) -> Iterator[Mailbox]:
    box, port = Mailbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    place.extra["SPORTELLO_SMTP_URL"] = f"smtp://127.0.0.1:{port}"
    yield box
    controller.stop()


def ask_for_mails(place: Place, count: int) -> None:
    with place.database() as database, database.write() as session:
        person = session.scalars(select(Person).where(Person.email == "anna@xtreme.example")).one()
        for number in range(count):
            outbox.emit(session, PasswordResetRequested(person.id, f"request-{number}"))


def test_of_two_workers_one_works_and_the_other_takes_over(place: Place, mailbox: Mailbox) -> None:
    first = place.start("worker")
    wait_until(lambda: leads(place), 90, "the first leads")
    place.start("worker")
    time.sleep(2)
    ask_for_mails(place, 60)
    wait_until(lambda: len(mailbox.ids) > 5, 30, "mails are sent")
    first.send_signal(signal.SIGTERM)
    assert first.wait(30) == 0
    wait_until(lambda: place.backlog() == 0, 60, "the second sends the others")
    assert len(mailbox.ids) == 60
    assert len(set(mailbox.ids)) == 60


def test_a_killed_leader_costs_at_most_one_mail_sent_twice(place: Place, mailbox: Mailbox) -> None:
    first = place.start("worker")
    wait_until(lambda: leads(place), 90, "the first leads")
    place.start("worker")
    ask_for_mails(place, 60)
    wait_until(lambda: len(mailbox.ids) > 5, 30, "mails are sent")
    first.kill()
    first.wait()
    wait_until(lambda: place.backlog() == 0, 60, "the second sends the others")
    assert len(set(mailbox.ids)) == 60
    assert len(mailbox.ids) <= 61


@pytest.mark.soak
def test_a_leader_that_was_frozen_finds_out_that_it_leads_no_more(place: Place, mailbox: Mailbox) -> None:
    first = place.start("worker")
    wait_until(lambda: leads(place), 90, "the first leads")
    place.start("worker")
    time.sleep(2)
    place.freeze(first)
    ask_for_mails(place, 20)
    wait_until(lambda: len(mailbox.ids) == 20, 40, "the second takes over when the lease has run out")
    first.send_signal(signal.SIGCONT)
    ask_for_mails(place, 20)
    wait_until(lambda: place.backlog() == 0, 40, "everything is handled")
    assert len(mailbox.ids) == 40
