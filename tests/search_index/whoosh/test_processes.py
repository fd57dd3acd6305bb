"""Several processes on one index: one writes, others read, check, and are killed."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from search_index.documents import SearchDocument
from search_index.engine import Change
from search_index.whoosh_engine import WhooshEngine
from search_index.whoosh_engine import writer as writers
from tests.search_index.contract.cast import ANNA, ANONYMOUS, CAST, SARA, ask, doc, keys, ref

Spawn = Callable[..., Connection]
context = multiprocessing.get_context("fork")


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """`spawn(function, *arguments)` runs it in a process, with a pipe to it as the first argument."""
    started = []

    def start(function: Callable[..., None], *arguments: object) -> Connection:
        here, there = context.Pipe()
        process = context.Process(target=function, args=(there, *arguments), daemon=True)
        process.start()
        started.append(process)
        return here

    yield start
    for process in started:
        process.kill()
        process.join(10)


def answers(pipe: Connection, root: Path) -> None:
    """A web process: answers every word it is sent with the keys found for an anonymous reader."""
    engine = WhooshEngine(root)
    while word := pipe.recv():
        pipe.send(keys(ask(engine, word, ANONYMOUS)))


def asked(pipe: Connection, word: str) -> list[str]:
    pipe.send(word)
    assert pipe.poll(30), "the reader does not answer"
    found: list[str] = pipe.recv()
    return found


def test_the_next_search_of_another_process_sees_what_was_published(
    engine: WhooshEngine, root: Path, spawn: Spawn
) -> None:
    reader = spawn(answers, root)
    assert asked(reader, "tangerine") == []
    for number in range(10):
        engine.apply([Change(ref(f"new{number}"), doc(f"new{number}", "public", "A tangerine", days=number))])
        assert len(asked(reader, "tangerine")) == min(number + 1, 10)
        engine.apply([Change(ref("pallet"), doc("pallet", "elite" if number % 2 == 0 else "public", "A pallet"))])
        assert asked(reader, "pallet") == ([] if number % 2 == 0 else ["pallet"])
    engine.rebuild(CAST)
    assert asked(reader, "tangerine") == []
    assert asked(reader, "pallet") == ["pallet"]


def checks(pipe: Connection, root: Path, seconds: float) -> None:
    """`sportello index check` over and over, while somebody writes."""
    engine, count, until = WhooshEngine(root), 0, time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            engine.check()
            count += 1
        pipe.send(count)
    except Exception as error:
        pipe.send(repr(error))


def test_writing_is_no_damage_to_those_who_check_meanwhile(engine: WhooshEngine, root: Path, spawn: Spawn) -> None:
    checker = spawn(checks, root, 3.0)
    number = 0
    while not checker.poll():
        number += 1
        engine.apply([Change(ref(f"d{number % 20}"), doc(f"d{number % 20}", "public", f"Text {number}"))])
        if number % 10 == 0:
            engine.rebuild(CAST)
    outcome = checker.recv()
    assert isinstance(outcome, int), outcome
    assert outcome > 3
    assert number > 10


def writes(pipe: Connection, root: Path, stage: str) -> None:
    """A worker that is killed at `stage` of publishing a batch."""

    def die(*arguments: object, **more: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if stage == "before the manifest":
        writers.manifests.write = die  # type: ignore[assignment]
    else:
        from search_index.whoosh_engine.draft import Draft

        Draft._clean = die  # type: ignore[method-assign]
    WhooshEngine(root).apply([Change(ref("pallet"), doc("pallet", "elite", "A pallet for the few"))])


@pytest.mark.parametrize("stage", ["before the manifest", "before the cleaning"])
def test_killed_while_publishing_it_is_the_old_state_or_the_new(
    engine: WhooshEngine, root: Path, spawn: Spawn, stage: str
) -> None:
    dying = spawn(writes, root, stage)
    assert dying.poll(30)
    with pytest.raises(EOFError):
        dying.recv()
    expected = ["pallet"] if stage == "before the manifest" else []
    for reader in (engine, WhooshEngine(root)):
        assert keys(ask(reader, "pallet", ANNA)) == expected
        assert keys(ask(reader, "pallet", SARA)) == ["pallet"]
        reader.check()  # what was left behind is nobody's damage: no rebuild for it
    engine.apply([Change(ref("pallet"), doc("pallet", "elite", "A pallet for the few"))])
    assert keys(ask(WhooshEngine(root), "pallet", ANNA)) == []
    engine.check()


def rebuilds(pipe: Connection, root: Path, documents: list[SearchDocument]) -> None:
    """A rebuild that says when it is halfway and then waits to be killed."""

    def slowly() -> Iterator[SearchDocument]:
        for number, document in enumerate(documents):
            if number == len(documents) // 2:
                pipe.send("halfway")
                time.sleep(60)
            yield document

    WhooshEngine(root).rebuild(slowly())


def test_a_rebuild_killed_halfway_leaves_the_old_generation_and_nothing_else(
    engine: WhooshEngine, root: Path, spawn: Spawn
) -> None:
    before = engine.manifest()
    many = [doc(f"d{number}", "public", "A tangerine") for number in range(2_400)]
    rebuilding = spawn(rebuilds, root, many)
    assert rebuilding.poll(60)
    assert rebuilding.recv() == "halfway"
    assert len([path for path in root.iterdir() if path.is_dir()]) == 2  # a full segment is written already
    assert keys(ask(engine, "pallet", ANNA)) == ["pallet"]
    for child in multiprocessing.active_children():
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join(10)
    for reader in (engine, WhooshEngine(root)):
        assert reader.manifest() == before
        assert keys(ask(reader, "pallet", ANNA)) == ["pallet"]
        assert ask(reader, "tangerine", ANNA).total == 0
        reader.check()
    engine.apply([Change(ref("x"), None)])
    assert [path.name for path in root.iterdir() if path.is_dir()] == [before.generation if before else ""]
