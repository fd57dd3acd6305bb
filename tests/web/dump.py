"""Everything that a database holds, to be compared before and after."""

from typing import Any

from sqlalchemy import MetaData, select

from sportello.core.db import Database

COUNTERS = {"limit_counter", "search_log", "article_views", "seen_mark"}
"""What reading may change: counters, the search log, and what somebody has seen (W2)."""


def dump(database: Database, *, without: set[str] = COUNTERS) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every table of the site and of the counters beside it, in order."""
    found = {}
    for engine in {database.engine, database.counters_engine}:
        tables = MetaData()
        tables.reflect(engine)
        with engine.connect() as connection:
            for table in tables.tables.values():
                if table.name not in without:
                    found[table.name] = sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
    return found
