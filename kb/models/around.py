"""What stands around articles: votes of readers, addresses promised by a running import."""

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sportello.core.db import Base
from sportello.core.types import instant, lang, pk, text


class SlugReservation(Base):
    """An address that a running import has promised to a record, so that links to it can be written first."""

    __tablename__ = "slug_reservation"

    source: Mapped[str] = mapped_column(String(40), primary_key=True)
    source_id: Mapped[str] = mapped_column(String(300), primary_key=True)
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    slug: Mapped[str] = mapped_column(String(120))


class ArticleVote(Base):
    """"Did this solve it?": one per person and article, changeable; the comment is for editors only."""

    __tablename__ = "article_vote"
    __table_args__ = (UniqueConstraint("article_id", "person_id"),)

    id: Mapped[pk]
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    language: Mapped[lang]
    helpful: Mapped[bool]
    comment: Mapped[text] = mapped_column(default="")
    created_at: Mapped[instant]
    updated_at: Mapped[instant]
