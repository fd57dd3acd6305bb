"""Bringing a database to this version, and asking whether it is. Two branches: the site, and the counters."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, text

from sportello.core.db import Database
from sportello.core.errors import SportelloError
from sportello.core.resources import resource
from sportello.portal import schema

_ADVISORY_LOCK = 7_265_001  # any number, the same for everyone who migrates this database


@dataclass(frozen=True)
class Branch:
    """A set of tables with a history of its own, kept in `version_table`."""

    name: str
    metadata: MetaData
    version_table: str

    def engine(self, database: Database) -> Engine:
        return database.engine if self.name == "site" else database.counters_engine


BRANCHES = (
    Branch("site", schema.SITE, "alembic_version"),
    Branch("counters", schema.COUNTERS, "alembic_version_counters"),
)


class SchemaOutdated(SportelloError):
    """The database is not at the version of the program."""

    message = "The database is not at this version (%(why)s). Run: sportello migrate"


def _config(branch: Branch, versions: Path | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", _escaped(resource("migrations")))
    config.set_main_option("version_locations", _escaped(versions or resource("migrations", branch.name, "versions")))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(metadata=branch.metadata, version_table=branch.version_table)
    return config


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")


@contextmanager
def _writing(engine: Engine) -> Iterator[Connection]:
    """A connection in one transaction; two programs that migrate at once wait for each other."""
    with engine.connect().execution_options(sportello_write=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        yield connection


def upgrade(database: Database) -> None:
    """Bring every branch to its newest migration; does nothing when it is there already."""
    for branch in BRANCHES:
        config = _config(branch)
        with _writing(branch.engine(database)) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def stamp(database: Database) -> None:
    """Say of tables that were made from the models (tests) that they are at the newest migration."""
    for branch in BRANCHES:
        config = _config(branch)
        with _writing(branch.engine(database)) as connection:
            config.attributes["connection"] = connection
            command.stamp(config, "head")


def generate(database: Database, branch: Branch, message: str, folder: Path) -> None:
    """Write the first migration of `branch` into `folder` from the models (`database` must be empty)."""
    config = _config(branch, folder)
    with _writing(branch.engine(database)) as connection:
        config.attributes["connection"] = connection
        command.revision(config, message, autogenerate=True, rev_id="0001")


def current(database: Database) -> dict[str, str | None]:
    """The migration that each branch is at; None: never migrated."""
    return {branch.name: _at(database, branch) for branch in BRANCHES}


def _at(database: Database, branch: Branch) -> str | None:
    with branch.engine(database).connect() as connection:
        found = MigrationContext.configure(connection, opts={"version_table": branch.version_table})
        return found.get_current_revision()


def require_current(database: Database) -> None:
    """Raise SchemaOutdated unless every branch is at its newest migration."""
    at = current(database)
    for branch in BRANCHES:
        newest = ScriptDirectory.from_config(_config(branch)).get_current_head()
        if at[branch.name] != newest:
            raise SchemaOutdated(why=f"{branch.name} at {at[branch.name] or 'nothing'}, program at {newest}")


def differences(database: Database) -> list[Any]:
    """What the models have and the migrated database has not, or the reverse (Alembic's operations)."""
    found: list[Any] = []
    for branch in BRANCHES:
        with branch.engine(database).connect() as connection:
            own = branch.metadata.tables
            context = MigrationContext.configure(
                connection,
                opts={
                    "version_table": branch.version_table,
                    "include_object": lambda item, name, kind, *rest, own=own: kind != "table" or name in own,
                    "compare_type": False,
                },
            )
            found += compare_metadata(context, branch.metadata)
    return found
