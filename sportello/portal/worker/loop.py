"""The worker process: wait to lead, then keep both lanes and the duties going until told to stop."""

import logging
import signal
import threading
from collections.abc import Callable, Sequence
from types import FrameType

from sportello.core import outbox
from sportello.core.errors import SportelloError
from sportello.core.handling import Site
from sportello.core.logs import fields
from sportello.portal.worker.duties import Duty
from sportello.portal.worker.lanes import Lane
from sportello.portal.worker.leadership import Leadership

IDLE_SECONDS = 0.25
AWAY_SECONDS = 2.0
STANDBY_SECONDS = 1.0
log = logging.getLogger(__name__)


class Worker:
    """`run` returns after `stop`. `index_lane` and the duties share a thread, because the index has one writer."""

    def __init__(self, site: Site, index_lane: Lane, lanes: Sequence[Lane], duties: Sequence[Duty]) -> None:
        self._site, self._index_lane, self._lanes, self._duties = site, index_lane, lanes, duties
        self._leadership = Leadership(site.database)
        self._stop = threading.Event()

    def stop(self, *_: object) -> None:
        """Finish what is in hand, then leave."""
        self._stop.set()

    def run(self) -> None:
        while not self._stop.is_set():
            if not self._leadership.acquire():
                self._stop.wait(STANDBY_SECONDS)
                continue
            log.info("worker leads", extra=fields(holder=self._leadership.holder))
            try:
                self._lead()
            finally:
                self._leadership.release()

    def run_once(self) -> int:
        """Lead only to handle what is ready now, in this thread; returns the number of rows, 0 if another leads."""
        if not self._leadership.acquire():
            return 0
        handled, found = 0, 1
        try:
            while found:
                found = sum(self._turn(lane) for lane in (self._index_lane, *self._lanes))
                handled += found
        finally:
            self._leadership.release()
        return handled

    def _lead(self) -> None:
        self._patiently(self._release_claims)
        threads = [
            threading.Thread(target=self._repeat, args=(lane,), name=type(lane).__name__, daemon=True)
            for lane in self._lanes
        ]
        for thread in threads:
            thread.start()
        self._repeat(self._index_lane, self._duties)
        for thread in threads:
            thread.join(30)

    def _release_claims(self) -> int:
        with self._site.database.write() as session:
            outbox.release_claims(session)
        return 0

    def _leads(self) -> bool:
        return not self._stop.is_set() and not self._leadership.lost.is_set()

    def _repeat(self, lane: Lane, duties: Sequence[Duty] = ()) -> None:
        while self._leads():
            for duty in duties:
                duty.run_if_due(self._site)
            if not self._patiently(lambda: self._turn(lane)):
                self._stop.wait(IDLE_SECONDS)

    def _patiently(self, act: Callable[[], int]) -> int:
        """`act`, or a pause when something it needs is away. Anything unexpected is noted, and the worker lives."""
        try:
            return act()
        except SportelloError as error:
            log.warning("worker waits: %s", error)
        except Exception:
            log.exception("worker met something unexpected")
        self._stop.wait(AWAY_SECONDS)
        return 0

    def _turn(self, lane: Lane) -> int:
        database = self._site.database
        with database.read() as session:
            if not outbox.is_ready(session, lane.names):
                return 0
        with database.write() as session:
            if self._leadership.lost.is_set() or not self._leadership.holds(session):
                return 0
            rows = outbox.claim(session, self._leadership.holder, lane.names, lane.batch)
        if rows:
            lane.handle(rows)
        return len(rows)


def stop_on_signals(worker: Worker) -> None:
    """SIGTERM and SIGINT end the worker after the batch in hand; a second one ends it at once."""

    def handle(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        worker.stop()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
