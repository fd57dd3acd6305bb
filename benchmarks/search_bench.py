"""Speed of search: the whole service call beside plain Whoosh, query by query in one run.

    python benchmarks/search_bench.py [--runs 5] [--queries 200] [--articles 13415]

Over the English articles of data/kb, as a Premium viewer from whom a quarter is hidden. Ours is the whole service
call: parse, search, total, facets, loading through the database, snippets. Bare is the same plan of the query on one
Whoosh index of the same schema with `filter=` the audiences, limit 10, exact number of results and highlights, without
facets. Queries come in three classes: two words, titles, pasted questions.
"""

import random
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import peer
from benchmarks._common import articles, data_folder, percentile, read_collection, timed
from benchmarks.library import PREMIUM, Library
from search_index import analysis
from search_index.page import SearchRequest
from search_index.query.parser import parse
from search_index.service import SearchService
from search_index.suggestions import suggest
from search_index.whoosh_engine.matching import LanguageMatcher
from search_index.whoosh_engine.tuning import DEFAULT
from search_index.whoosh_engine.view import View

GOALS = {"two words": 0.8, "titles": 0.8, "pasted questions": 0.7}


def classes(titles: list[str], count: int) -> dict[str, list[str]]:
    """The three classes of queries, always the same."""
    chance = random.Random(11)
    chosen = chance.sample(titles, min(count * 2, len(titles)))
    pairs = []
    for title in chosen:
        words = [word for token in analysis.query_words(title) for word in token if len(word) > 3]
        if len(words) > 1:
            pairs.append(" ".join(chance.sample(words, 2)))
    pasted = [query["text"] for query in read_collection(data_folder() / "relevance/helpdesk-mix.dev.tar.gz").queries]
    return {"two words": pairs[:count], "titles": chosen[:count], "pasted questions": pasted[:count]}


def compiled_queries(library: Library, queries: list[str]) -> list[tuple[Any, frozenset[str]]]:
    """The engine's plans of the queries as Whoosh queries, made beforehand: the peer is not charged for parsing."""

    def plan_all(view: View) -> list[tuple[Any, frozenset[str]]]:
        live = np.ones(len(view.updated), bool)
        matchers = [LanguageMatcher(view, live, language, DEFAULT) for language in ("en", "it")]
        return [peer.compile_query(parse(text), matchers) for text in queries]

    return library.engine._read(PREMIUM.audiences, plan_all)


def compare(library: Library, bare: Any, queries: list[str]) -> tuple[list[float], list[float]]:
    """Milliseconds of each query, ours and bare, asked in turn."""
    service = SearchService(library.engine)
    ours, theirs = [], []
    with bare.searcher() as searcher:
        for text, (compiled, stems) in zip(queries, compiled_queries(library, queries), strict=True):
            with library.database.read() as session:
                ours.append(timed(partial(service.search, session, PREMIUM, SearchRequest(text))) * 1000)
            theirs.append(timed(partial(peer.ask, searcher, compiled, stems, PREMIUM.audiences)) * 1000)
    return ours, theirs


def suggestions(library: Library, titles: list[str], count: int) -> list[float]:
    """Milliseconds of suggestions for growing beginnings of titles."""
    service = SearchService(library.engine)
    times = []
    for title in random.Random(5).sample(titles, count):
        for length in (3, 6, 12):
            with library.database.read() as session:
                times.append(timed(partial(suggest, service, session, PREMIUM, title[:length], "en")) * 1000)
    return times


def report(name: str, ours: list[list[float]], theirs: list[list[float]]) -> str:
    """A row of the table: medians over the runs of each run's median and p95."""
    mid, high = (
        [statistics.median(percentile(run, share) for run in runs) for runs in (ours, theirs)] for share in (0.5, 0.95)
    )
    ratio = high[0] / high[1]
    return f"| {name} | {mid[0]:.1f} | {mid[1]:.1f} | {high[0]:.1f} | {high[1]:.1f} | {ratio:.2f} | {GOALS[name]} |"


@click.command()
@click.option("--runs", default=5, show_default=True, help="Runs; the median is shown.")
@click.option("--queries", default=200, show_default=True, help="Queries of each class.")
@click.option("--articles", "size", default=13_415, show_default=True, help="Articles to search in.")
def main(runs: int, queries: int, size: int) -> None:
    """Speed of search beside plain Whoosh."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        source = [article for _, article in zip(range(size), articles("ms-support-en", "ax2012-help-en"), strict=False)]
        library = Library.build(folder / "site", source)
        (folder / "bare").mkdir()
        bare = peer.write(folder / "bare", library.documents())
        asked = classes([article["title"] for article in source], queries)
        print(f"{len(source)} articles, {queries} queries a class, {runs} runs; milliseconds\n")
        print(
            "| class | ours p50 | bare p50 | ours p95 | bare p95 | ratio of p95 | goal |\n|---|---|---|---|---|---|---|"
        )
        for name, texts in asked.items():
            compare(library, bare, texts[:20])  # warm both
            pairs = [compare(library, bare, texts) for _ in range(runs)]
            print(report(name, [pair[0] for pair in pairs], [pair[1] for pair in pairs]), flush=True)
        quick = [
            percentile(suggestions(library, [article["title"] for article in source], 100), 0.95) for _ in range(runs)
        ]
        print(f"\nsuggestions: p95 {statistics.median(quick):.1f} ms (goal: 30)")


if __name__ == "__main__":
    main()
