"""A whole site of its own, served by real processes on a free port of the loopback."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

PASSWORD = "sportello-demo"
START_SECONDS = 180  # on a machine that does much else
STOP_SECONDS = 30
ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class LiveSite:
    """Runs `sportello` commands against a folder, and serves it. Searches are not limited: tests are hasty."""

    def __init__(self, folder: Path, **changes: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._server: subprocess.Popen[bytes] | None = None
        own = {
            "environment": "development",
            "secret_key": "a-secret-key-for-tests-of-32-characters",
            "var_dir": str(folder),
            "base_url": self.url,
            "operator_name": "Meridiana",
            "support_email": "support@meridiana.example",
            "support_phone": "+39 02 5550 1200",
            "limit_search_person": "0",
            "limit_search_ip": "0",
            "workers": "2",
            **changes,
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SPORTELLO_")}
        self.environ = {**inherited, **{f"SPORTELLO_{name.upper()}": value for name, value in own.items()}}

    def run(self, *command: str) -> str:
        """Run a `sportello` command to its end; returns what it printed. Raises RuntimeError if it failed."""
        done = subprocess.run(
            [sys.executable, "-m", "sportello.portal", *command],
            env=self.environ, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"sportello {' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout

    def start(self) -> None:
        """Serve, and return when the first page answers."""
        log = (self.folder / "server.log").open("wb")
        command = [sys.executable, "-m", "sportello.portal", "serve", "--bind", f"127.0.0.1:{self.port}"]
        self._server = subprocess.Popen(command, env=self.environ, cwd=ROOT, stdout=log, stderr=log)
        log.close()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._server.poll() is None:
            with contextlib.suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(self.url + "/robots.txt", timeout=5).close()
                return
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"the site did not start:\n{(self.folder / 'server.log').read_text()[-3000:]}")

    def stop(self) -> None:
        """End the server and its worker."""
        if self._server is None:
            return
        if self._server.poll() is None:
            self._server.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._server.wait(STOP_SECONDS)
        if self._server.poll() is None:
            self._server.kill()
        self._server = None


@contextlib.contextmanager
def demo_site(folder: Path) -> Iterator[LiveSite]:
    """The demo site: its content and accounts, indexed and served."""
    site = LiveSite(folder)
    site.run("demo", "--load-only")
    site.start()
    try:
        yield site
    finally:
        site.stop()
