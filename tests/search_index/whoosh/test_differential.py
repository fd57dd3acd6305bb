"""Whatever is indexed, changed, asked, filtered and masked: Whoosh finds what plain Python finds."""

import random
from pathlib import Path
from typing import Any

import pytest

from search_index.engine import SearchEngine
from search_index.facets import FACETS
from search_index.memory_engine import MemoryEngine
from search_index.query.parser import parse
from search_index.whoosh_engine import WhooshEngine
from tests.search_index.whoosh.library import AUDIENCES, VIEWERS, Library

BATCHES = 6
QUERIES = 25


def answer(engine: SearchEngine, text: str, **asked: Any) -> tuple[int, set[str], Any]:
    results = engine.search(parse(text), limit=1000, facets=FACETS, facet_budget_ms=60_000, **asked)
    facets = {name: dict(counts) for name, counts in (results.facets or {}).items()}
    return results.total, {hit.ref.key for hit in results.hits}, facets


@pytest.mark.parametrize("seed", range(3))
def test_both_engines_find_and_count_the_same(root: Path, seed: int) -> None:
    library = Library(random.Random(seed))
    plain, whoosh = MemoryEngine(), WhooshEngine(root)
    documents = library.documents()
    plain.rebuild(documents)
    whoosh.rebuild(documents)
    found = 0
    for _ in range(BATCHES):
        for _ in range(QUERIES):
            text, filters, chance = library.query(), library.filters(), library.chance
            name, language = chance.choice(list(VIEWERS)), chance.choice(("en", "it"))
            masked = {document.ref for document in documents if chance.random() < 0.1}
            asked = {"audiences": VIEWERS[name], "language": language, "filters": filters, "masked": masked}
            expected = answer(plain, text, **asked)
            assert answer(whoosh, text, **asked) == expected, (text, name, filters)
            assert expected[0] == len(expected[1])
            found += expected[0]
        changes = library.changes()
        plain.apply(changes)
        whoosh.apply(changes)
        for partition in (*AUDIENCES, "*"):
            assert whoosh.refs(partition) == plain.refs(partition), partition
        whoosh.check()
    assert found > 100  # the comparison was of something
