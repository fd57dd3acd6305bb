"""Fixtures that everybody uses: a fresh database, the cast, the application and clients for each of them."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

import sportello.portal.schema  # noqa: F401  every table must be known before a schema is made
from search_index import service, suggestions
from sportello.core.db import Base, CountersBase, Database, make_engine
from sportello.core.settings import Settings
from tests import databases, made_once, people

DATA = os.environ.get("SPORTELLO_TEST_DATA")
pytest_plugins = ("tests.browser.fixtures",)


@pytest.fixture(scope="session", autouse=True)
def _patience() -> Iterator[None]:
    """On a busy machine a search leaves out facets, spelling help and past queries, as it should. Tests want them;
    those that are about the time that it has say how much."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "FACET_BUDGET_MS", 60_000)
        patch.setattr(service, "HELP_BUDGET", 60.0)
        patch.setattr(suggestions, "BUDGET", 60.0)
        yield


@pytest.fixture(scope="session", autouse=True)
def _made_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        made_once.share_templates(patch)
        made_once.share_addresses(patch)
        made_once.share_files(patch)
        yield


@pytest.fixture(scope="session")
def _databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[databases.Databases]:
    folder = tmp_path_factory.mktemp("databases")
    postgres = databases.chosen() == "postgresql"
    with databases.postgres_server() if postgres else contextlib.nullcontext(None) as server:
        made = databases.Databases(folder, server)
        engine = make_engine(made.template)
        Base.metadata.create_all(engine)
        if postgres:
            CountersBase.metadata.create_all(engine)
        engine.dispose()
        yield made


@pytest.fixture(scope="session")
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compressed static files and compiled catalogues, made once: they are named by their content."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def settings(tmp_path: Path, _databases: databases.Databases, _cache: Path) -> Iterator[Settings]:
    """Settings of a development site in a temporary folder, on a fresh database."""
    (tmp_path / "cache").symlink_to(_cache)
    url = _databases.fresh(tmp_path / "sportello.sqlite")
    yield Settings(
        environment="development",
        secret_key="a-secret-key-for-tests-of-32-characters",
        var_dir=tmp_path,
        database_url=url if url.startswith("postgresql") else "",
        operator_name="Meridiana",
    )
    _databases.drop(url)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """A fresh, empty database."""
    made = Database(settings.database, settings.counters_database)
    if settings.counters_database:
        CountersBase.metadata.create_all(made.counters_engine)
    yield made
    made.dispose()


@pytest.fixture
def cast(database: Database) -> people.Cast:
    """The six people, committed and detached."""
    with database.write() as session:
        return people.make_cast(session)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session, committed at the end of the test."""
    with database.write() as made:
        yield made


@pytest.fixture
def app(settings: Settings, database: Database) -> Flask:
    """The whole application on the fresh database, with the Whoosh engine in the temporary folder."""
    from sportello.portal.app import create_app

    made = create_app(settings, database)
    made.config["WTF_CSRF_ENABLED"] = False  # W2 has tests of its own with it on
    made.testing = True
    made.config["PROPAGATE_EXCEPTIONS"] = False
    return made


@pytest.fixture
def sign_in(app: Flask, cast: people.Cast) -> Callable[[str], FlaskClient]:
    """A client signed in as somebody of the cast, by first name; `anonymous` is signed in as nobody."""
    from tests.browsing import client_for

    return lambda name: client_for(app, cast.people.get(name))


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real articles, relevance collections and hostile inputs."""
    if not DATA:
        pytest.skip("SPORTELLO_TEST_DATA is not set: real data was not tried")
    return Path(DATA)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`soak` tests run only when they are asked for by name: `-m soak`. What asks for no database is left out on
    PostgreSQL: there it would only be run again."""
    for item in items:
        asked = config.getoption("markexpr", "") or ""
        if "soak" in item.keywords and "soak" not in asked:
            item.add_marker(pytest.mark.skip(reason="full counts: make soak"))
    if databases.chosen() == "postgresql":
        kept, again = [], []
        for item in items:
            (kept if "_databases" in getattr(item, "fixturenames", ()) else again).append(item)
        config.hook.pytest_deselected(items=again)
        items[:] = kept
