"""The running application's database and settings, for views."""

from contextlib import AbstractContextManager
from typing import cast

from flask import current_app
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


def read_session() -> AbstractContextManager[Session]:
    """A session that only reads."""
    return database().read()


def write_session() -> AbstractContextManager[Session]:
    """A session that commits when its block ends well."""
    return database().write()


def counters_reading() -> AbstractContextManager[Session]:
    """A session that only reads the counters database: for long looks, nobody waits for it."""
    return database().read_counters()


def counters_session() -> AbstractContextManager[Session]:
    """A committing session on the counters database."""
    return database().counters()
