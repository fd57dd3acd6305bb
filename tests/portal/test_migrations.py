"""The migrations make exactly the tables that the models describe."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect

from sportello.core.db import Database
from sportello.portal import migrate
from tests import databases


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    """A database without any table, of the kind that the suite runs on."""
    if databases.chosen() == "sqlite":
        made = Database(f"sqlite:///{tmp_path}/site.sqlite", f"sqlite:///{tmp_path}/counters.sqlite")
        yield made
        made.dispose()
        return
    with databases.postgres_server() as server:
        made = Database(server.format(name="postgres"))
        yield made
        made.dispose()


def test_migrations_equal_models(empty: Database) -> None:
    migrate.upgrade(empty)
    assert migrate.differences(empty) == []


def test_the_circle_between_translation_and_revision_is_a_foreign_key_everywhere(empty: Database) -> None:
    migrate.upgrade(empty)
    keys = inspect(empty.engine).get_foreign_keys("article_translation")
    assert {key["referred_table"] for key in keys} == {"article", "revision"}


def test_a_second_run_changes_nothing(empty: Database) -> None:
    migrate.upgrade(empty)
    before = migrate.current(empty)
    migrate.upgrade(empty)
    assert migrate.current(empty) == before


def test_an_empty_database_is_refused_until_it_is_migrated(empty: Database) -> None:
    with pytest.raises(migrate.SchemaOutdated, match="sportello migrate"):
        migrate.require_current(empty)
    migrate.upgrade(empty)
    migrate.require_current(empty)
