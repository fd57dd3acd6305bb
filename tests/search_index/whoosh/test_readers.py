"""Many threads read while one writes: every answer is that of one published state."""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from search_index.engine import Change, SearchEngine
from search_index.facets import FACETS
from search_index.query.parser import parse
from search_index.whoosh_engine import WhooshEngine
from tests.search_index.contract.cast import ANNA, CAST, ELENA, EVERYBODY, SARA, ask, doc, keys, ref

TEXTS = (
    "invoice",
    "rounding error",
    '"posted twice"',
    "pallet OR quasar",
    "obsid*",
    "kind:how-to",
    "-invoice",
    "closng",
)


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads are switched as often as can be."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


def together(work: Callable[[int], None], count: int = 8) -> None:
    """Run `work(0)`, `work(1)`, ... at once; the first error of any is raised."""
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]


def everything(engine: SearchEngine, text: str, who: frozenset[str]) -> tuple[object, ...]:
    """All that an engine says about a text."""
    results, query = ask(engine, text, who, facets=FACETS, facet_budget_ms=60_000), parse(text)
    return (
        [(hit.ref, round(hit.score, 5), hit.language) for hit in results.hits],
        results.total,
        results.facets,
        engine.correct(query, audiences=who, language="en", masked=()),
        engine.suggest(text[:5], audiences=who, language="en", masked=()),
    )


@pytest.mark.usefixtures("restless")
def test_eight_threads_of_five_people_get_the_single_threaded_answers(engine: WhooshEngine, root: Path) -> None:
    expected = {(text, name): everything(engine, text, EVERYBODY[name]) for text in TEXTS for name in EVERYBODY}
    cold = WhooshEngine(root)  # nothing is open yet: the threads open it together
    questions = list(expected)

    def work(number: int) -> None:
        for step in range(len(questions)):
            text, name = questions[(number * 5 + step) % len(questions)]
            assert everything(cold, text, EVERYBODY[name]) == expected[text, name], (text, name)

    together(work)


@pytest.mark.usefixtures("restless")
def test_a_document_that_moves_is_never_in_two_places_or_none(engine: WhooshEngine, root: Path) -> None:
    """Elena may read both partitions; Anna one of them; staff all."""
    stop = threading.Event()
    readers = [engine, WhooshEngine(root), WhooshEngine(root)]
    seen: list[int] = []

    def move(_: int) -> None:
        try:
            for number in range(30):
                audience = ("public", "elite", "premium")[number % 3]
                engine.apply([Change(ref("pallet"), doc("pallet", audience, "Splitting a pallet"))])
        finally:
            stop.set()

    def look(number: int) -> None:
        reader = readers[number % 3]
        while not stop.is_set():
            assert ask(reader, "pallet", ELENA).total == 1
            assert ask(reader, "pallet", SARA).total == 1
            seen.append(ask(reader, "pallet", ANNA).total)

    together(lambda number: move(number) if number == 0 else look(number), 4)
    assert set(seen) == {0, 1}


@pytest.mark.usefixtures("restless")
def test_no_search_fails_or_misses_anything_while_generations_are_swapped(engine: WhooshEngine, root: Path) -> None:
    stop = threading.Event()
    other = WhooshEngine(root)
    expected = {name: set(keys(ask(engine, "invoice", who, limit=50))) for name, who in EVERYBODY.items()}
    counts = [0] * 4

    def swap() -> None:
        try:
            generations = {engine.rebuild(CAST).generation for _ in range(12)}
            assert len(generations) == 12
        finally:
            stop.set()

    def look(number: int) -> None:
        reader = engine if number % 2 else other
        while not stop.is_set():
            for name, who in EVERYBODY.items():
                assert set(keys(ask(reader, "invoice", who, limit=50))) == expected[name]
                assert [found.key for found in reader.suggest("pal", audiences=who, language="en", masked=())] == [
                    "pallet"
                ]
                counts[number] += 1

    together(lambda number: swap() if number == 4 else look(number), 5)
    assert all(count > 5 for count in counts), counts
    assert len([path for path in root.iterdir() if path.is_dir()]) == 1  # the old ones are gone


def test_a_search_under_way_ends_on_the_files_it_began_with(engine: WhooshEngine, root: Path) -> None:
    """Merging and rebuilding remove files that are open: who reads them goes on; then space is given back."""
    reader = WhooshEngine(root)
    published = reader._reader.published()
    assert published is not None
    view = reader._reader.view(published, ANNA)
    named = [segment.file.path for segment in view.segments]
    for number in range(20):  # enough small segments to be merged
        engine.apply([Change(ref(f"x{number}"), doc(f"x{number}", "public", "Something else"))])
    engine.apply([Change(ref("pallet"), None)])
    engine.rebuild(CAST[:1])
    assert not any(path.exists() for path in named)
    docs, _ = view.postings("en_exact", "pallet", view.live)  # never read before: from files that have no name now
    assert [view.ref(int(number)) for number in docs] == [ref("pallet")]
    fds = Path("/proc/self/fd")
    gone = {f"{path} (deleted)" for path in named}
    assert gone & {str(link.readlink()) for link in fds.iterdir() if link.is_symlink()}
    del view, docs
    assert keys(ask(reader, "pallet", ANNA)) == []
    still = [str(link.readlink()) for link in fds.iterdir() if link.exists() or link.is_symlink()]
    assert not gone & set(still)
