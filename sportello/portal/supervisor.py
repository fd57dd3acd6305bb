"""Web and worker under one command: two child processes, ended together, the worker started again if it dies."""

import contextlib
import ctypes
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from types import FrameType

from sportello.core.logs import fields

WORKER_RESTART_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_SECONDS = 60.0
STOP_SECONDS = 25.0
_PR_SET_PDEATHSIG = 1
log = logging.getLogger(__name__)


def die_with_parent() -> None:
    """On Linux: get SIGTERM when the process that started this one is gone, however it went."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


class Supervisor:
    """Runs `web` and `worker` (arguments after `sportello`) with `environ`; `run` returns the exit code."""

    def __init__(self, web: Sequence[str], worker: Sequence[str], environ: Mapping[str, str]) -> None:
        self._commands = {"web": web, "worker": worker}
        self._environ = dict(environ)
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._stopping = False

    def _start(self, name: str) -> None:
        command = [sys.executable, "-m", "sportello.portal", *self._commands[name], "--with-parent"]
        self._children[name] = subprocess.Popen(command, env=self._environ)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self._start("worker")
        self._start("web")
        restarts, started = 0, time.monotonic()
        try:
            while not self._stopping:
                time.sleep(0.1)
                if (code := self._children["web"].poll()) is not None:
                    return code or 1
                if (code := self._children["worker"].poll()) is not None and not self._stopping:
                    restarts = 0 if time.monotonic() - started > STEADY_SECONDS else restarts
                    pause = WORKER_RESTART_SECONDS[min(restarts, len(WORKER_RESTART_SECONDS) - 1)]
                    log.warning("the worker ended and is started again", extra=fields(code=code, pause=pause))
                    self._pause(pause)
                    restarts, started = restarts + 1, time.monotonic()
                    self._start("worker")
            return 0
        finally:
            self._end_children()

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < until:
            time.sleep(0.05)

    def _end_children(self) -> None:
        for child in self._children.values():
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in self._children.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
