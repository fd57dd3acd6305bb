"""One whole site for all tests of a module that only read."""

from collections.abc import Iterator

import pytest
import time_machine

from tests.databases import Databases
from tests.gating import world
from tests.gating.sites import Site, make_site


@pytest.fixture(scope="module")
def full_site(tmp_path_factory: pytest.TempPathFactory, _databases: Databases) -> Iterator[Site]:
    """Everything seeded and indexed; time stands still."""
    with time_machine.travel(world.NOW, tick=False):
        yield from make_site(tmp_path_factory.mktemp("site"), _databases)
