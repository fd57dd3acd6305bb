"""A change of very many articles by the worker while readers load pages: how long it takes, and what readers notice.

    python benchmarks/bulk_bench.py [--articles 10000] [--readers 4] [--seconds 15] [--cache DIR]

The site is real: web server and worker as `sportello serve` runs them. Readers ask for article pages, lists and
searches one after the other, first alone, then while the audience of every article is changed from public to a plan and
back. `--cache` keeps the filled site for the next time. Prints one line of JSON.
"""

import gzip
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parents[1]))

from editorial.queries.bulk import Selection, get_run
from editorial.services import bulk
from kb.models import ArticleTranslation
from sportello.core import outbox
from sportello.core.audience import system
from sportello.core.db import Database
from tests.browser import live
from tests.browser.live import LiveSite
from tests.people import LADDER

WORDS = "invoice rounding ledger total payment period printer vendor report update backup network account rule".split()
ACTOR = system()
live.START_SECONDS = 240  # on a busy machine, too


def fill(site: LiveSite, count: int) -> None:
    """`count` articles of about 150 words, everybody's."""
    done = site.folder / "articles"
    if done.exists() and done.read_text() == str(count):
        return
    site.run("migrate")
    chance = random.Random(7)
    path = site.folder / "articles.jsonl.gz"
    with gzip.open(path, "wt") as file:
        for number in range(count):
            body = "\n\n".join(" ".join(chance.choices(WORDS, k=30)) + "." for _ in range(5))
            title = f"{' '.join(chance.choices(WORDS, k=4))} {number}"
            file.write(json.dumps({"id": f"a{number}", "title": title, "body_markdown": body, "lang": "en"}) + "\n")
    site.run("import", "jsonl", str(path), "--audience", "public")
    site.run("index", "rebuild")
    done.write_text(str(count))


class Readers:
    """Threads that ask for one page after the other and note how long each took, in ms."""

    def __init__(self, site: LiveSite, paths: list[str], number: int) -> None:
        self.site, self.paths, self.number = site, paths, number

    def until(self, over: Callable[[], bool]) -> dict[str, float]:
        """Read until `over()`: answers, p50, p95 and the slowest, and answers that were errors (5xx)."""
        times: list[float] = []
        errors: list[int] = []
        stop = threading.Event()

        def read(seed: int) -> None:
            chance = random.Random(seed)
            connection = HTTPConnection("127.0.0.1", self.site.port, timeout=60)
            while not stop.is_set():
                started = time.perf_counter()
                connection.request("GET", chance.choice(self.paths))
                answer = connection.getresponse()
                answer.read()
                times.append((time.perf_counter() - started) * 1000)
                if answer.status >= 500:
                    errors.append(answer.status)
            connection.close()

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(self.number)]
        for thread in threads:
            thread.start()
        while not over():
            time.sleep(0.1)
        stop.set()
        for thread in threads:
            thread.join()
        cuts = statistics.quantiles(times, n=20)
        return {
            "answers": len(times), "p50": round(cuts[9], 1), "p95": round(cuts[18], 1),
            "slowest": round(max(times), 1), "errors": len(errors),
        }  # fmt: skip


def after(seconds: float) -> Callable[[], bool]:
    until = time.monotonic() + seconds
    return lambda: time.monotonic() >= until


def finished(database: Database, key: str) -> Callable[[], bool]:
    def over() -> bool:
        with database.read() as session:
            return get_run(session, ACTOR, key).state in ("done", "undone")

    return over


@click.command()
@click.option("--articles", default=10_000, show_default=True)
@click.option("--readers", default=4, show_default=True)
@click.option("--seconds", default=15.0, show_default=True, help="How long readers read alone.")
@click.option("--cache", type=click.Path(path_type=Path))
def main(articles: int, readers: int, seconds: float, cache: Path | None) -> None:
    """Fill, read, change everything while reading, undo while reading."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = cache or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        site = LiveSite(folder)
        fill(site, articles)
        database = Database(f"sqlite:///{folder}/sportello.sqlite", f"sqlite:///{folder}/counters.sqlite")
        site.start()
        settle(database)
        try:
            print(json.dumps({"articles": articles, "readers": readers, **measure(site, database, readers, seconds)}))
        finally:
            site.stop()
            database.dispose()


def settle(database: Database) -> None:
    """Wait until the worker has nothing left of the filling."""
    while True:
        with database.read() as session:
            if not outbox.backlog(session).waiting:
                return
        time.sleep(0.5)


def measure(site: LiveSite, database: Database, readers: int, seconds: float) -> dict[str, object]:
    """Readers alone, during the change, during its undoing; seconds of each run."""
    with database.read() as session:
        slugs = list(session.scalars(ArticleTranslation.visible_to(ACTOR, ArticleTranslation.slug).limit(200)))
    lists = ["/kb", "/kb/all", "/search?q=invoice+rounding"]
    crowd = Readers(site, [*(f"/kb/{slug}" for slug in slugs), *lists * 20], readers)
    crowd.until(after(2))
    figures: dict[str, object] = {"alone": crowd.until(after(seconds))}
    with database.write() as session:
        run = bulk.preview(session, ACTOR, Selection(), "audience", "xtreme", ladder=LADDER)
        session.flush()
        bulk.start(session, ACTOR, run.key)
    started = time.monotonic()
    figures["during"] = crowd.until(finished(database, run.key))
    figures["seconds"] = round(time.monotonic() - started, 1)
    with database.write() as session:
        bulk.undo(session, ACTOR, run.key)
    started = time.monotonic()
    figures["during_undo"] = crowd.until(finished(database, run.key))
    figures["undo_seconds"] = round(time.monotonic() - started, 1)
    with database.read() as session:
        figures["failed"] = len(get_run(session, ACTOR, run.key).failed)
    return figures


if __name__ == "__main__":
    main()
