"""The child process: reads a request, answers it, until its parent closes the pipe.

A message is 4 bytes of length (big-endian) and that much JSON. The first answer, `{"ready": true}`, comes unasked.
Request: {text, language, scope, seconds, search_seconds}, both of processor time.
Answer: {ok: Rendered} or {slow: [number, first words]}.
"""

import json
import logging
import os
import resource
import signal
import struct
import sys
import time
from dataclasses import asdict
from typing import Any, BinaryIO

from sportello.core.markup.convert import Converter
from sportello.core.markup.deadline import OutOfTime, deadline
from sportello.core.markup.paragraphs import Paragraph, suspects

MEMORY = 512 * 1024 * 1024  # bytes of address space
GRACE_SECONDS = 0.15
_FAIR = 2.0 / (128 * 1024)  # seconds a byte that an ordinary paragraph never needs, a third of the speed measured
_FAIR_START = 0.03
log = logging.getLogger(__name__)


def main() -> None:
    """Serve requests from standard input on standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; it closes the pipe
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that prints can disturb the protocol
    worker = Worker()
    worker.answer({"text": "# Warm\n\n```python\nup = 1\n```\n", "seconds": 10.0, "search_seconds": 0.0})
    _write(replies, {"ready": True})
    while (request := _read(sys.stdin.buffer)) is not None:
        # The kernel ends this process if Python cannot, even when the parent is gone.
        signal.setitimer(signal.ITIMER_VIRTUAL, request["seconds"] + request["search_seconds"] + GRACE_SECONDS)
        answer = worker.answer(request)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        _write(replies, answer)


class Worker:
    """A converter that is replaced after it was interrupted."""

    def __init__(self) -> None:
        self._converter = Converter()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Render, or find out which paragraph is in the way."""
        text = request["text"]
        if self._attempt(request, text, request["seconds"]):
            return {"ok": self._result}
        slow = self._slowest(request, text)
        return {"slow": [slow.number, slow.first_words]}

    def _attempt(self, request: dict[str, Any], text: str, seconds: float) -> bool:
        try:
            with deadline(seconds):
                rendered = self._converter.render(text, request.get("language", "en"), request.get("scope", ""))
                self._result = asdict(rendered)
            return True
        except OutOfTime:
            pass
        except Exception as error:  # a refusal with the paragraph named, and a line for the operator
            log.warning("cannot render: %s: %s", type(error).__name__, str(error)[:200])
        self._converter = Converter()
        return False

    def _slowest(self, request: dict[str, Any], text: str) -> Paragraph:
        """The first suspect that alone fails or takes far more than its length excuses, else the slowest seen."""
        blocks = suspects(text)
        found, worst = blocks[0], 0.0
        if len(blocks) == 1:
            return found
        end = time.process_time() + request["search_seconds"]
        for block in blocks:
            start = time.process_time()
            if start >= end:
                break
            fair = _FAIR_START + len(block.text) * _FAIR
            if not self._attempt(request, block.text, min(fair, end - start)):
                return block
            took = time.process_time() - start
            if took > worst:
                found, worst = block, took
        return found


def _read(stream: BinaryIO) -> dict[str, Any] | None:
    head = stream.read(4)
    if len(head) < 4:
        return None
    body = stream.read(struct.unpack(">I", head)[0])
    message: dict[str, Any] = json.loads(body)
    return message


def _write(stream: BinaryIO, message: dict[str, Any]) -> None:
    body = json.dumps(message).encode()
    stream.write(struct.pack(">I", len(body)) + body)
    stream.flush()


if __name__ == "__main__":
    main()
