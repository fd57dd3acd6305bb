"""A stamp on what readers read: a random word that is another one after every committed change of it.

What was computed from the content may be kept as long as the stamp, read in the same transaction, has not changed. No
writer renews it: the engine does, at the commit of every transaction that wrote to a table of the content, by the
ORM, by a statement or by plain SQL. Such tables carry `info=CONTENT`.
"""

import re
from secrets import token_hex
from typing import Any

from sqlalchemy import Connection, Engine, TextClause, event, text
from sqlalchemy.engine.interfaces import DBAPICursor

CONTENT: dict[Any, Any] = {"content": True}
_CHANGED = "sportello_content_changed"
_MAY_WRITE = re.compile(r"\s*(insert|update|delete|replace|merge|truncate|with|copy)\b", re.IGNORECASE)
_RENEW = text(
    "INSERT INTO content_stamp (id, word) VALUES (1, :word) ON CONFLICT (id) DO UPDATE SET word = excluded.word"
)
_READ = "SELECT word FROM content_stamp WHERE id = 1"


def is_content(table: Any) -> bool:
    """Readers read of it: a change of it renews the stamp."""
    return bool(table.info.get("content"))


def read_stamp(connection: Connection) -> str:
    """The stamp as this transaction sees it; empty while there has been no content."""
    return connection.exec_driver_sql(_READ).scalar() or ""


def follow(engine: Engine) -> None:
    """Renew the stamp with every change that is committed through `engine`."""

    @event.listens_for(engine, "before_cursor_execute")
    def note(
        connection: Connection, cursor: DBAPICursor, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        if _writes_content(statement, context):
            connection.info[_CHANGED] = True

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.info.pop(_CHANGED, None)

    @event.listens_for(engine, "commit")
    def commit(connection: Connection) -> None:
        if connection.info.pop(_CHANGED, None):
            connection.execute(_RENEW, {"word": token_hex(8)})


def _writes_content(statement: str, context: Any) -> bool:
    """What is no statement of ours but text cannot be judged: it counts if it may write at all."""
    compiled = context.compiled if context else None
    if compiled is not None and not isinstance(compiled.statement, TextClause):
        writes = context.isinsert or context.isupdate or context.isdelete
        return bool(writes and is_content(compiled.statement.table))
    return _MAY_WRITE.match(statement) is not None
