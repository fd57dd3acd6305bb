"""A change of many articles at once, done by the worker in batches, with one undo."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from sportello.core.db import Base
from sportello.core.types import instant, key10, pk


class BulkRun(Base):
    """One run. `articles` are the keys chosen, `before` what each was (key -> value) once it was changed.

    `state`: "waiting", "running", "done", "undoing", "undone". `failed`: key -> why.
    """

    __tablename__ = "bulk_run"

    id: Mapped[pk]
    key: Mapped[key10]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    action: Mapped[str] = mapped_column(String(20))  # "product", "category", "audience", "owner", "archive"
    value: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    chosen: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # the filter, as its address says it
    articles: Mapped[list[Any]] = mapped_column(JSON, default=list)
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    failed: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    done: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[instant]
    finished_at: Mapped[instant | None]
