"""Server time of the main pages under load: the real site, two gunicorn workers, wrk with 20 connections.

    python benchmarks/web_bench.py [--kb DIR] [--cache DIR] [--runs 5] [--seconds 10] [--page NAME ...]

The site is the demo; `--kb` adds the articles of every *.jsonl.gz in DIR (public, so that everybody finds them).
`--cache` keeps the filled site for the next time; otherwise it is made in a temporary folder. Each page is asked as
an anonymous visitor and as Piero, a Premium customer. Search limits are off (the setting 0), and only they.

Prints for each page the median of the runs: p50 and p95 in ms, requests a second, and answers that were not 2xx.
Needs wrk on the PATH.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

import click

sys.path.insert(0, str(Path(__file__).parents[1]))

from sportello.core.settings import Settings
from tests.browser.live import PASSWORD, LiveSite

THREADS, CONNECTIONS = 2, 20
PERSON = "piero@premium.example"
SCRIPT = """
done = function(summary, latency, requests)
  local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format('{"p50": %f, "p95": %f, "rate": %f, "bad": %d}\\n', latency:percentile(50) / 1000,
    latency:percentile(95) / 1000, summary.requests / (summary.duration / 1e6), bad))
end
"""
SEARCHES = """
local words = {"invoice", "rounding", "configuration", "settings", "error", "report", "update", "install",
  "database", "vendor", "payment", "service", "network", "permission", "printer", "backup"}
local number = 0
request = function()
  number = number + 1
  local first, second = words[number % 16 + 1], words[math.floor(number / 16) % 16 + 1]
  return wrk.format("GET", "/search?q=" .. first .. "+" .. second)
end
"""


@dataclass(frozen=True)
class Figures:
    """One run, or the median of several: milliseconds, requests a second, answers that were no 2xx."""

    p50: float
    p95: float
    rate: float
    bad: int


def fill(site: LiveSite, kb: Path | None) -> None:
    """The demo and, once, the articles of `kb`."""
    done = site.folder / "filled"
    wanted = sorted(path.name for path in kb.glob("*.jsonl.gz")) if kb else []
    if done.exists() and json.loads(done.read_text()) == wanted:
        return
    site.run("demo", "--load-only")
    for name in wanted:
        assert kb
        _run(site, "import", "jsonl", str(kb / name), "--audience", "public", "--create-products")
    _run(site, "index", "rebuild")
    done.write_text(json.dumps(wanted))


def _run(site: LiveSite, *command: str) -> None:
    """As `site.run`, but long, and with its progress shown; bad records (exit code 1) are left out."""
    print("sportello", *command, file=sys.stderr)
    done = subprocess.run([sys.executable, "-m", "sportello.portal", *command], env=site.environ, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"sportello {' '.join(command)} ended with {done.returncode}")


def ask(site: LiveSite, path: str, cookie: str = "", form: dict[str, str] | None = None) -> tuple[HTTPResponse, str]:
    """One request; returns the answer and its text."""
    connection = HTTPConnection("127.0.0.1", site.port, timeout=60)
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST" if form else "GET", path, urlencode(form) if form else None, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def sign_in(site: LiveSite, email: str) -> str:
    """The cookie of somebody signed in."""
    answer, text = ask(site, "/sign-in")
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text)
    assert found
    before = (answer.getheader("Set-Cookie") or "").partition(";")[0]
    form = {"email": email, "password": PASSWORD, "csrf_token": found.group(1)}
    answer, _ = ask(site, "/sign-in", before, form)
    if answer.status != 302:
        raise SystemExit(f"{email} could not sign in: {answer.status}")
    return (answer.getheader("Set-Cookie") or "").partition(";")[0]


def run_wrk(site: LiveSite, path: str, cookie: str, seconds: int, script: str) -> Figures:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script + SCRIPT)
        file.flush()
        command = ["wrk", f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "30s", "-s", file.name]
        for header in (
            "Accept-Encoding: gzip, br",
            "User-Agent: Mozilla/5.0",
            *([f"Cookie: {cookie}"] if cookie else []),
        ):
            command += ["-H", header]
        output = subprocess.run([*command, site.url + path], capture_output=True, text=True, check=True).stdout
    return Figures(**json.loads(output.strip().splitlines()[-1]))


def median(runs: list[Figures]) -> Figures:
    """By the median of each figure; every failed answer counts."""
    middle = [statistics.median(getattr(run, name) for run in runs) for name in ("p50", "p95", "rate")]
    return Figures(*middle, sum(run.bad for run in runs))


def pages_of(site: LiveSite) -> dict[str, tuple[str, str]]:
    """Path and wrk script of each page; the article is the first that a search finds."""
    _, text = ask(site, "/search?q=invoice+rounding")
    found = re.search(r'data-kind="article"[^>]*data-ref="([^"]+)"', text)
    if not found:
        raise SystemExit("search finds no article: is the index built?")
    article = f"/kb/{found.group(1)}"
    return {"home": ("/", ""), "article": (article, ""), "browse": ("/kb", ""), "search": ("/search", SEARCHES)}


def measure(site: LiveSite, runs: int, seconds: int, only: tuple[str, ...]) -> None:
    cookie = sign_in(site, PERSON)
    print(f"{'page':<10} {'as':<10} {'p50 ms':>8} {'p95 ms':>8} {'req/s':>8} {'not 2xx':>8}")
    for name, (path, script) in pages_of(site).items():
        if only and name not in only:
            continue
        for who, its_cookie in (("anonymous", ""), ("Premium", cookie)):
            run_wrk(site, path, its_cookie, 2, script)  # warm
            figures = median([run_wrk(site, path, its_cookie, seconds, script) for _ in range(runs)])
            print(
                f"{name:<10} {who:<10} {figures.p50:8.1f} {figures.p95:8.1f} {figures.rate:8.1f} {figures.bad:8d}",
                flush=True,
            )


@click.command()
@click.option(
    "--kb", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder of *.jsonl.gz articles."
)
@click.option("--cache", type=click.Path(path_type=Path), help="Folder that keeps the filled site.")
@click.option("--runs", default=5, show_default=True)
@click.option("--seconds", default=10, show_default=True, help="Length of a run.")
@click.option("--page", "only", multiple=True, type=click.Choice(["home", "article", "browse", "search"]))
def main(kb: Path | None, cache: Path | None, runs: int, seconds: int, only: tuple[str, ...]) -> None:
    """Measure the main pages under load."""
    if not shutil.which("wrk"):
        raise SystemExit("wrk is not installed: apt install wrk")
    temporary = None if cache else tempfile.TemporaryDirectory()
    folder = (cache or Path(temporary.name if temporary else "")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    site = LiveSite(folder, log_level="WARNING")
    try:
        fill(site, kb)
        site.start()
        print(
            f"{os.cpu_count()} cores, {Settings().workers} workers of {Settings().threads} threads,"
            f" {CONNECTIONS} connections, {runs} runs of {seconds} s, median; search limits off"
        )
        measure(site, runs, seconds, only)
    finally:
        site.stop()
        if temporary:
            temporary.cleanup()


if __name__ == "__main__":
    main()
