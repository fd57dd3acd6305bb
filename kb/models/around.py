"""What stands around articles: votes and reports of readers, keywords, links, views, old addresses."""

from datetime import date
from typing import ClassVar

from sqlalchemy import ColumnElement, Date, ForeignKey, Index, String, UniqueConstraint, and_
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.models.articles import Article, ArticleTranslation
from sportello.core.audience import Gated, Viewer
from sportello.core.db import Base, CountersBase
from sportello.core.types import instant, key10, lang, pk, text


class SlugReservation(Base):
    """An address that a running import has promised to a record, so that links to it can be written first."""

    __tablename__ = "slug_reservation"

    source: Mapped[str] = mapped_column(String(40), primary_key=True)
    source_id: Mapped[str] = mapped_column(String(300), primary_key=True)
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    slug: Mapped[str] = mapped_column(String(120))


class ArticleVote(Base):
    """An answer to "Did this solve it?": one per person and article, changeable; the comment is for editors only."""

    __tablename__ = "article_vote"
    __table_args__ = (UniqueConstraint("article_id", "person_id"),)

    id: Mapped[pk]
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    language: Mapped[lang]
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("revision.id", ondelete="SET NULL"))  # the one read
    helpful: Mapped[bool]
    comment: Mapped[text] = mapped_column(default="")
    handled_at: Mapped[instant | None]  # an editor has dealt with the comment
    handled_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[instant]
    updated_at: Mapped[instant] = mapped_column(index=True)


class ProblemReport(Base):
    """What a reader says is wrong in a paragraph, for editors only."""

    __tablename__ = "problem_report"

    id: Mapped[pk]
    key: Mapped[key10]
    translation_id: Mapped[int] = mapped_column(ForeignKey("article_translation.id", ondelete="CASCADE"), index=True)
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("revision.id", ondelete="SET NULL"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    quote: Mapped[text]  # the paragraph's words as the reader saw them
    comment: Mapped[text]
    created_at: Mapped[instant] = mapped_column(index=True)
    handled_at: Mapped[instant | None]
    handled_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))


class ArticleKeyword(Base):
    """Words that people search with and that must find the article, though it does not say them."""

    __tablename__ = "article_keyword"

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    words: Mapped[str] = mapped_column(String(256), primary_key=True)


class ArticleLink(Base):
    """A link in the text that readers have, to another article (by address) or to a file."""

    __tablename__ = "article_link"
    __table_args__ = (Index("ix_article_link_target", "kind", "target"),)

    translation_id: Mapped[int] = mapped_column(
        ForeignKey("article_translation.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)  # "article", "attachment"
    target: Mapped[str] = mapped_column(String(120), primary_key=True)  # slug, or key of the attachment


class ArchivedAddress(Gated, Base):
    """An address of an archived article: leads to its successor, or says that it was archived, for its readers."""

    __tablename__ = "archived_address"
    gate_path: ClassVar[tuple[str, ...]] = ("translation", "article")

    slug: Mapped[str] = mapped_column(String(120), primary_key=True)
    translation_id: Mapped[int] = mapped_column(ForeignKey("article_translation.id", ondelete="CASCADE"))
    translation: Mapped[ArticleTranslation] = relationship(lazy="raise")

    @classmethod
    def gate(cls) -> ColumnElement[str]:
        return Article.gate()

    @classmethod
    def readable(cls, viewer: Viewer) -> ColumnElement[bool]:
        return and_(Article.archived_at.is_not(None), Article.binned_at.is_(None))


class ArticleViews(CountersBase):
    """How often an article's page was opened on a day (UTC), by class of reader as in the search log."""

    __tablename__ = "article_views"

    article_key: Mapped[str] = mapped_column(String(10), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    audience: Mapped[str] = mapped_column(String(40), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
