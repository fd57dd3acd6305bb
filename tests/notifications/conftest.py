"""Fixtures for tests of being told: a feature that posts, and the site without its web side."""

from collections.abc import Iterator
from email.message import EmailMessage

import pytest
import time_machine

from sportello.core.db import Database
from sportello.core.handling import Site
from sportello.core.settings import Settings
from sportello.portal.site import open_site
from tests.notifications.digesting import SUNDAY, Digest, mails, queue, send
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


@pytest.fixture
def sunday() -> Iterator[time_machine.Traveller]:
    """The day before digests go out; the clock stands until it is moved."""
    with time_machine.travel(SUNDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def digest(site: Site, sunday: time_machine.Traveller) -> Digest:
    """Monday comes, and everybody's digest is sent."""

    def made() -> dict[str, EmailMessage]:
        queue(site, sunday)
        send(site)
        return mails(site)

    return made
