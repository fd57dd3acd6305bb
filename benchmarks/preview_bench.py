"""How long the editor's preview of a 3,000-word article takes over HTTP, beside bare Python-Markdown in one run.

python benchmarks/preview_bench.py [--requests 60] [--words 3000] [--port 8766]

Ours is the whole request on the served demo site: session, policy, reading the form, rendering in the child process,
cleaning, cutting into sections, JSON. Bare is `Markdown.convert` with the same extensions in this process, nothing
cleaned. The two take turns, so both meet the same machine.
"""

import http.cookiejar
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import click
from markdown import Markdown

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.freshness_bench import wait_for
from sportello.core.markup.convert import EXTENSIONS
from sportello.portal.demo.articles import FOLDER

SECTIONS = ("Symptoms", "Environment", "Cause", "Resolution")
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
GOAL = 150  # ms, p95


def a_long_article(words: int) -> list[str]:
    """Four sections of together about `words` words, out of the demo's articles: tables, code, notes, lists."""
    texts = [path.read_text("utf-8").split("---\n", 2)[2] for path in sorted(FOLDER.rglob("*.md"))]
    parts: list[list[str]] = [[] for _ in SECTIONS]
    size = 0
    for number, text in enumerate(texts):
        body = re.sub(r"^##? ", "### ", text, flags=re.MULTILINE).strip()
        if size + len(body.split()) > words:
            continue
        parts[number % len(parts)].append(body)
        size += len(body.split())
    return ["\n\n".join(part) for part in parts]


class Editor:
    """Sara, signed in, with a draft open."""

    def __init__(self, base: str) -> None:
        self._base = base
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._browser = urllib.request.build_opener(jar)
        self._token = self._find(self._get("/sign-in"))
        self._post("/sign-in", [("email", "sara@support.example"), ("password", "sportello-demo")])
        self._token = self._find(self._get("/kb/new"))
        begun = [("title", "A long article"), ("kind", "solution"), ("language", "en")]
        self.address = self._post("/kb/new", begun)[0].removeprefix(base) + "/preview"

    def preview(self, parts: Sequence[str]) -> str:
        """What the server answers for these sections."""
        fields = [("heading", f"## {name}") for name in SECTIONS]
        fields += [("frame", "2,2") for _ in SECTIONS] + [("part", part) for part in parts]
        return self._post(self.address, fields)[1]

    def _get(self, path: str) -> str:
        with self._browser.open(self._base + path, timeout=20) as answer:
            return str(answer.read().decode())

    def _post(self, path: str, fields: list[tuple[str, str]]) -> tuple[str, str]:
        body = urllib.parse.urlencode([*fields, ("csrf_token", self._token)]).encode()
        with self._browser.open(self._base + path, body, timeout=20) as answer:
            return answer.url, answer.read().decode()

    @staticmethod
    def _find(page: str) -> str:
        return str(TOKEN.findall(page)[0])


def milliseconds(start: float) -> float:
    return (time.perf_counter() - start) * 1000


def percentile(times: Sequence[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def measure(base: str, requests: int, words: int) -> None:
    """Take turns, then print both."""
    parts = a_long_article(words)
    whole = "\n\n".join(f"## {name}\n\n{part}" for name, part in zip(SECTIONS, parts, strict=True))
    bare = Markdown(extensions=list(EXTENSIONS), extension_configs=EXTENSIONS, output_format="html")
    editor = Editor(base)
    editor.preview(parts)
    bare.convert(whole)
    ours, peer = [], []
    for _ in range(requests):
        start = time.perf_counter()
        assert editor.preview(parts).startswith('{"parts"')
        ours.append(milliseconds(start))
        start = time.perf_counter()
        bare.reset().convert(whole)
        peer.append(milliseconds(start))
    print(f"{len(whole.split())} words, {requests} previews each, load {os.getloadavg()[0]:.1f}")
    for name, times in (("ours, over HTTP", ours), ("bare Python-Markdown", peer)):
        print(f"  {name:<22} p50 {percentile(times, 0.5):6.1f} ms   p95 {percentile(times, 0.95):6.1f} ms")
    print(f"  ratio of p95 {percentile(ours, 0.95) / percentile(peer, 0.95):.2f}; goal: p95 under {GOAL} ms")


@click.command()
@click.option("--requests", default=60, show_default=True, help="Previews that are asked for.")
@click.option("--words", default=3000, show_default=True, help="About how long the article is.")
@click.option("--port", default=8766, show_default=True, help="A free port of this machine.")
def main(requests: int, words: int, port: int) -> None:
    """How long the preview of a long article takes."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "sportello.portal", "demo", "--port", str(port)]
        environment = {**os.environ, "SPORTELLO_VAR_DIR": folder}
        server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz", seconds=300)
            measure(f"http://127.0.0.1:{port}", requests, words)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)


if __name__ == "__main__":
    main()
