"""Database access: engines and the two kinds of transaction; every session has the guard of `core.guard`.

SQLite is set up for many readers and one writer: WAL, foreign keys, busy timeout, the driver's own transaction
handling off, write transactions begin IMMEDIATE (a deferred BEGIN that later writes fails under concurrency).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, String, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from sportello.core import guard, stamp
from sportello.core.errors import N_, Unavailable
from sportello.core.guard import UngatedRead

__all__ = ["Base", "ContentStamp", "CountersBase", "Database", "UngatedRead", "make_engine"]

BUSY_TIMEOUT_MS = 5000
ONLY_READS = "sportello_only_reads"  # in the `info` of sessions that never commit
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table of the site proper."""

    metadata = MetaData(naming_convention=NAMING)


class CountersBase(DeclarativeBase):
    """Limits, counters and the search log: a SQLite file of their own in the embedded default, so that counting
    never waits for a writer of the site; the same database on PostgreSQL."""

    metadata = MetaData(naming_convention=NAMING)


class ContentStamp(Base):
    """One row: the stamp of what readers read (see `sportello.core.stamp`)."""

    __tablename__ = "content_stamp"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    word: Mapped[str] = mapped_column(String(16))


def _configure_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connect(dbapi_connection: sqlite3.Connection, record: Any) -> None:
        dbapi_connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "synchronous=NORMAL",
            "cache_size=-20000",
            "temp_store=MEMORY",
        ):
            dbapi_connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("sportello_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def make_engine(url: str) -> Engine:
    """An engine for `url`, with SQLite's transaction handling put right."""
    sqlite = make_url(url).get_backend_name() == "sqlite"
    if sqlite:
        engine = create_engine(url, pool_size=20, max_overflow=20, connect_args={"check_same_thread": False})
        _configure_sqlite(engine)
    else:
        options = f"-c lock_timeout={BUSY_TIMEOUT_MS} -c timezone=UTC"
        engine = create_engine(
            url, pool_pre_ping=True, pool_timeout=5, connect_args={"options": options, "connect_timeout": 5}
        )
    stamp.follow(engine)
    return engine


# SQLite reports a schema of another version as an operational error, too: waiting would not help.
_OUR_FAULT = ("no such", "table ", "near ")


@contextmanager
def _translated() -> Iterator[None]:
    """Turn 'locked', 'full' and 'gone' into Unavailable; anything else stays what it is."""
    try:
        yield
    except OperationalError as error:
        text = str(error.orig).lower()
        if text.startswith(_OUR_FAULT):
            raise
        if "full" in text or "no space" in text:
            raise Unavailable(N_("The disk is full: reading works, changes are refused for now."), 60) from error
        raise Unavailable from error
    except PoolTimeout as error:
        raise Unavailable from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable from error
        raise


class Database:
    """The site's database and the counters beside it."""

    def __init__(self, url: str, counters_url: str | None = None) -> None:
        self.engine = make_engine(url)
        self.counters_engine = make_engine(counters_url) if counters_url else self.engine
        self._read = self._maker(self.engine, {ONLY_READS: True})
        self._write = self._maker(self.engine.execution_options(sportello_write=True))
        self._counters = self._maker(self.counters_engine.execution_options(sportello_write=True))
        self._read_counters = self._maker(self.counters_engine)

    @staticmethod
    def _maker(engine: Engine, info: dict[Any, Any] | None = None) -> sessionmaker[Session]:
        maker = sessionmaker(engine, expire_on_commit=False, info=info)
        guard.watch(maker)
        return maker

    @contextmanager
    def _session(self, maker: sessionmaker[Session], *, commit: bool) -> Iterator[Session]:
        # Closing ends the transaction and keeps what was loaded; `rollback()` would empty every object.
        with _translated(), maker() as session:
            yield session
            if commit:
                session.commit()

    def read(self) -> AbstractContextManager[Session]:
        """Context manager: a session that only reads; rolled back at the end. Raises Unavailable."""
        return self._session(self._read, commit=False)

    def write(self) -> AbstractContextManager[Session]:
        """Context manager: a session that commits at the end, or rolls back on an exception. Raises Unavailable."""
        return self._session(self._write, commit=True)

    def counters(self) -> AbstractContextManager[Session]:
        """Context manager: a committing session on the counters database. Raises Unavailable."""
        return self._session(self._counters, commit=True)

    def read_counters(self) -> AbstractContextManager[Session]:
        """Context manager: a session that only reads counters, and so keeps nobody waiting. Raises Unavailable."""
        return self._session(self._read_counters, commit=False)

    def dispose(self) -> None:
        self.engine.dispose()
        self.counters_engine.dispose()
