"""Articles: one row per article, one per language, and immutable revisions of each language's text."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BindParameter,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    bindparam,
    true,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.models.browsing import ArticleCode, ArticleTag, Category, article_product, article_version
from sportello.accounts.models import Product, ProductVersion
from sportello.core import clock
from sportello.core.audience import Gated, GatedColumn, Viewer
from sportello.core.db import Base
from sportello.core.stamp import CONTENT
from sportello.core.types import UTCDateTime, instant, key10, lang, pk, text, title

_CRITICAL = sql("critical IS NOT NULL")


class Kind(StrEnum):
    """What an article is."""

    SOLUTION = "solution"
    HOW_TO = "how-to"
    KNOWN_PROBLEM = "known-problem"
    REFERENCE = "reference"


class Confidence(StrEnum):
    """How far an article may be trusted (KCS: confidence)."""

    WORK_IN_PROGRESS = "work-in-progress"
    NOT_VALIDATED = "not-validated"
    VALIDATED = "validated"


class Significance(StrEnum):
    """What a revision means to readers and translators: after a typo nothing is out of date and nobody is told."""

    TYPO = "typo"
    NORMAL = "normal"
    MAJOR = "major"


class Article(GatedColumn, Base):
    """What all languages share. `audience` decides who may read it; products are for browsing and finding.

    Archived and binned articles have no published language: what they had stands in `published_before`.
    """

    __tablename__ = "article"
    __table_args__ = (
        UniqueConstraint("source", "source_id"),
        Index("ix_article_helpful", "votes_yes", "updated_at"),
        Index("ix_article_critical", "updated_at", sqlite_where=_CRITICAL, postgresql_where=_CRITICAL),
        Index("ix_article_shelf", "audience", "published_at", "category_id"),
        {"info": CONTENT},
    )

    id: Mapped[pk]
    key: Mapped[key10]
    kind: Mapped[str] = mapped_column(String(20))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id", ondelete="SET NULL"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    critical: Mapped[text | None]  # consequence and action, where a translation says none of its own
    verified_at: Mapped[instant | None]
    published_at: Mapped[instant | None]  # the earliest of its languages: kept by the services
    created_at: Mapped[instant]
    updated_at: Mapped[instant] = mapped_column(index=True)
    votes_yes: Mapped[int] = mapped_column(Integer, default=0)
    votes_no: Mapped[int] = mapped_column(Integer, default=0)
    source: Mapped[str | None] = mapped_column(String(40))  # "jsonl", "markdown", "demo"; None: written here
    source_id: Mapped[str | None] = mapped_column(String(300))
    source_hash: Mapped[str | None] = mapped_column(String(64))  # of the record as last imported
    edited_here: Mapped[bool] = mapped_column(default=False)  # changed on the site since the import
    confidence: Mapped[str] = mapped_column(String(20), default=Confidence.VALIDATED)
    source_language: Mapped[str | None] = mapped_column(String(8))  # the one that translations follow
    verify_days: Mapped[int | None]  # how long a verification lasts
    verify_due_at: Mapped[instant | None] = mapped_column(index=True)
    unpublish_at: Mapped[instant | None]
    archived_at: Mapped[instant | None] = mapped_column(index=True)
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("article.id", ondelete="SET NULL"))
    binned_at: Mapped[instant | None] = mapped_column(index=True)

    category: Mapped[Category | None] = relationship()
    products: Mapped[list[Product]] = relationship(secondary=article_product, order_by=Product.code)
    versions: Mapped[list[ProductVersion]] = relationship(
        secondary=article_version, order_by=(ProductVersion.product_id, ProductVersion.position)
    )
    tags: Mapped[list[ArticleTag]] = relationship(cascade="all, delete-orphan", order_by=ArticleTag.tag)
    codes: Mapped[list[ArticleCode]] = relationship(cascade="all, delete-orphan", order_by=ArticleCode.code)

    @classmethod
    def readable(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Some language of it is."""
        return true() if viewer.writes else cls.published_at <= _now()


