"""Structured logs: one JSON object a line on standard error.

Nothing personal is written: no addresses, no query text, no bodies; a request is known by its random id.
"""

import json
import logging
import sys
import time
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Engine, event

from sportello.core.clock import now

SLOW_REQUEST_MS = 1000.0
SLOW_STATEMENT_MS = 250.0
request_id: ContextVar[str] = ContextVar("request_id", default="")
_MARK = "_sportello_log"
_slow = logging.getLogger("sportello.slow")


class JsonFormatter(logging.Formatter):
    """`{"at", "level", "logger", "message", ...}`; `extra={"fields": {...}}` adds keys."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": now().isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current := request_id.get():
            line["request"] = current
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(level: str = "INFO") -> None:
    """Send every logger's lines to standard error as JSON; calling it again only changes the level."""
    root = logging.getLogger()
    root.setLevel(level)
    if any(getattr(handler, _MARK, False) for handler in root.handlers):
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    setattr(handler, _MARK, True)
    root.addHandler(handler)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def fields(**values: object) -> dict[str, Any]:
    """The `extra` argument that adds `values` to a line."""
    return {"fields": values}


def log_slow_statements(engine: Engine, limit_ms: float = SLOW_STATEMENT_MS) -> None:
    """Write statements that take longer to the slow log, without their parameters (those may be personal)."""

    @event.listens_for(engine, "before_cursor_execute")
    def before(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        conn.info["sportello_started"] = time.monotonic()

    @event.listens_for(engine, "after_cursor_execute")
    def after(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        elapsed = (time.monotonic() - conn.info.get("sportello_started", time.monotonic())) * 1000
        if elapsed > limit_ms:
            sql = " ".join(statement.split())[:500]
            _slow.warning("slow statement", extra=fields(ms=round(elapsed), sql=sql))
