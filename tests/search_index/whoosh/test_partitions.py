"""A search opens the partitions of its viewer that hold something, and no other file."""

from pathlib import Path

import pytest

from search_index.engine import Change
from search_index.whoosh_engine import WhooshEngine, partitions
from search_index.whoosh_engine.segment_file import SegmentFile
from sportello.core.audience import readable_keys
from tests.search_index.contract.cast import ANNA, ANONYMOUS, LADDER, SARA, ask, doc, keys, ref
from tests.search_index.whoosh.test_upkeep import segments

ORGANISATIONS = 500


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """500 organisations with two documents each, and some for everybody."""
    root = tmp_path_factory.mktemp("crowded") / "index"
    documents = [doc(f"p{number}", "public", f"Invoice for all {number}") for number in range(30)]
    for number in range(ORGANISATIONS):
        documents += [doc(f"o{number}-{place}", f"org:o{number}", f"Invoice of o{number}") for place in range(2)]
    WhooshEngine(root).rebuild(documents)
    return root


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folder of every file that is opened."""
    folders: list[Path] = []
    read_toc, open_segment = partitions.read_toc, SegmentFile.__init__

    def toc(folder: Path, commit: int) -> object:
        folders.append(folder)
        return read_toc(folder, commit)

    def segment(self: SegmentFile, path: Path) -> None:
        folders.append(path.parent)
        open_segment(self, path)

    monkeypatch.setattr(partitions, "read_toc", toc)
    monkeypatch.setattr(SegmentFile, "__init__", segment)
    return folders


def test_a_customer_opens_only_their_own(crowded: Path, opened: list[Path]) -> None:
    customer = readable_keys(LADDER, plan="elite", products=["ledger"], organisation="o77")
    assert len(customer) > 4  # most of them are empty here
    results = ask(WhooshEngine(crowded), "invoice", customer, limit=50)
    assert results.total == 32
    assert {folder.name for folder in opened} == {"public", "org%3Ao77"}
    assert len(opened) == 4  # a table of contents and a segment of each


def test_staff_open_the_one_of_everything(crowded: Path, opened: list[Path]) -> None:
    assert ask(WhooshEngine(crowded), "invoice", SARA).total == 30 + 2 * ORGANISATIONS
    assert {folder.name for folder in opened} == {"%2A"}
    assert len(opened) <= 1 + 3


def test_the_same_again_opens_nothing(crowded: Path, opened: list[Path]) -> None:
    engine = WhooshEngine(crowded)
    ask(engine, "invoice", ANONYMOUS)
    before = len(opened)
    ask(engine, "all", ANONYMOUS)
    assert len(opened) == before


def test_no_more_than_64_views_stay_open(crowded: Path) -> None:
    engine = WhooshEngine(crowded)
    for number in range(80):
        ask(engine, "invoice", frozenset({"public", f"org:o{number}"}))
    assert len(engine._reader._views) == partitions.VIEWS


def test_a_move_takes_away_before_it_gives(engine: WhooshEngine, root: Path) -> None:
    """Narrowed and widened in one batch and in many: one place at every moment, whoever looks."""
    for audience in ("elite", "public", "org:mulino", "xtreme", "staff", "public"):
        engine.apply([Change(ref("pallet"), doc("pallet", audience, "Splitting a pallet"))])
        manifest = engine.manifest()
        assert manifest is not None
        places = [name for name in manifest.partitions if ref("pallet") in engine.refs(name)]
        assert sorted(places) == sorted([audience])
        assert ref("pallet") in engine.refs("*")
        assert sum(entry.doc_count() for entry in segments(root, "*")) == 9
    moves = [Change(ref("pallet"), doc("pallet", name, "Splitting a pallet")) for name in ("public", "elite", "staff")]
    engine.apply(moves)  # in one batch the last counts
    assert ref("pallet") in engine.refs("staff")
    assert keys(ask(engine, "pallet", ANNA)) == []


def test_a_partition_that_became_empty_is_not_opened(engine: WhooshEngine, opened: list[Path]) -> None:
    engine.apply([Change(ref("backup"), None)])
    opened.clear()
    ask(engine, "invoice", ANNA)
    assert "xtreme" not in {folder.name for folder in opened}
