"""A Whoosh engine in a folder of its own, on the day of the cast."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine

from search_index.whoosh_engine import WhooshEngine
from tests.search_index.contract.cast import CAST, NOW


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where the index lies."""
    return tmp_path / "index"


@pytest.fixture
def engine(root: Path) -> WhooshEngine:
    """An engine that holds the cast."""
    made = WhooshEngine(root)
    made.rebuild(CAST)
    return made
