"""A harmed index is noticed by whoever has it open, is never changed further, and one rebuild heals it."""

import random
from pathlib import Path

import pytest

from search_index.engine import Change, IndexDamaged
from search_index.query.parser import parse
from search_index.whoosh_engine import WhooshEngine
from tests.search_index.contract.cast import ANNA, CAST, SARA, ask, doc, keys, ref
from tests.search_index.whoosh.harm import HARMS

MISSING = {"folder deleted", "folder emptied", "manifest missing"}  # as if never built: the first write begins anew


@pytest.mark.parametrize("harm", HARMS)
def test_harm_is_noticed_and_healed(engine: WhooshEngine, root: Path, harm: str) -> None:
    other = WhooshEngine(root)  # as another process: its readers are its own
    for reader in (engine, other):
        assert keys(ask(reader, "pallet", ANNA)) == ["pallet"]
    HARMS[harm](root)
    for reader in (engine, other, WhooshEngine(root)):
        with pytest.raises(IndexDamaged):
            ask(reader, "pallet", ANNA)
        with pytest.raises(IndexDamaged):
            reader.suggest("pal", audiences=ANNA, language="en", masked=())
        with pytest.raises(IndexDamaged):
            reader.correct(parse("palet"), audiences=ANNA, language="en", masked=())
        with pytest.raises(IndexDamaged):
            reader.check()
    if harm not in MISSING:
        with pytest.raises(IndexDamaged):
            engine.apply([Change(ref("pallet"), doc("pallet", "public", "Splitting a crate"))])
    engine.rebuild(CAST)
    for reader in (engine, other):
        assert keys(ask(reader, "pallet", ANNA)) == ["pallet"]
        assert reader.refs("*") == {document.ref for document in CAST}
        reader.check()


@pytest.mark.parametrize("seed", range(60))
def test_no_flipped_byte_escapes_a_reading_through(engine: WhooshEngine, root: Path, seed: int) -> None:
    chance = random.Random(seed)
    path = chance.choice(sorted(path for path in root.rglob("*.seg")))
    harmed = bytearray(path.read_bytes())
    harmed[chance.randrange(len(harmed))] ^= 1 << chance.randrange(8)
    path.write_bytes(harmed)
    for reader in (engine, WhooshEngine(root)):
        with pytest.raises(IndexDamaged):
            reader.check()
        try:
            ask(reader, "pallet OR invoice", SARA)  # an answer or damage, and no other error
        except IndexDamaged:
            continue


def test_harm_is_not_merged_into_a_segment_that_looks_whole(engine: WhooshEngine, root: Path) -> None:
    """A rewritten segment has new checksums: what was harmed before must not come under them."""
    path = max(root.glob("*/public/*.seg"), key=lambda found: found.stat().st_size)
    harmed = bytearray(path.read_bytes())
    harmed[-3] ^= 0xFF
    path.write_bytes(harmed)
    with pytest.raises(IndexDamaged):
        engine.apply([Change(ref("pallet"), None)])
    with pytest.raises(IndexDamaged):
        engine.check()


def test_harm_to_what_one_may_not_read_changes_nothing_for_them(engine: WhooshEngine, root: Path) -> None:
    for path in root.glob("*/elite/*"):
        path.write_bytes(b"")
    assert keys(ask(engine, "pallet", ANNA)) == ["pallet"]


def test_a_document_that_cannot_be_read_is_no_harm_to_the_index(engine: WhooshEngine) -> None:
    """The caller's error stays the caller's: nobody rebuilds because of it, and nothing is half written."""
    before = engine.manifest()

    def changes() -> object:
        yield Change(ref("new"), doc("new", "public", "A tangerine"))
        raise ValueError("the database says no")

    with pytest.raises(ValueError, match="says no"):
        engine.apply(changes())  # type: ignore[arg-type]
    assert engine.manifest() == before
    assert ask(engine, "tangerine").total == 0
    engine.check()
