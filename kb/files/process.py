"""The parent's side: a fresh child for each file, few at a time, killed when it takes too long or says too much.

Too long is told by the child's processor time: a busy machine makes an answer late, or asks to come again.
"""

import contextlib
import json
import logging
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

import sportello
from kb.files.kinds import BY_MEDIA_TYPE, HEAVY, FileKind, Refused
from sportello.core.errors import Unavailable

PROCESSOR_SECONDS = 20  # for one file
SECONDS = 60.0  # by the wall: beyond that the machine is too busy to tell
WAIT_SECONDS = 20.0  # for one's turn
MOST_AT_ONCE = 2
MAX_PICTURE = 64 << 20  # bytes of an encoded picture
MAX_WORDS = 200_000  # characters of a file that are searched
_ROOT = str(Path(sportello.__file__).resolve().parent.parent)
_turns = threading.BoundedSemaphore(MOST_AT_ONCE)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Picture:
    """A picture as it is stored. `moved`: it was an animation, of which the first picture is left."""

    kind: FileKind
    width: int
    height: int
    moved: bool
    data: IO[bytes]


def clean_picture(kind: FileKind, source: BinaryIO) -> Picture:
    """The picture encoded anew; whoever gets it closes `data`. Raises Refused, Unavailable."""
    data = tempfile.TemporaryFile()  # noqa: SIM115  handed to the caller
    try:
        with _child("picture", kind, source) as child:
            head, whole = _copy(child, data, MAX_PICTURE)
        if head is None or not whole:
            raise Refused(HEAVY)
        about = json.loads(head)
        if message := about.pop("refused", None):
            raise Refused(message, **about)
        data.seek(0)
        made = BY_MEDIA_TYPE[about["media_type"]]
        return Picture(made, about["width"], about["height"], about["moved"], data)
    except BaseException:
        data.close()
        raise


def read_words(kind: FileKind, source: BinaryIO) -> str:
    """The words inside, at most MAX_WORDS characters; empty when there are none or they cannot be read.

    Of a file that takes too long, those that came before. Raises Unavailable when the machine is too busy to tell.
    """
    found = bytearray()
    with _child("words", kind, source) as child:
        for chunk in _chunks(child):
            found += chunk
            if len(found) >= 4 * MAX_WORDS:
                break
    text = found.decode("utf-8", "ignore").replace("\x00", " ")
    return "\n".join(line for line in (" ".join(row.split()) for row in text.splitlines()) if line)[:MAX_WORDS]


@contextlib.contextmanager
def _child(job: str, kind: FileKind, source: BinaryIO) -> Iterator[subprocess.Popen[bytes]]:
    """A child that reads a copy of `source` of its own; it is gone after the block."""
    if not _turns.acquire(timeout=WAIT_SECONDS):
        raise Unavailable
    try:
        with tempfile.TemporaryFile() as copy:
            source.seek(0)
            while chunk := source.read(1 << 20):
                copy.write(chunk)
            copy.seek(0)
            child = subprocess.Popen(
                [sys.executable, "-m", "kb.files.child", job, kind.media_type, str(PROCESSOR_SECONDS)],
                stdin=copy,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                env={"PYTHONPATH": _ROOT, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            )
        try:
            yield child
        finally:
            child.kill()
            if child.stdout:
                child.stdout.close()
            child.wait()
    except OSError as error:
        raise Unavailable from error
    finally:
        _turns.release()


def _chunks(child: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """What the child writes until it ends, or is ended by its limits. Raises Unavailable when it does neither."""
    assert child.stdout is not None
    end = time.monotonic() + SECONDS
    poll = select.poll()
    poll.register(child.stdout.fileno(), select.POLLIN | select.POLLHUP)
    while poll.poll(max(0.0, end - time.monotonic()) * 1000):
        chunk = os.read(child.stdout.fileno(), 1 << 18)
        if not chunk:
            return
        yield chunk
    log.warning("a file could not be read in %d seconds: the machine is busy", SECONDS)
    raise Unavailable


def _copy(child: subprocess.Popen[bytes], target: IO[bytes], most: int) -> tuple[bytes | None, bool]:
    """The first line, the rest into `target`; False when the child did not end well or wrote too much."""
    head, buffer, size = None, bytearray(), 0
    for chunk in _chunks(child):
        if head is None:
            buffer += chunk
            if b"\n" not in buffer:
                continue
            line, _, rest = bytes(buffer).partition(b"\n")
            head, chunk = line, rest
        size += len(chunk)
        if size > most:
            return head, False
        target.write(chunk)
    try:
        return head, child.wait(WAIT_SECONDS) == 0
    except subprocess.TimeoutExpired:
        return head, False
