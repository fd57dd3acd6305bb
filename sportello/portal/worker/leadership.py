"""Of all worker processes one leads. The lease is renewed by a thread of its own while long work is done.

A lease lasts 15 s after its last renewal, so a worker on another machine takes over at most that long after a crash.
On the same machine the next worker need not wait: the holder's name says which process it is, and a dead one is seen.
"""

import contextlib
import logging
import os
import socket
import threading
import time
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.core import clock, lease
from sportello.core.db import Database
from sportello.core.errors import Unavailable
from sportello.core.keys import new_key

NAME = "worker"
SECONDS = 15.0
RENEW_EVERY = 4.0
log = logging.getLogger(__name__)


def _process_space() -> str:
    """Names this kernel boot and process-id namespace: within one, a process id is meaningful. Empty if unknown."""
    with contextlib.suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot[:18]}.{os.readlink('/proc/self/ns/pid').strip('pid:[]')}"
    return ""


def _started(pid: int) -> str:
    """When a process started, in clock ticks since boot: tells it from a later one with the same id."""
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return ""


def holder_name() -> str:
    """This process, so that another can tell whether it still lives: `space pid start random`."""
    pid = os.getpid()
    return f"{_process_space() or socket.gethostname()[:30]} {pid} {_started(pid) or '-'} {new_key(6)}"


def is_dead(holder: str) -> bool:
    """Certainly gone: a process of this very machine and namespace that no longer runs."""
    parts = holder.split()
    if len(parts) != 4 or not parts[1].isdigit() or parts[0] != _process_space():
        return False
    return _started(int(parts[1])) != parts[2]


class Leadership:
    """Takes the lease, keeps it, and says when it is lost. Use `acquire`, then `lost`, then `release`."""

    def __init__(self, database: Database, seconds: float = SECONDS, renew_every: float = RENEW_EVERY) -> None:
        self.holder = holder_name()
        self.lost = threading.Event()
        self._database, self._seconds, self._every = database, seconds, renew_every
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(self) -> bool:
        """Try once; on success the lease is kept until `release` or until `lost` is set."""
        try:
            with self._database.write() as session:
                current = session.get(lease.Lease, NAME)
                if current is not None and current.holder != self.holder and is_dead(current.holder):
                    lease.release(session, NAME, current.holder)
                    session.expunge(current)
                if not lease.acquire(session, NAME, self.holder, self._seconds):
                    return False
        except Unavailable:
            return False
        self.lost.clear()
        self._stop.clear()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()
        return True

    def _keep(self) -> None:
        renewed = time.monotonic()
        while not self._stop.wait(self._every):
            try:
                with self._database.write() as session:
                    if not lease.acquire(session, NAME, self.holder, self._seconds):
                        break
                renewed = time.monotonic()
            except Unavailable:
                if time.monotonic() - renewed > self._seconds:
                    break
        else:
            return
        log.warning("leadership lost")
        self.lost.set()

    def holds(self, session: Session) -> bool:
        """Asked in the transaction of a claim: a process that slept through its lease finds out here."""
        row = session.get(lease.Lease, NAME)
        return row is not None and row.holder == self.holder

    def release(self) -> None:
        """Stop renewing and let another worker lead at once."""
        self._stop.set()
        if self._thread:
            self._thread.join(self._every + 10)
        with contextlib.suppress(Unavailable), self._database.write() as session:
            lease.release(session, NAME, self.holder)


def describe(database: Database) -> tuple[bool, str]:
    """Whether some worker leads now, and one line about it: the lease is its heartbeat."""
    with database.read() as session:
        row = session.scalar(select(lease.Lease).where(lease.Lease.name == NAME))
    if row is None:
        return False, "no worker has reported"
    age = (clock.now() - row.expires_at).total_seconds() + SECONDS
    if row.expires_at <= clock.now() or is_dead(row.holder):
        return False, f"the last worker reported {round(age)} s ago"
    return True, f"a worker leads; it reported {max(0, round(age))} s ago"
