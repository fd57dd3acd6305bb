"""Fixtures for tests of being told: a feature that posts, and the site without its web side."""

from collections.abc import Iterator

import pytest

from sportello.core.db import Database
from sportello.core.handling import Site
from sportello.core.settings import Settings
from sportello.portal.site import open_site
from tests.notifications.things import Posts, a_feature


@pytest.fixture
def posts() -> Iterator[Posts]:
    """A feature whose posts people follow."""
    with a_feature() as made:
        yield made


@pytest.fixture
def site(settings: Settings, database: Database) -> Site:
    """What the worker works with."""
    return open_site(settings, database)
