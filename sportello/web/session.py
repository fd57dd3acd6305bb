"""The running application's database and settings, for views."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import cast

from flask import current_app, g
from sqlalchemy.orm import Session

from sportello.core.db import Database
from sportello.core.handling import Site
from sportello.core.settings import Settings


def running_site() -> Site:
    """The parts of the current application: database, search engine, plans, mailer, media."""
    return cast(Site, current_app.extensions["sportello.site"])


def database() -> Database:
    """The current application's database."""
    return cast(Database, current_app.extensions["sportello.database"])


def settings() -> Settings:
    """The current application's settings."""
    return cast(Settings, current_app.extensions["sportello.settings"])


@contextmanager
def read_session() -> Iterator[Session]:
    """A session that only reads."""
    outer = g.get("reading")
    try:
        with database().read() as session:
            g.reading = session
            yield session
    finally:
        g.reading = outer


@contextmanager
def reading() -> Iterator[Session]:
    """The session with which this request reads at the moment, else one of its own: what a page shows beside its
    matter takes no second connection, and is of the same moment."""
    session: Session | None = g.get("reading")
    if session is not None:
        yield session
        return
    with read_session() as session:
        yield session


def write_session() -> AbstractContextManager[Session]:
    """A session that commits when its block ends well."""
    return database().write()


def counters_reading() -> AbstractContextManager[Session]:
    """A session that only reads the counters database: for long looks, nobody waits for it."""
    return database().read_counters()


def counters_session() -> AbstractContextManager[Session]:
    """A committing session on the counters database."""
    return database().counters()
