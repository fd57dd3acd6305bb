"""By what articles are found on the shelves: categories, tags, codes, products and their versions."""

from sqlalchemy import JSON, Column, ForeignKey, Integer, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from sportello.core.db import Base
from sportello.core.stamp import CONTENT
from sportello.core.types import BigId, pk

article_product = Table(
    "article_product",
    Base.metadata,
    Column("article_id", BigId, ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("product_id", BigId, ForeignKey("product.id", ondelete="CASCADE"), primary_key=True, index=True),
    info=CONTENT,
)
article_version = Table(
    "article_version",
    Base.metadata,
    Column("article_id", BigId, ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "version_id",
        BigId,
        ForeignKey("product_version.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
    info=CONTENT,
)


class Category(Base):
    """A place in the browsing tree; names by language code."""

    __tablename__ = "category"
    __table_args__ = {"info": CONTENT}

    id: Mapped[pk]
    code: Mapped[str] = mapped_column(String(80), unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("category.id", ondelete="SET NULL"))
    names: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    position: Mapped[int] = mapped_column(Integer, default=0)


class ArticleTag(Base):
    __tablename__ = "article_tag"
    __table_args__ = {"info": CONTENT}

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(80), primary_key=True, index=True)


class ArticleCode(Base):
    """An error code or number that must find the article: LDG-4102, KB815174."""

    __tablename__ = "article_code"
    __table_args__ = {"info": CONTENT}

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str] = mapped_column(String(80), primary_key=True, index=True)
