"""What the benchmarks share: reading collections and articles, percentiles, a run's clock."""

import gzip
import json
import os
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from search_index.documents import DocumentText, SearchDocument
from sportello.core.types import Ref


def data_folder() -> Path:
    """The folder with the collected real data: SPORTELLO_TEST_DATA, or beside the checkout."""
    return Path(os.environ.get("SPORTELLO_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


@dataclass(frozen=True)
class Collection:
    """A test collection: documents, questions, and grades by question and document (only above 0)."""

    name: str
    language: str
    documents: list[dict[str, Any]]
    queries: list[dict[str, Any]]
    grades: dict[str, dict[str, int]]


def read_collection(path: Path, language: str | None = None) -> Collection:
    """A folder or .tar.gz with corpus.jsonl, queries.jsonl, qrels.tsv and perhaps meta.json."""
    with _reader(path) as read:
        meta = json.loads(read("meta.json") or "{}")
        documents = [json.loads(line) for line in (read("corpus.jsonl") or "").splitlines() if line.strip()]
        queries = [json.loads(line) for line in (read("queries.jsonl") or "").splitlines() if line.strip()]
        grades: dict[str, dict[str, int]] = {}
        for line in (read("qrels.tsv") or "").splitlines():
            query, document, grade = (line.split("\t") + [""] * 3)[:3]
            if grade.strip().isdigit() and int(grade) > 0:  # the heading line has no number
                grades.setdefault(query, {})[document] = int(grade)
    name = meta.get("name") or path.name.removesuffix(".tar.gz")
    return Collection(name, language or meta.get("lang") or "en", documents, queries, grades)


@contextmanager
def _reader(path: Path) -> Iterator[Callable[[str], str | None]]:
    if path.is_dir():
        yield lambda name: (path / name).read_text() if (path / name).exists() else None
        return
    with tarfile.open(path) as archive:

        def read(name: str) -> str | None:
            for member in archive.getnames():
                if member == name or member.endswith(f"/{name}"):
                    file = archive.extractfile(member)
                    return file.read().decode() if file else None
            return None

        yield read


def articles(*names: str) -> Iterator[dict[str, Any]]:
    """The articles of data/kb/NAME.jsonl.gz."""
    for name in names:
        with gzip.open(data_folder() / "kb" / f"{name}.jsonl.gz", "rt") as file:
            for line in file:
                yield json.loads(line)


def as_document(article: dict[str, Any], audience: str) -> SearchDocument:
    """An article as it is indexed, its Markdown taken as it is."""
    updated = article.get("updated")
    return SearchDocument(
        ref=Ref("article", article["id"]),
        audience=audience,
        kind="solution",
        texts={
            article["lang"][:2]: DocumentText(
                title=article["title"],
                body=article["body_markdown"],
                keywords=" ".join(filter(None, [article["product"], *article["tags"]])),
            )
        },
        products=(article["product"],) if article["product"] else (),
        tags=tuple(article["tags"]),
        updated=datetime.fromisoformat(updated).replace(tzinfo=UTC) if updated else None,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]


def timed(work: Callable[[], Any]) -> float:
    """Seconds that the work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
