"""The parent's side: a few warm children, each serving one thread at a time."""

import atexit
import contextlib
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sportello.core.errors import Unavailable
from sportello.core.markup.paragraphs import suspects
from sportello.core.markup.process import Child, Lost
from sportello.core.markup.rendered import Limit, Rendered, TooComplex, TooLarge

RENDER_SECONDS = 1.0  # of processor time, like
SEARCH_SECONDS = 0.2  # to find the paragraph that is in the way
STALLED_SECONDS = 5.0  # of waiting beyond that: the machine is overloaded, or the child is stopped
MOST_CHILDREN = 2
_ATTEMPTS = 2

log = logging.getLogger(__name__)


def render(
    text: str,
    *,
    limit: Limit = Limit.PEOPLE,
    language: str = "en",
    scope: str = "",
    seconds: float = RENDER_SECONDS,
) -> Rendered:
    """Safe HTML of the Markdown `text`.

    `language` chooses the words of notes ("Warning", "Avviso"). `scope`, letters and digits, keeps the ids of several
    texts on one page apart. `seconds` of processor time are allowed; whoever makes nobody wait (an importer) may
    allow more. Raises TooLarge; TooComplex with the paragraph, at most 0.35 s after `seconds`; Unavailable when the
    machine is too busy to tell, or no child process can be started.
    """
    text = _clean(text)
    size = len(text.encode())
    if size > limit:
        raise TooLarge(size, limit)
    request = {
        "text": text,
        "language": language,
        "scope": scope,
        "seconds": seconds,
        "search_seconds": SEARCH_SECONDS,
    }
    for attempt in range(_ATTEMPTS):
        with _pool.child() as child:
            start = time.monotonic()
            try:
                answer = child.ask(request, seconds + SEARCH_SECONDS + STALLED_SECONDS)
            except TimeoutError as error:
                log.warning("the renderer did not answer in time and was restarted")
                raise Unavailable from error
            except Lost:
                # It died while it was idle (try another), or of this text: killed for its time or its memory.
                if attempt or time.monotonic() - start >= seconds:
                    break
                continue
        if "ok" in answer:
            return Rendered.from_json(answer["ok"])
        raise TooComplex(*answer["slow"])
    log.warning("the renderer ended over a text of %d bytes", size)
    guess = suspects(text)[0]
    raise TooComplex(guess.number, guess.first_words)


def warm() -> None:
    """Start a child now, so that the first text does not wait for it (about 0.4 s)."""
    with _pool.child():
        pass


def pids() -> list[int]:
    """Process ids of the idle children, for health pages and tests."""
    return _pool.pids()


def close() -> None:
    """End the children; the next `render` starts new ones."""
    _pool.close()


_CONTROLS = {code: None for code in (*range(0x20), 0x7F) if chr(code) not in "\t\n"} | {0: "\ufffd"}


def _clean(text: str) -> str:
    """Without control characters and lone surrogates, which HTML and UTF-8 cannot carry; line ends are newlines."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


class _Pool:
    """At most MOST_CHILDREN children of this process; a forked process starts its own."""

    def __init__(self) -> None:
        self._slots = threading.BoundedSemaphore(MOST_CHILDREN)
        self._lock = threading.Lock()
        self._idle: list[Child] = []

    @contextmanager
    def child(self) -> Iterator[Child]:
        """A child that is ready. If it is broken afterwards, its successor is already starting."""
        with self._slots:
            with self._lock:
                child = self._idle.pop() if self._idle else None
            if child is None or not child.is_alive():
                child = Child()
            child.wait_until_ready()
            try:
                yield child
            except BaseException:
                child.kill()
                raise
            finally:
                with contextlib.suppress(OSError):  # no new process now: the next caller tries again
                    child = child if child.is_alive() else Child()
                    with self._lock:
                        self._idle.append(child)

    def pids(self) -> list[int]:
        with self._lock:
            return [child.pid for child in self._idle]

    def close(self) -> None:
        """Kill the idle children."""
        with self._lock:
            children, self._idle = self._idle, []
        for child in children:
            child.kill()

    def forget(self) -> None:
        """In a forked process: the children belong to the parent, their pipes must not be shared."""
        for child in self._idle:
            child.let_go()
        self.__init__()  # type: ignore[misc]


_pool = _Pool()
os.register_at_fork(after_in_child=_pool.forget)
atexit.register(close)
