"""What search keeps in the database: the mask, synonyms, pinned answers and decided gaps (site), and the log of what
was searched (counters)."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sportello.core.db import Base, CountersBase
from sportello.core.types import instant, key10, lang, pk


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
    opened: Mapped[str | None] = mapped_column(String(40), index=True)  # the Ref of the first result opened


class Synonym(Base):
    """Words that search takes for each other: all of `words` (two-way), or the first one also for the rest.

    One-way: who searches the first phrase finds the others too, not the reverse.
    """

    __tablename__ = "synonym"

    id: Mapped[pk]
    key: Mapped[key10]
    language: Mapped[lang]
    words: Mapped[list[Any]] = mapped_column(JSON)  # lower case phrases, at least two
    one_way: Mapped[bool] = mapped_column(default=False)
    updated_at: Mapped[instant]
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))


class PinnedAnswer(Base):
    """A document shown first for a query, to those who may read it."""

    __tablename__ = "pinned_answer"
    __table_args__ = (UniqueConstraint("language", "query", "ref"),)

    id: Mapped[pk]
    key: Mapped[key10]
    language: Mapped[lang]
    query: Mapped[str] = mapped_column(String(256))  # as `search_index.log.normal` writes it
    ref: Mapped[str] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[instant]
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))


class GapDecision(Base):
    """What was done about a group of failed searches; searches before `decided_at` no longer count as a gap."""

    __tablename__ = "gap_decision"
    __table_args__ = (UniqueConstraint("language", "group"),)

    id: Mapped[pk]
    language: Mapped[lang]
    group: Mapped[str] = mapped_column(String(256))  # the group's stems in order
    words: Mapped[str] = mapped_column(String(256), default="")  # as people wrote it, to be shown
    decision: Mapped[str] = mapped_column(String(12))  # search_index.editing.decisions
    ref: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[instant]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
