"""A whole site for the web's own proofs: a few articles, the cast with passwords, and forged requests refused."""

from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from sportello.accounts import passwords
from sportello.accounts.models import Person
from sportello.core.db import Database
from tests.browsing import client_for
from tests.databases import Databases
from tests.gating.sites import Site, make_site
from tests.gating.world import Item
from tests.people import PASSWORD, Cast


def _few(item: Item) -> bool:
    return item.audience in ("public", "premium", "staff")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, _databases: Databases) -> Iterator[Site]:
    """Nine articles of three audiences, indexed; searches are not limited. For tests that change nothing of it."""
    yield from make_site(tmp_path_factory.mktemp("web"), _databases, _few)


@pytest.fixture
def browser(site: Site) -> Callable[[str], FlaskClient]:
    """A fresh client of somebody of the cast, by first name, on the shared site; its form tokens are asked for."""
    return lambda name: client_for(site.app, site.cast.people.get(name))


@pytest.fixture(scope="session")
def password_hash() -> str:
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def with_passwords(database: Database, cast: Cast, password_hash: str) -> Cast:
    """The cast on the fresh database, each of whom can sign in with PASSWORD."""
    with database.write() as session:
        for person in session.scalars(select(Person)):
            person.password_hash = password_hash
    return cast
