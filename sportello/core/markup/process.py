"""One child process and its pipes."""

import contextlib
import json
import os
import select
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import sportello
from sportello.core.errors import Unavailable

START_SECONDS = 20.0
_ROOT = str(Path(sportello.__file__).resolve().parent.parent)


class Lost(Unavailable):
    """The child ended without an answer, or does not start."""


class Child:
    """A renderer. Not thread-safe: one caller at a time. It ends when this process does, its pipe being closed."""

    def __init__(self) -> None:
        # A fresh, almost empty environment: the child needs no setting and no secret.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sportello.core.markup.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env={"PYTHONPATH": _ROOT, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests = self._process.stdin
        self._replies = self._process.stdout
        self._ready = False

    @property
    def pid(self) -> int:
        """The process id, for tests and logs."""
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Wait for the child's first message. Raises Lost if it does not come."""
        if self._ready:
            return
        try:
            self._receive(time.monotonic() + START_SECONDS)
        except TimeoutError as error:
            self.kill()
            raise Lost from error
        self._ready = True

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """The answer to a request. Raises TimeoutError after `seconds` (the child is killed), or Lost."""
        end = time.monotonic() + seconds
        body = json.dumps(request).encode()
        try:
            self._send(struct.pack(">I", len(body)) + body, end)
            return self._receive(end)
        except OSError as error:
            self.kill()
            if isinstance(error, TimeoutError):
                raise
            raise Lost from error
        except BaseException:
            self.kill()  # interrupted half-way through a message: the pipe is of no further use
            raise

    def kill(self) -> None:
        """End the child at once."""
        with contextlib.suppress(OSError):
            self._process.kill()
        self.let_go()
        self._process.wait()

    def let_go(self) -> None:
        """Close this side of the pipes."""
        for stream in (self._requests, self._replies):
            with contextlib.suppress(OSError):
                stream.close()

    def _send(self, data: bytes, end: float) -> None:
        os.set_blocking(self._requests.fileno(), False)
        view = memoryview(data)
        while view:
            _wait(self._requests.fileno(), select.POLLOUT, end)
            view = view[os.write(self._requests.fileno(), view) :]

    def _receive(self, end: float) -> dict[str, Any]:
        size = struct.unpack(">I", self._read(4, end))[0]
        answer: dict[str, Any] = json.loads(self._read(size, end))
        return answer

    def _read(self, size: int, end: float) -> bytes:
        data = bytearray()
        while len(data) < size:
            _wait(self._replies.fileno(), select.POLLIN, end)
            chunk = os.read(self._replies.fileno(), min(size - len(data), 1 << 18))
            if not chunk:
                raise Lost
            data += chunk
        return bytes(data)


def _wait(handle: int, event: int, end: float) -> None:
    poll = select.poll()
    poll.register(handle, event)
    if not poll.poll(max(0.0, end - time.monotonic()) * 1000):
        raise TimeoutError
