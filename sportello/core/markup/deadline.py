"""A limit of processor time inside the child: slow rendering is interrupted, without starting a new process.

Processor time, so that a busy machine makes an answer late and not a plain text "too complex". Python's own regular
expressions, where the time goes, look for signals while they search.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_AGAIN = 0.02  # seconds; code that swallows the first interruption gets another


class OutOfTime(BaseException):
    """The time is up. Not an Exception, so that no extension's own error handling takes it."""


class _State:
    running = False
    shielded = False
    expired = False


def _ring(number: int, frame: FrameType | None) -> None:
    if not _State.running:
        return
    _State.expired = True
    if not _State.shielded:
        raise OutOfTime


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in the block after that many seconds of processor time. Main thread only, not nested."""
    signal.signal(signal.SIGPROF, _ring)
    _State.expired, _State.running = False, True
    signal.setitimer(signal.ITIMER_PROF, max(seconds, 0.001), _AGAIN)
    try:
        yield
    finally:
        _State.running = False
        signal.setitimer(signal.ITIMER_PROF, 0)


@contextmanager
def shield() -> Iterator[None]:
    """Hold the interruption back until the end of the block.

    For calls into nh3: an exception inside its attribute filter would let the attribute through.
    """
    _State.shielded = True
    try:
        yield
    finally:
        _State.shielded = False
    if _State.running and _State.expired:
        raise OutOfTime
