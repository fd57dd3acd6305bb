"""What is noted after responses, written to the counters together, at most once a second in a process.

No reader waits for it, and a busy site does not spend more on counting than on some pages. A process that is killed
loses what it had noted in that second.
"""

import atexit
import logging
import time
from collections.abc import Callable, Sequence
from threading import Lock, Timer
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary, WeakSet

from sqlalchemy.orm import Session

from sportello.core.db import Database
from sportello.core.errors import Unavailable

log = logging.getLogger(__name__)
EVERY = 1.0  # seconds
Item = TypeVar("Item")
_all: "WeakSet[Gather[object]]" = WeakSet()


class _Waiting(Generic[Item]):
    """What is not written yet of one database."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.next = 0.0
        self.timed = False


class Gather(Generic[Item]):
    """Things of one kind. `write(session, items)` writes some to the counters; `what` names them in the log."""

    def __init__(self, what: str, write: Callable[[Session, Sequence[Item]], None]) -> None:
        self._what, self._write = what, write
        self._lock = Lock()
        self._waiting: WeakKeyDictionary[Database, _Waiting[Item]] = WeakKeyDictionary()
        _all.add(self)  # type: ignore[arg-type]

    def add(self, database: Database, item: Item) -> None:
        """Note one; write now if nothing was written lately, else with others a little later."""
        with self._lock:
            waiting = self._waiting.setdefault(database, _Waiting())
            waiting.items.append(item)
            if waiting.timed:
                return
            wait = waiting.next - time.monotonic()
            waiting.timed = wait > 0
        if wait <= 0:
            self.write(database)
            return
        timer = Timer(wait, self.write, [database])
        timer.daemon = True
        timer.start()

    def write(self, database: Database) -> None:
        """Write what was noted."""
        with self._lock:
            waiting = self._waiting.setdefault(database, _Waiting())
            items, waiting.items = waiting.items, []
            waiting.next, waiting.timed = time.monotonic() + EVERY, False
        if not items:
            return
        try:
            with database.counters() as session:
                self._write(session, items)
        except Unavailable:
            log.warning("%d %s were not noted: the counters are not available", len(items), self._what)

    def write_out(self) -> None:
        """Write everything."""
        for database in list(self._waiting):
            self.write(database)


@atexit.register
def write_out() -> None:
    """Write what this process still holds."""
    for gathered in list(_all):
        gathered.write_out()
