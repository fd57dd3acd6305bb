"""What 500 organisation keys cost: the same documents with and without partitions of their own, in one run.

python benchmarks/partitions_bench.py [--runs 5] [--articles 13415] [--organisations 500]
"""

import random
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks._common import articles, as_document, percentile, timed
from search_index.documents import Filters, SearchDocument
from search_index.engine import Sort
from search_index.facets import FACETS
from search_index.query.parser import parse
from search_index.whoosh_engine import WhooshEngine
from sportello.core.audience import EVERY_AUDIENCE

PLANS = ("public", "xtreme", "premium", "elite")
CUSTOMER = frozenset({"public", "xtreme", "premium", "org:o0"})


def documents(size: int, organisations: int) -> list[SearchDocument]:
    """The English articles; every so many belongs to one organisation, or (0 organisations) to the Elite plan."""
    found = []
    step = max(1, size // max(organisations, 500))
    for number, article in zip(range(size), articles("ms-support-en", "ax2012-help-en"), strict=False):
        own = number % step == 0
        key = (
            f"org:o{number // step % organisations}" if own and organisations else "elite" if own else PLANS[number % 4]
        )
        found.append(as_document(article, key))
    return found


def p95(engine: WhooshEngine, audiences: frozenset[str], queries: list[str]) -> float:
    """Milliseconds: search with facets and the first ten hits."""
    ask = partial(engine.search, audiences=audiences, language="en", filters=Filters(), masked=(), facets=FACETS,
                  sort=Sort.RELEVANCE)  # fmt: skip
    return percentile([timed(partial(ask, parse(text))) for text in queries], 0.95) * 1000


@click.command()
@click.option("--runs", default=5, show_default=True, help="Runs; the median is shown.")
@click.option("--articles", "size", default=13_415, show_default=True, help="Articles to search in.")
@click.option("--organisations", default=500, show_default=True, help="Organisations with documents of their own.")
def main(runs: int, size: int, organisations: int) -> None:
    """What organisation keys cost."""
    with tempfile.TemporaryDirectory() as temporary:
        engines = []
        for name, count in (("many", organisations), ("none", 0)):
            engines.append(WhooshEngine(Path(temporary) / name))
            engines[-1].rebuild(iter(documents(size, count)))
        titles = [article["title"] for _, article in zip(range(size), articles("ms-support-en"), strict=False)]
        queries = random.Random(3).sample(titles, min(100, len(titles)))
        print(f"{size} articles, {organisations} organisations, {runs} runs; p95 in milliseconds\n")
        print("| viewer | with | without | ratio | goal |\n|---|---|---|---|---|")
        for who, audiences, goal in (("customer", CUSTOMER, "1.0"), ("staff", EVERY_AUDIENCE, "1.3")):
            for engine in engines:
                p95(engine, audiences, queries[:10])
            pairs = [[p95(engine, audiences, queries) for engine in engines] for _ in range(runs)]
            many, none = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
            ratio = statistics.median(pair[0] / pair[1] for pair in pairs)
            print(f"| {who} | {many:.1f} | {none:.1f} | {ratio:.2f} | {goal} |", flush=True)


if __name__ == "__main__":
    main()