class ArticleTranslation(Gated, Base):
    """One language of an article, with its own address. Readers see it once `published_at` has come.

    `revision` is what they read. Later revisions may be staged; while nobody reads, it is the latest one.
    """

    __tablename__ = "article_translation"
    __table_args__ = (
        UniqueConstraint("article_id", "language"),
        Index("ix_article_translation_newest", "updated_at", "slug"),
        {"info": CONTENT},
    )
    gate_path: ClassVar[tuple[str, ...]] = ("article",)

    id: Mapped[pk]
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"))
    language: Mapped[lang]
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    title: Mapped[title]
    summary: Mapped[text] = mapped_column(default="")
    critical: Mapped[text | None]
    published_at: Mapped[instant | None] = mapped_column(index=True)
    published_before: Mapped[instant | None]  # while the article is archived or in the bin
    first_published_at: Mapped[instant | None]  # when readers first had it, also if it was taken from them since
    updated_at: Mapped[instant]
    revision_id: Mapped[int | None] = mapped_column(
        ForeignKey("revision.id", use_alter=True, name="fk_article_translation_revision_id_revision")
    )
    article: Mapped[Article] = relationship(lazy="raise")
    revision: Mapped["Revision | None"] = relationship(foreign_keys=[revision_id], lazy="raise", post_update=True)

    @classmethod
    def gate(cls) -> ColumnElement[str]:
        return Article.gate()

    @classmethod
    def readable(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Published, or the viewer writes articles."""
        return true() if viewer.writes else cls.published_at <= _now()


class Revision(Gated, Base):
    """An immutable text of a translation, with its HTML rendered once. `plain` feeds search and snippets.

    `settings` is what the article shall be when this revision is published (see editorial.settings), None for what
    was imported. `source_revision_id`: the revision of the source language that a translation says.
    """

    __tablename__ = "revision"
    __table_args__ = (UniqueConstraint("translation_id", "number"), {"info": CONTENT})
    gate_path: ClassVar[tuple[str, ...]] = ("translation", "article")

    id: Mapped[pk]
    translation_id: Mapped[int] = mapped_column(ForeignKey("article_translation.id", ondelete="CASCADE"))
    number: Mapped[int]
    title: Mapped[title]
    markdown: Mapped[text]
    html: Mapped[text]
    plain: Mapped[text]
    headings: Mapped[text]
    toc: Mapped[list[Any]] = mapped_column(JSON, default=list)  # [level, id, text] in order
    sections: Mapped[list[Any]] = mapped_column(JSON, default=list)  # [heading, id, html] of a solution
    markup_version: Mapped[int]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[instant]
    comment: Mapped[str] = mapped_column(String(300), default="")
    significance: Mapped[str] = mapped_column(String(10), default=Significance.NORMAL)
    settings: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    source_revision_id: Mapped[int | None] = mapped_column(
        ForeignKey("revision.id", ondelete="SET NULL", name="fk_revision_source")
    )
    translation: Mapped[ArticleTranslation] = relationship(foreign_keys=[translation_id], lazy="raise")

    @classmethod
    def gate(cls) -> ColumnElement[str]:
        return Article.gate()

    @classmethod
    def readable(cls, viewer: Viewer) -> ColumnElement[bool]:
        return ArticleTranslation.readable(viewer)


class SlugHistory(Gated, Base):
    """A former address of a translation: redirects, for those who may read the article."""

    __tablename__ = "slug_history"
    __table_args__ = {"info": CONTENT}
    gate_path: ClassVar[tuple[str, ...]] = ("translation", "article")

    slug: Mapped[str] = mapped_column(String(120), primary_key=True)
    translation_id: Mapped[int] = mapped_column(ForeignKey("article_translation.id", ondelete="CASCADE"))
    retired_at: Mapped[instant]
    translation: Mapped[ArticleTranslation] = relationship(lazy="raise")

    @classmethod
    def gate(cls) -> ColumnElement[str]:
        return Article.gate()

    @classmethod
    def readable(cls, viewer: Viewer) -> ColumnElement[bool]:
        return ArticleTranslation.readable(viewer)


def _now() -> BindParameter[datetime]:
    """The moment at which the statement is executed, so that a statement may be kept."""
    return bindparam("now", callable_=clock.now, type_=UTCDateTime(), unique=True)


def is_published(translation: ArticleTranslation, at: datetime | None = None) -> bool:
    """Readers see it at `at` (default: now)."""
    return translation.published_at is not None and translation.published_at <= (at or clock.now())
