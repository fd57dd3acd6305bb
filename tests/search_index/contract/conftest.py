"""The engines under contract. An engine joins the suite by one line here."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import time_machine

from search_index.engine import SearchEngine
from search_index.memory_engine import MemoryEngine
from tests.search_index.contract.cast import CAST, NOW


def _whoosh(folder: Path) -> SearchEngine:
    from search_index.whoosh_engine import WhooshEngine

    return WhooshEngine(folder)


ENGINES: dict[str, Callable[[Path], SearchEngine]] = {"memory": lambda folder: MemoryEngine()}
if find_spec("search_index.whoosh_engine"):
    ENGINES["whoosh"] = _whoosh


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture(params=ENGINES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> SearchEngine:
    """An engine that was built with nothing in it."""
    engine = ENGINES[request.param](tmp_path / "index")
    engine.rebuild([])
    return engine


@pytest.fixture
def engine(empty: SearchEngine) -> SearchEngine:
    """An engine that holds the cast."""
    empty.rebuild(CAST)
    return empty
