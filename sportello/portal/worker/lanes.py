"""Two lanes through the outbox, so that a mail server that hangs never delays the index.

The index lane turns a whole batch of events into one write of the index; the other lane handles row by row.
"""

import errno
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Protocol

from search_index.whoosh_engine import WriterBusy
from sportello.core import outbox
from sportello.core.errors import Unavailable
from sportello.core.handling import Ending, Handler, Site
from sportello.core.logs import fields
from sportello.core.mail import MailError
from sportello.core.outbox import Event, OutboxRow
from sportello.core.types import Ref

INDEX_BATCH = 200
OTHER_BATCH = 20
SIDE_BATCH = 8  # each may take a quarter of a minute, and a claim lasts a whole one
RETRY_SECONDS = 5.0
PATIENCE = timedelta(days=3)
log = logging.getLogger(__name__)

RefsOf = Callable[[Any], Iterable[Ref]]
UpdateIndex = Callable[[Site, Sequence[Ref]], None]


class Lane(Protocol):
    """Handles claimed rows: every row is finished, failed or postponed when `handle` returns."""

    names: frozenset[str]
    batch: int

    def handle(self, rows: Sequence[OutboxRow]) -> None: ...


def is_surroundings(error: BaseException | None) -> bool:
    """Not the row's fault: database or index busy or away, disk full, mail server not to be spoken with."""
    while error is not None:
        if isinstance(error, Unavailable | WriterBusy) or (isinstance(error, MailError) and error.away):
            return True
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO):
            return True
        error = error.__cause__
    return False


class IndexLane:
    """Makes the index equal to the database for everything that a batch of events names."""

    batch = INDEX_BATCH

    def __init__(self, site: Site, indexed: Mapping[type[Event], RefsOf], update: UpdateIndex) -> None:
        self._site, self._indexed, self._update = site, indexed, update
        self.names = frozenset(event.name for event in indexed)

    def handle(self, rows: Sequence[OutboxRow]) -> None:
        refs: dict[Ref, None] = {}
        readable: list[OutboxRow] = []
        for row in rows:
            try:
                event = row.event()
                refs.update(dict.fromkeys(self._indexed[type(event)](event)))
            except Exception as error:
                _fail(self._site, row, error)
            else:
                readable.append(row)
        if readable:
            self._apply(readable, list(refs))

    def _apply(self, rows: Sequence[OutboxRow], refs: Sequence[Ref]) -> None:
        started = time.monotonic()
        try:
            self._update(self._site, refs)
        except Exception as error:
            if is_surroundings(error):
                _postpone(self._site, rows, error)
            elif len(rows) == 1:
                _fail(self._site, rows[0], error)
            else:
                log.warning("a batch failed; its events are tried one by one", exc_info=True)
                for row in rows:
                    self.handle([row])
            return
        with self._site.database.write() as session:
            outbox.finish(session, [row.id for row in rows])
        elapsed = round((time.monotonic() - started) * 1000)
        log.info("index updated", extra=fields(events=len(rows), documents=len(refs), ms=elapsed))


class RowLane:
    """Everything else, mail above all: one row after the other, each with its own success or failure."""

    batch = OTHER_BATCH

    def __init__(self, site: Site, handlers: Mapping[type[Event], Sequence[Handler]]) -> None:
        self._site, self._handlers = site, handlers
        self.names = frozenset(event.name for event in handlers)

    def handle(self, rows: Sequence[OutboxRow]) -> None:
        for position, row in enumerate(rows):
            try:
                if not _is_ours(self._site, row):
                    continue
                event = row.event()
                endings = [handler(self._site, event) for handler in self._handlers[type(event)]]
                self._finish(row, endings)
            except Exception as error:
                _fail(self._site, row, error)
                if is_surroundings(error) and (rest := rows[position + 1 :]):
                    _postpone(self._site, rest, error)
                    return

    def _finish(self, row: OutboxRow, endings: Sequence[Ending | None]) -> None:
        """One commit says that the row is handled and what came of it: a mail that was sent costs no second one."""
        with self._site.database.write() as session:
            for end in filter(None, endings):
                end(session)
            outbox.finish(session, [row.id])


class SideLane(RowLane):
    """Rows side by side, for what mostly waits for machines of others: a slow one holds up nobody else."""

    batch = SIDE_BATCH

    def handle(self, rows: Sequence[OutboxRow]) -> None:
        one_by_one = super().handle
        with ThreadPoolExecutor(len(rows), thread_name_prefix="SideLane") as pool:
            for done in [pool.submit(one_by_one, [row]) for row in rows]:
                done.result()


def _patience(error: Exception) -> timedelta:
    """How long a row is tried again at least: long, where that is what helps. A mail of which a server got all without
    an answer may have arrived each time: of that there are few copies."""
    if isinstance(error, MailError) and (error.for_now or error.unanswered):
        return PATIENCE if error.for_now else timedelta(0)
    return PATIENCE if is_surroundings(error) else timedelta(0)


def _is_ours(site: Site, row: OutboxRow) -> bool:
    """Still claimed by this worker. One that slept through its lease finds here that another has taken its rows over,
    and leaves them to it: two side by side would send everything twice."""
    with site.database.read() as session:
        return outbox.is_claimed_by(session, row)


def _fail(site: Site, row: OutboxRow, error: Exception) -> None:
    """Note a failure of one row; if even that is impossible, its claim runs out and it is tried again."""
    about = fields(event=row.name, row=row.id, attempts=row.attempts + 1)
    log.warning("event not handled: %s", type(error).__name__, exc_info=not is_surroundings(error), extra=about)
    try:
        with site.database.write() as session:
            outbox.fail(session, row.id, f"{type(error).__name__}: {error}", _patience(error))
    except Unavailable:
        log.warning("failure not noted: the database is not available", extra=about)


def _postpone(site: Site, rows: Sequence[OutboxRow], error: Exception) -> None:
    log.warning("events postponed: %s", error, extra=fields(events=len(rows)))
    try:
        with site.database.write() as session:
            outbox.postpone(session, [row.id for row in rows], RETRY_SECONDS)
    except Unavailable:
        log.warning("postponing not noted: the database is not available", extra=fields(events=len(rows)))
