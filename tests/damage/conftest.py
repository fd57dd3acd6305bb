"""The demo site, loaded once and copied for each test that damages it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.damage.places import Place, free_port


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's folder with its index, not served."""
    folder = tmp_path_factory.mktemp("damage") / "var"
    Place(folder, free_port()).command("demo", "--load-only")
    return folder


@pytest.fixture
def place(loaded: Path, tmp_path: Path) -> Iterator[Place]:
    """A copy of the demo; whatever was started in it is ended."""
    shutil.copytree(loaded, tmp_path / "var")
    made = Place(tmp_path / "var", free_port())
    yield made
    made.stop_all()
