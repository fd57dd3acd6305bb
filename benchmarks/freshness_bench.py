"""How long after its commit a changed article is found: a served demo site, its real worker, a search by HTTP.

python benchmarks/freshness_bench.py [--runs 5] [--port 8765]
"""

import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parents[1]))

from kb import services
from kb.models import ArticleTranslation
from sportello.core import audience
from sportello.core.db import Database


def get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return str(answer.read().decode())


def wait_for(address: str, seconds: float = 120) -> None:
    """Until the site answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            get(address)
            return
        time.sleep(0.3)
    raise SystemExit("the site did not start")


def change(database: Database, word: str) -> None:
    """Put a new word into a public article."""
    with database.write() as session:
        slug = session.scalars(
            ArticleTranslation.visible_to(audience.anonymous(), ArticleTranslation.slug).limit(1)
        ).one()
        services.revise(session, audience.system(), slug, title=f"Measured {word}", markdown=f"It holds {word}.")


@click.command()
@click.option("--runs", default=5, show_default=True, help="Runs; the median is shown.")
@click.option("--port", default=8765, show_default=True, help="A free port of this machine.")
def main(runs: int, port: int) -> None:
    """How long after its commit a changed article is found."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).with_name("sportello")), "demo", "--port", str(port)]
        environment = {**os.environ, "SPORTELLO_VAR_DIR": folder, "SPORTELLO_LIMIT_SEARCH_IP": "0"}
        server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz")
            database = Database(f"sqlite:///{folder}/sportello.sqlite")
            times = []
            for number in range(runs):
                word = f"quick{number}silver"
                change(database, word)
                started = time.perf_counter()
                while 'data-total="1"' not in get(f"http://127.0.0.1:{port}/search?q={word}&exact=1"):
                    time.sleep(0.02)
                times.append(time.perf_counter() - started)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)
    print(f"found after {statistics.median(times):.2f} s (median of {runs}; slowest {max(times):.2f} s; goal: 2 s)")


if __name__ == "__main__":
    main()
