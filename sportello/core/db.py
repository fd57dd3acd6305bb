"""Database access: engines, the two kinds of transaction, and the guard that keeps gated reads honest.

SQLite is set up for many readers and one writer: WAL, foreign keys, busy timeout, the driver's own transaction
handling off, write transactions begin IMMEDIATE (a deferred BEGIN that later writes fails under concurrency).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any, cast

from sqlalchemy import ClauseElement, Connection, Engine, MetaData, String, Table, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Mapped, ORMExecuteState, Session, mapped_column, sessionmaker
from sqlalchemy.sql.util import find_tables

from sportello.core import stamp
from sportello.core.audience import VISIBLE_TO, Gated
from sportello.core.errors import N_, Unavailable

BUSY_TIMEOUT_MS = 5000
_CONTENT_ONLY = "sportello_content_only"
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


class UngatedRead(RuntimeError):
    """A gated table was read without `visible_to`: a bug, never shown as data."""


class UnstampedRead(RuntimeError):
    """An answer was to be kept that depends on more than the content: a bug, never shown as data."""


@cache
def _gated_tables() -> frozenset[Any]:
    def walk(cls: type[Gated]) -> Iterator[type[Gated]]:
        for sub in cls.__subclasses__():
            yield sub
            yield from walk(sub)

    return frozenset(sub.__dict__["__table__"] for sub in walk(Gated) if "__table__" in sub.__dict__)


def tables_of(statement: ClauseElement) -> set[Any]:
    """Every table that a statement reads, in whatever corner of it."""
    return set(
        find_tables(statement, check_columns=True, include_aliases=True, include_joins=True, include_selects=True)
    )


def _refuse_ungated(state: ORMExecuteState) -> None:
    if not state.is_select or state.execution_options.get(VISIBLE_TO):
        return
    used = tables_of(cast(ClauseElement, state.statement))
    if gated := {table.name for table in used if table in _gated_tables()}:
        raise UngatedRead(f"read of {', '.join(sorted(gated))} without visible_to(viewer)")


@contextmanager
def content_only(session: Session) -> Iterator[None]:
    """Meanwhile the session reads of nothing but the content, or raises UnstampedRead."""
    session.info[_CONTENT_ONLY] = session.info.get(_CONTENT_ONLY, 0) + 1
    try:
        yield
    finally:
        session.info[_CONTENT_ONLY] -= 1


def _refuse_unstamped(state: ORMExecuteState) -> None:
    if not state.session.info.get(_CONTENT_ONLY):
        return
    used = tables_of(cast(ClauseElement, state.statement))
    if loose := {table.name for table in used if isinstance(table, Table) and not stamp.is_content(table)}:
        raise UnstampedRead(f"read of {', '.join(sorted(loose))}, whose changes do not renew the stamp")


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
        event.listen(maker, "do_orm_execute", _refuse_ungated)
        event.listen(maker, "do_orm_execute", _refuse_unstamped)
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
