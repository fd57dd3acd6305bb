"""The index becomes what the database says: change by change, as a whole, and whoever asks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from search_index import mask, rebuild
from search_index.engine import Change, IndexDamaged, Manifest
from search_index.handlers import REBUILD, REBUILD_ANYWAY, ensure_index, rebuild_refs, update_index
from search_index.memory_engine import MemoryEngine
from search_index.rebuild import Difference, IndexRebuildRequested
from search_index.sources import register, sources
from sportello.core.db import Database
from sportello.core.types import Ref
from tests.search_index.contract.cast import CAST, ref
from tests.search_index.shelf import Shelf


@pytest.fixture
def shelf() -> Shelf:
    return Shelf.of(CAST)


@pytest.fixture
def engine(shelf: Shelf, database: Database) -> MemoryEngine:
    made = MemoryEngine()
    rebuild.rebuild(made, database, [shelf])
    return made


def test_a_rebuild_holds_everything(engine: MemoryEngine, shelf: Shelf, database: Database) -> None:
    assert engine.refs("*") == {document.ref for document in CAST}
    assert rebuild.differences(engine, database, [shelf]) == []


def test_an_update_follows_the_database(engine: MemoryEngine, shelf: Shelf, database: Database) -> None:
    shelf.documents_by_key["pallet"] = replace(shelf.documents_by_key["pallet"], audience="elite")
    del shelf.documents_by_key["staff"]
    rebuild.update(engine, database, [ref("pallet"), ref("staff"), Ref("unknown", "x")], [shelf])
    assert rebuild.differences(engine, database, [shelf]) == []
    assert ref("pallet") in engine.refs("elite")


def test_an_update_lifts_the_masks_it_saw(engine: MemoryEngine, shelf: Shelf, database: Database) -> None:
    with database.write() as session:
        mask.hide(session, ref("pallet"), ref("rounding"))
    rebuild.update(engine, database, [ref("pallet")], [shelf])
    with database.read() as session:
        assert mask.masked_refs(session) == {ref("rounding")}


def test_a_narrowing_while_indexing_keeps_its_mask(shelf: Shelf, database: Database) -> None:
    class Slow(MemoryEngine):
        def apply(self, changes: Any) -> Manifest:
            read = list(changes)
            with database.write() as session:
                mask.hide(session, ref("pallet"))
            return super().apply(read)

    with database.write() as session:
        mask.hide(session, ref("pallet"))
    rebuild.update(Slow(), database, [ref("pallet")], [shelf])
    with database.read() as session:
        assert mask.masked_refs(session) == {ref("pallet")}


def test_who_waited_for_the_lock_writes_what_the_database_says_then(shelf: Shelf, database: Database) -> None:
    """A worker frozen before its write, and replaced: on waking it must not bring back what was narrowed."""

    class Frozen(MemoryEngine):
        def apply(self, changes: Any) -> Manifest:
            shelf.documents_by_key["pallet"] = replace(shelf.documents_by_key["pallet"], audience="staff")
            return super().apply(changes)

    engine = Frozen()
    rebuild.update(engine, database, [ref("pallet")], [shelf])
    assert engine.refs("staff") == {ref("pallet")}
    assert engine.refs("public") == set()


def test_a_failed_write_keeps_the_mask(shelf: Shelf, database: Database) -> None:
    class Failing(MemoryEngine):
        def apply(self, changes: Any) -> Manifest:
            raise OSError("no space left")

    with database.write() as session:
        mask.hide(session, ref("pallet"))
    with pytest.raises(OSError, match="no space"):
        rebuild.update(Failing(), database, [ref("pallet")], [shelf])
    with database.read() as session:
        assert mask.masked_refs(session) == {ref("pallet")}


def test_differences_are_named(engine: MemoryEngine, shelf: Shelf, database: Database) -> None:
    engine.apply([Change(ref("pallet"), None)])
    del shelf.documents_by_key["elite"]
    assert rebuild.differences(engine, database, [shelf]) == [
        Difference("*", ref("pallet"), missing=True),
        Difference("*", ref("elite"), missing=False),
        Difference("elite", ref("elite"), missing=False),
        Difference("public", ref("pallet"), missing=True),
    ]


def test_a_rebuild_is_asked_for_once(database: Database) -> None:
    with database.write() as session:
        assert rebuild.request_rebuild(session)
        assert not rebuild.request_rebuild(session)


@dataclass
class Workplace:
    """What handlers use of a site."""

    engine: Any
    database: Database


class Broken(MemoryEngine):
    """Cannot be read until it is rebuilt."""

    broken = True

    def check(self) -> None:
        if self.broken:
            raise IndexDamaged

    def apply(self, changes: Any) -> Manifest:
        if self.broken:
            raise IndexDamaged
        return super().apply(changes)

    def rebuild(self, documents: Any) -> Manifest:
        self.broken = False
        return super().rebuild(documents)


@pytest.fixture
def registered(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setattr("search_index.sources._registered", {})
    register(shelf)
    assert list(sources()) == [shelf]
    return shelf


@pytest.mark.parametrize("refs", [[], [ref("pallet")], [REBUILD], [REBUILD_ANYWAY]])
def test_whatever_the_event_a_missing_index_is_built(
    database: Database, registered: Shelf, refs: Sequence[Ref]
) -> None:
    engine = MemoryEngine()
    update_index(Workplace(engine, database), refs)  # type: ignore[arg-type]
    assert len(engine.refs("*")) == len(CAST)


def test_a_damaged_index_is_rebuilt(database: Database, registered: Shelf) -> None:
    for refs in ([ref("pallet")], [REBUILD]):
        engine = Broken()
        engine.broken = False
        engine.rebuild([])
        engine.broken = True
        update_index(Workplace(engine, database), refs)  # type: ignore[arg-type]
        assert len(engine.refs("*")) == len(CAST)


def test_a_whole_index_is_rebuilt_only_if_asked(database: Database, registered: Shelf) -> None:
    engine = MemoryEngine()
    place: Any = Workplace(engine, database)
    ensure_index(place)
    first = engine.manifest()
    update_index(place, rebuild_refs(IndexRebuildRequested("damaged")))
    ensure_index(place)
    assert (engine.manifest() or first).generation == first.generation  # type: ignore[union-attr]
    update_index(place, rebuild_refs(IndexRebuildRequested("asked")))
    assert engine.manifest().generation != first.generation  # type: ignore[union-attr]
