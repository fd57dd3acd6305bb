"""Counting openings of articles after the response: no reader waits for it, and reading changes nothing else.

Openings are written together, at most once a second in a process: a busy site would otherwise spend more on counting
than on some pages. A process that is killed loses what it had noted in that second.
"""

import atexit
import logging
import time
from collections import Counter
from datetime import date
from threading import Lock, Timer
from weakref import WeakKeyDictionary

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue

from kb import services
from kb.queries import Reading
from search_index.log import BOT, audience_class
from search_index.visitor import is_bot
from sportello.core import clock
from sportello.core.db import Database
from sportello.core.errors import Unavailable
from sportello.web.access import current_viewer
from sportello.web.session import database

log = logging.getLogger(__name__)
AHEAD = ("prefetch", "prerender")  # browsers say so when nobody may ever look (Sec-Purpose)
EVERY = 1.0  # seconds


class Tally:
    """Openings that are not written yet, by article, day and class of reader."""

    def __init__(self) -> None:
        self._openings: Counter[tuple[str, date, str]] = Counter()
        self._lock = Lock()
        self._next = 0.0
        self._waits = False

    def count(self, counters: Database, key: str, whose: str) -> None:
        """Note one opening; write now if nothing was written lately, else with others a little later."""
        with self._lock:
            self._openings[key, clock.today(), whose] += 1
            if self._waits:
                return
            wait = self._next - time.monotonic()
            self._waits = wait > 0
        if wait <= 0:
            self.write(counters)
            return
        timer = Timer(wait, self.write, [counters])
        timer.daemon = True
        timer.start()

    def write(self, counters: Database) -> None:
        """Write what was noted."""
        with self._lock:
            openings, self._openings = self._openings, Counter()
            self._next, self._waits = time.monotonic() + EVERY, False
        if not openings:
            return
        try:
            with counters.counters() as session:
                for (key, day, whose), number in sorted(openings.items()):
                    services.count_view(session, key, whose, number=number, day=day)
        except Unavailable:
            log.warning("%d openings were not counted: the counters are not available", openings.total())


_tallies: WeakKeyDictionary[Database, Tally] = WeakKeyDictionary()


@atexit.register
def write_out() -> None:
    """Write what every tally of this process still holds."""
    for counters, tally in list(_tallies.items()):
        tally.write(counters)


def count_afterwards(drawn: tuple[Reading, str]) -> ResponseReturnValue:
    """The page, and one opening by a reader of this class, staff apart; programs and pages fetched ahead are none."""
    item, page = drawn
    response: Response = make_response(page)
    whose = audience_class(current_viewer(), is_bot=is_bot(request.headers.get("User-Agent", "")))
    ahead = any(word in request.headers.get("Sec-Purpose", "") for word in AHEAD)
    if request.method != "GET" or whose == BOT or ahead or item.published_at is None:
        return response
    counters = database()
    tally = _tallies.setdefault(counters, Tally())
    response.call_on_close(lambda: tally.count(counters, item.article.key, whose))
    return response
