"""Indexing throughput: a rebuild of the engine beside plain Whoosh with the same fields and terms, in one run.

    python benchmarks/indexing_bench.py [--runs 5] [--articles 13415]

The engine writes every document twice (its partition and the partition of everything); plain Whoosh once. Each build
runs in a process of its own, in turn, so that its peak memory can be told.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import peer
from benchmarks._common import articles, as_document, timed
from search_index.documents import SearchDocument
from search_index.whoosh_engine import WhooshEngine

AUDIENCES = ("public", "xtreme", "premium", "elite")


def documents(size: int) -> list[SearchDocument]:
    """The English articles, a quarter in each of four partitions."""
    found = zip(range(size), articles("ms-support-en", "ax2012-help-en"), strict=False)
    return [as_document(article, AUDIENCES[number % 4]) for number, article in found]


def build(which: str, size: int) -> None:
    """Build once and print seconds and peak memory in MiB."""
    source = documents(size)
    with tempfile.TemporaryDirectory() as folder:
        if which == "ours":
            seconds = timed(lambda: WhooshEngine(Path(folder)).rebuild(iter(source)))
        else:
            seconds = timed(lambda: peer.write(Path(folder), source, stored=False))
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def run(which: str, size: int) -> tuple[float, float]:
    """One build in a fresh process."""
    command = [sys.executable, __file__, "--articles", str(size), "--only", which]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, memory = done.stdout.split()
    return float(seconds), float(memory)


@click.command()
@click.option("--runs", default=5, show_default=True, help="Runs; the median is shown.")
@click.option("--articles", "size", default=13_415, show_default=True, help="Articles to index.")
@click.option("--only", type=click.Choice(["ours", "bare"]), help="Build once and print the raw figures.")
def main(runs: int, size: int, only: str | None) -> None:
    """Indexing throughput beside plain Whoosh."""
    if only:
        build(only, size)
        return
    pairs = [(run("ours", size), run("bare", size)) for _ in range(runs)]
    print("| | seconds | articles/s | peak MiB |\n|---|---|---|---|")
    for name, side in (("ours, two partitions each", 0), ("plain Whoosh, once", 1)):
        seconds = statistics.median(pair[side][0] for pair in pairs)
        memory = statistics.median(pair[side][1] for pair in pairs)
        print(f"| {name} | {seconds:.1f} | {size / seconds:.0f} | {memory:.0f} |")
    print(f"\nratio of time: {statistics.median(ours[0] / bare[0] for ours, bare in pairs):.2f} (goal: at most 1.25)")


if __name__ == "__main__":
    main()
