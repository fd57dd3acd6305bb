"""Relevance of search on a test collection, through the real parser and the real engine.

    python benchmarks/relevance.py DIR [DIR ...] [--lang it] [--sample 300]

Each DIR (or .tar.gz) holds `corpus.jsonl` {_id, title, text}, `queries.jsonl` {_id, text}, `qrels.tsv` (query,
document, grade) and perhaps `meta.json` {name, lang}. Prints one line for each:

    nDCG@10 0.812  R@100 0.963  MRR 0.771  NAME

nDCG with linear gain and log2 discount; recall and reciprocal rank over the first 100; means over the queries that
have a graded document.
"""

import math
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks._common import Collection, read_collection
from search_index.documents import DocumentText, SearchDocument
from search_index.query.parser import parse
from search_index.whoosh_engine import WhooshEngine
from search_index.whoosh_engine.tuning import DEFAULT, Tuning
from sportello.core.audience import ANONYMOUS_AUDIENCES
from sportello.core.types import Ref

DEPTH = 100


def documents(collection: Collection) -> Iterator[SearchDocument]:
    for document in collection.documents:
        text = DocumentText(document.get("title") or "", document.get("text") or "")
        yield SearchDocument(
            ref=Ref("article", str(document["_id"])),
            audience="public",
            kind="article",
            texts={collection.language: text},
        )


def build(collection: Collection, folder: Path, tuning: Tuning = DEFAULT) -> WhooshEngine:
    """An engine that holds the collection."""
    engine = WhooshEngine(folder, tuning)
    engine.rebuild(documents(collection))
    return engine


def ranked(engine: WhooshEngine, collection: Collection, text: str) -> list[str]:
    """The ids of the first DEPTH documents."""
    query = parse(text)
    results = engine.search(
        query,
        audiences=ANONYMOUS_AUDIENCES,
        language=collection.language,
        filters=query.filters,
        masked=(),
        limit=DEPTH,
    )
    return [hit.ref.key for hit in results.hits]


def ndcg(found: list[str], grades: dict[str, int], depth: int = 10) -> float:
    gained = sum(grades.get(key, 0) / math.log2(rank + 2) for rank, key in enumerate(found[:depth]))
    best = sorted(grades.values(), reverse=True)[:depth]
    return gained / sum(grade / math.log2(rank + 2) for rank, grade in enumerate(best))


def recall(found: list[str], grades: dict[str, int]) -> float:
    return len(grades.keys() & set(found)) / len(grades)


def reciprocal_rank(found: list[str], grades: dict[str, int]) -> float:
    return next((1 / rank for rank, key in enumerate(found, 1) if key in grades), 0.0)


def measure(engine: WhooshEngine, collection: Collection, sample: int | None = None) -> tuple[float, float, float]:
    """Mean nDCG@10, recall at 100 and reciprocal rank."""
    judged = [query for query in collection.queries if collection.grades.get(str(query["_id"]))]
    if sample and sample < len(judged):
        judged = random.Random(7).sample(judged, sample)
    totals = [0.0, 0.0, 0.0]
    for query in judged:
        grades = collection.grades[str(query["_id"])]
        found = ranked(engine, collection, query["text"])
        for index, value in enumerate((ndcg(found, grades), recall(found, grades), reciprocal_rank(found, grades))):
            totals[index] += value
    first, second, third = (total / max(len(judged), 1) for total in totals)
    return first, second, third


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="DIR...")
@click.option("--lang", help="Language of the texts and questions; otherwise that of meta.json.")
@click.option("--sample", type=int, help="Only so many of the questions, chosen at random (always the same).")
def main(folders: tuple[Path, ...], lang: str | None, sample: int | None) -> None:
    """Relevance of search on test collections: nDCG@10, recall at 100, reciprocal rank."""
    for folder in folders:
        collection = read_collection(folder, lang)
        with tempfile.TemporaryDirectory() as temporary:
            engine = build(collection, Path(temporary))
            values = measure(engine, collection, sample)
        print("nDCG@10 {:.3f}  R@100 {:.3f}  MRR {:.3f}  {}".format(*values, collection.name), flush=True)


if __name__ == "__main__":
    main()
