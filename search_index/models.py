"""What search keeps in the database: the mask (site) and the log of what was searched (counters)."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from sportello.core.db import Base, CountersBase
from sportello.core.types import instant, pk


class SearchMask(Base):
    """A document that the index may still show more widely than the database: every search leaves it out.

    `token` is new with every narrowing, so that the worker lifts only the mask that it saw before indexing.
    """

    __tablename__ = "search_mask"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    since: Mapped[instant]
    token: Mapped[str] = mapped_column(String(16))


class SearchLog(CountersBase):
    """One search, for counting only: who asked is an HMAC under a key that changes every month.

    `audience` is the class of the person: `anonymous`, a plan code, `staff`, or `bot`. `clicked` is the
    position of the first result opened, from 1.
    """

    __tablename__ = "search_log"
    __table_args__ = (
        Index("ix_search_log_actor", "actor", "asked_at"),
        Index("ix_search_log_past", "audience", "query"),
    )

    id: Mapped[pk]
    asked_at: Mapped[instant] = mapped_column(index=True)
    month: Mapped[str] = mapped_column(String(7))
    actor: Mapped[str] = mapped_column(String(32))
    query: Mapped[str] = mapped_column(String(256))
    language: Mapped[str] = mapped_column(String(8))
    audience: Mapped[str] = mapped_column(String(40))
    total: Mapped[int]
    clicked: Mapped[int | None]
