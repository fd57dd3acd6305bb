"""Alembic's environment for both branches: the site's own tables, and the counters beside them.

`sportello.portal.migrate` runs it with an open connection and the branch's metadata in the configuration's attributes.
"""

from typing import Any

from alembic import context
from sqlalchemy.types import TypeEngine

from sportello.core.types import UTCDateTime

options = context.config.attributes


def _is_ours(item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """On PostgreSQL both branches share one database: each looks only at its own tables."""
    return kind != "table" or name in options["metadata"].tables


def _render(kind: str, item: Any, autogen_context: Any) -> str | bool:
    """Migrations must not depend on types of ours that may move later."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UTCDateTime) else False


def _differs(_: Any, inspected: Any, column: Any, inspected_type: TypeEngine[Any], wanted: TypeEngine[Any]) -> Any:
    return False if isinstance(wanted, UTCDateTime) and "DATETIME" in repr(inspected_type).upper() else None


context.configure(
    connection=options["connection"],
    target_metadata=options["metadata"],
    version_table=options["version_table"],
    include_object=_is_ours,
    render_item=_render,
    compare_type=_differs,
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
