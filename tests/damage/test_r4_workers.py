"""R4: of two workers one writes the index; the other takes over, and nothing is lost, doubled or brought back."""

import json
import signal
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from kb.events import ArticleChanged
from search_index import rebuild
from sportello.core import clock, lease, outbox
from sportello.core.handling import Site
from sportello.core.outbox import OutboxRow
from sportello.portal.site import open_site
from sportello.portal.wiring import INDEXED, make_worker
from sportello.portal.worker import leadership
from tests.damage.changes import Changing
from tests.damage.places import Place, wait_until
from tests.damage.test_r1_kill import assert_index_equals_database, leads

pytestmark = pytest.mark.slow


@pytest.fixture
def site(place: Place) -> Iterator[Site]:
    made = open_site(place.settings)
    yield made
    made.database.dispose()


def holder(site: Site) -> str:
    with site.database.read() as session:
        row = session.get(lease.Lease, leadership.NAME)
    return "" if row is None else row.holder


def emitted(site: Site) -> int:
    """Events for the index."""
    names = [event.name for event in INDEXED]
    with site.database.read() as session:
        return session.scalar(select(func.count(OutboxRow.id)).where(OutboxRow.name.in_(names))) or 0


def handled(place: Place) -> int:
    """Events that the workers say they brought into the index, over all their lives."""
    count = 0
    for log in place.folder.parent.glob("*-worker-*.log"):
        for line in log.read_text().splitlines():
            if line.startswith("{") and (said := json.loads(line))["message"] == "index updated":
                count += said["events"]
    return count


def test_workers_hand_over_without_losing_or_repeating_an_event(place: Place, site: Site) -> None:
    place.extra["SPORTELLO_LOG_LEVEL"] = "INFO"
    make_worker(site).run_once()
    before = emitted(site)
    worker = place.start("worker")
    wait_until(lambda: leads(place), 90, "the first leads")
    with Changing(place, seed=11, pause=0.2) as changing:
        for _ in range(2):
            led = holder(site)
            other = place.start("worker")
            time.sleep(1.5)
            assert holder(site) == led  # it waits
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(30) == 0
            wait_until(lambda led=led: leads(place) and holder(site) != led, 20, "the other leads")
            worker = other
    assert changing.count > 10
    wait_until(lambda: place.backlog() == 0, 60, "everything is handled")
    assert handled(place) == emitted(site) - before
    assert place.parked() == 0
    assert_index_equals_database(place)


def test_a_frozen_leader_is_replaced_and_brings_nothing_old_back(place: Place, site: Site) -> None:
    first = place.start("worker")
    wait_until(lambda: leads(place), 90, "the first leads")
    led = holder(site)
    place.start("worker")
    with Changing(place, seed=12, pause=0.3):
        time.sleep(1)
        place.freeze(first)
        seconds = wait_until(lambda: holder(site) != led, 90, "the second leads when the lease has run out")
    assert seconds > 5, "a lease that still ran was taken"
    first.send_signal(signal.SIGCONT)  # perhaps in the middle of a write
    wait_until(lambda: place.backlog() == 0, 90, "everything is handled")
    now = holder(site)
    assert now != led
    time.sleep(2)
    assert holder(site) == now  # the woken one has not taken it back
    assert_index_equals_database(place)


def test_who_slept_through_its_lease_claims_nothing(place: Place, site: Site) -> None:
    sleeper, other = make_worker(site), make_worker(site)
    make_worker(site).run_once()
    assert place.backlog() == 0
    assert sleeper._leadership.acquire()
    try:
        with site.database.write() as session:
            outbox.emit(session, ArticleChanged("harbor-owner-access"))
            row = session.get_one(lease.Lease, leadership.NAME)
            row.expires_at = clock.now() - timedelta(seconds=1)  # it slept: nobody renewed
        assert other._leadership.acquire()
        assert not sleeper._leadership.lost.is_set()  # it does not know yet
        number = site.engine.manifest()
        assert sleeper._turn(sleeper._index_lane) == 0
        assert site.engine.manifest() == number
        assert place.backlog() == 1
        assert other._turn(other._index_lane) == 1
        assert place.backlog() == 0
    finally:
        other._leadership.release()
        sleeper._leadership.release()
    assert holder(site) == ""
    assert rebuild.differences(site.engine, site.database) == []
