"""A change of one language of an article on its way to the readers, and what people write about it on the way."""

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, ColumnElement, ForeignKey, Index, String, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.models import Article, ArticleTranslation, Revision, Significance
from sportello.core.audience import Gated, Viewer
from sportello.core.db import Base
from sportello.core.types import instant, key10, pk, text


class State(StrEnum):
    """Where a change stands."""

    DRAFT = "draft"
    IN_REVIEW = "in-review"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    REJECTED = "rejected"
    DISCARDED = "discarded"


class Verdict(StrEnum):
    """What a reviewer says."""

    APPROVED = "approved"
    CHANGES_ASKED = "changes-asked"
    REJECTED = "rejected"


class _ForWriters(Gated):
    """Read by those who write articles, within the audience rule; for anybody else it does not exist."""

    __abstract__ = True

    @classmethod
    def gate(cls) -> ColumnElement[str]:
        return Article.gate()

    @classmethod
    def readable(cls, viewer: Viewer) -> ColumnElement[bool]:
        return true() if viewer.writes else false()


class Change(_ForWriters, Base):
    """A staged change: revisions after `base_revision_id` up to `revision_id`, which readers do not have yet.

    At most one is open in a language. `open` is True while it is, NULL afterwards.
    """

    __tablename__ = "article_change"
    __table_args__ = (
        UniqueConstraint("translation_id", "open"),
        Index("ix_article_change_state", "state", "updated_at"),
    )
    gate_path: ClassVar[tuple[str, ...]] = ("translation", "article")

    id: Mapped[pk]
    key: Mapped[key10]
    translation_id: Mapped[int] = mapped_column(ForeignKey("article_translation.id", ondelete="CASCADE"))
    open: Mapped[bool | None] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(String(12), default=State.DRAFT)
    base_revision_id: Mapped[int | None] = mapped_column(ForeignKey("revision.id", ondelete="SET NULL"))
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id", ondelete="CASCADE"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    significance: Mapped[str] = mapped_column(String(10), default=Significance.NORMAL)
    comment: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[instant]
    updated_at: Mapped[instant]
    submitted_at: Mapped[instant | None]
    decided_at: Mapped[instant | None]
    publish_at: Mapped[instant | None]
    published_at: Mapped[instant | None]
    translation: Mapped[ArticleTranslation] = relationship(lazy="raise")
    revision: Mapped[Revision] = relationship(foreign_keys=[revision_id], lazy="raise")


class ReviewNote(_ForWriters, Base):
    """A comment on a change: on a line of a revision's Markdown (`line` from 1, `quote` its words), or on the whole.

    `verdict` is set on the note that decided.
    """

    __tablename__ = "review_note"
    gate_path: ClassVar[tuple[str, ...]] = ("change", "translation", "article")

    id: Mapped[pk]
    key: Mapped[key10]
    change_id: Mapped[int] = mapped_column(ForeignKey("article_change.id", ondelete="CASCADE"), index=True)
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("revision.id", ondelete="SET NULL"))
    line: Mapped[int | None]
    quote: Mapped[text] = mapped_column(default="")
    text: Mapped[text]
    verdict: Mapped[str | None] = mapped_column(String(14))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[instant]
    resolved_at: Mapped[instant | None]
    change: Mapped[Change] = relationship(lazy="raise")


class WorkingCopy(_ForWriters, Base):
    """What one person has typed into the editor and not saved as a revision: written every few seconds.

    `fields` is the form as it stands (see editorial.form); `base_revision_id` the revision that it started from.
    """

    __tablename__ = "working_copy"
    __table_args__ = (UniqueConstraint("translation_id", "person_id"),)
    gate_path: ClassVar[tuple[str, ...]] = ("translation", "article")

    id: Mapped[pk]
    translation_id: Mapped[int] = mapped_column(ForeignKey("article_translation.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    base_revision_id: Mapped[int | None] = mapped_column(ForeignKey("revision.id", ondelete="SET NULL"))
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    changed: Mapped[bool] = mapped_column(default=False)  # differs from what it started from
    opened_at: Mapped[instant]
    seen_at: Mapped[instant]  # the editor was open then
    saved_at: Mapped[instant]
    translation: Mapped[ArticleTranslation] = relationship(lazy="raise")


class ProductReviewer(Base):
    """Reviews changes of articles of a product, besides the editors."""

    __tablename__ = "product_reviewer"

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True)
