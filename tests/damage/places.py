"""A whole site in a folder of its own, with real processes on free ports, for being damaged."""

import contextlib
import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPMessage
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import and_, func, make_url, select

from sportello.core import clock, outbox
from sportello.core.db import Database
from sportello.core.outbox import OutboxRow
from sportello.core.settings import Settings

KEY = "a-secret-key-for-damage-tests-0123456789"
CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait for `condition`; returns how many seconds it took, fails after `seconds`."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.05)
    return time.monotonic() - started


@dataclass
class Place:
    """A site under `folder`, reached on `port`."""

    folder: Path
    port: int
    database_url: str = ""
    extra: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        own = {
            "SPORTELLO_ENVIRONMENT": "development",
            "SPORTELLO_SECRET_KEY": KEY,
            "SPORTELLO_VAR_DIR": str(self.folder),
            "SPORTELLO_BASE_URL": self.base,
            "SPORTELLO_DATABASE_URL": self.database_url,
            "SPORTELLO_LIMIT_SEARCH_IP": "0",
            "SPORTELLO_LIMIT_SEARCH_PERSON": "0",
            **self.extra,
        }
        foreign = {name: value for name, value in os.environ.items() if not name.startswith("SPORTELLO_")}
        return {**foreign, **own}

    @property
    def settings(self) -> Settings:
        return Settings.from_env(self.environ)

    @contextlib.contextmanager
    def database(self) -> Iterator[Database]:
        """A connection of the test's own."""
        made = Database(self.settings.database, self.settings.counters_database)
        try:
            yield made
        finally:
            made.dispose()

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `sportello ARGUMENTS` to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "sportello.portal", *arguments],
            env=self.environ, capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"sportello {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `sportello ARGUMENTS`; its lines go to a file in the folder's parent."""
        log = self.folder.parent / f"{self.folder.name}-{arguments[0]}-{len(self.processes)}.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", "sportello.portal", *arguments],
                env=self.environ, stdout=sink, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def freeze(self, process: subprocess.Popen[bytes]) -> None:
        """Stop it where it stands, but not while it holds SQLite's lock: nobody could write until it is woken."""
        for _ in range(50):
            process.send_signal(signal.SIGSTOP)
            if self._writable():
                return
            process.send_signal(signal.SIGCONT)
            time.sleep(random.uniform(0.01, 0.1))
        raise AssertionError("it never let go of the database")

    def _writable(self) -> bool:
        url = make_url(self.settings.database)
        if url.get_backend_name() != "sqlite":
            return True
        with contextlib.closing(sqlite3.connect(str(url.database), timeout=2, isolation_level=None)) as own:
            try:
                own.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            own.execute("ROLLBACK")
            return True

    def stop_all(self) -> None:
        """End every process that is still there, and what it started."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def serve(self, command: str = "serve") -> subprocess.Popen[bytes]:
        """Start web (and worker) and wait until pages come."""
        process = self.start(command, "--bind", f"127.0.0.1:{self.port}")

        def answers() -> bool:
            assert process.poll() is None, "the server ended"
            with contextlib.suppress(OSError):
                return Browser(self.base).get("/healthz").status in (200, 503)
            return False

        wait_until(answers, 120, "the server answers")
        return process

    def backlog(self) -> int:
        """Events that wait, those too that failed and are tried later; not what is planned for more than a minute."""
        planned = and_(OutboxRow.attempts == 0, OutboxRow.available_at > clock.now() + timedelta(minutes=1))
        waiting = select(func.count()).select_from(OutboxRow).where(OutboxRow.finished_at.is_(None), ~planned)
        with self.database() as database, database.read() as session:
            return session.scalar(waiting) or 0

    def parked(self) -> int:
        with self.database() as database, database.read() as session:
            return outbox.backlog(session).parked


@dataclass(frozen=True)
class Answer:
    """What came back, and how many seconds it took."""

    status: int
    headers: HTTPMessage
    body: str
    seconds: float


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        return None


class Browser:
    """A person's browser: cookies, forms, no scripts."""

    def __init__(self, base: str) -> None:
        self._base = base
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies), _NoRedirect)

    def _send(self, request: urllib.request.Request, timeout: float) -> Answer:
        started = time.monotonic()
        try:
            with self._opener.open(request, timeout=timeout) as response:
                status, headers, body = response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            status, headers, body = error.code, error.headers, error.read()
        return Answer(status, headers, body.decode("utf-8", "replace"), time.monotonic() - started)

    def get(self, path: str, timeout: float = 30, **headers: str) -> Answer:
        return self._send(urllib.request.Request(self._base + path, headers=headers), timeout)

    def post(self, path: str, form_page: str | None = None, timeout: float = 30, **values: str) -> Answer:
        """Submit a form: its CSRF token is taken from `form_page` (default: `path` itself)."""
        found = CSRF.search(self.get(form_page or path).body)
        assert found, f"no form on {form_page or path}"
        return self.submit(path, found[1], timeout, **values)

    def submit(self, path: str, token: str, timeout: float = 30, **values: str) -> Answer:
        """Submit with a token taken before."""
        data = urlencode({"csrf_token": token, **values}).encode()
        headers = {"Referer": self._base + path}
        return self._send(urllib.request.Request(self._base + path, data=data, headers=headers), timeout)

    def token(self, page: str) -> str:
        found = CSRF.search(self.get(page).body)
        assert found, f"no form on {page}"
        return found[1]

    def sign_in(self, email: str, password: str = "sportello-demo") -> None:
        answer = self.post("/sign-in", email=email, password=password)
        assert answer.status in (302, 303), answer.body[:500]
