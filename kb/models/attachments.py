"""Files that belong to articles: stored once per content, readable with a revision that is read."""

from typing import ClassVar

from sqlalchemy import BigInteger, Column, ColumnElement, ForeignKey, String, Table, exists, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.models.articles import Article, ArticleTranslation
from sportello.core.audience import Gated, Viewer
from sportello.core.db import Base
from sportello.core.types import BigId, instant, key10, pk, text

revision_attachment = Table(
    "revision_attachment",
    Base.metadata,
    Column("revision_id", BigId, ForeignKey("revision.id", ondelete="CASCADE"), primary_key=True),
    Column("attachment_id", BigId, ForeignKey("attachment.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Blob(Base):
    """Stored bytes, once per content. `words`: the text inside, None until it was looked for, empty if there is none.

    `sha256` is that of the bytes as they were uploaded; `storage_key` names what is served (pictures are encoded
    anew), `size` its bytes.
    """

    __tablename__ = "blob"

    id: Mapped[pk]
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    storage_key: Mapped[str] = mapped_column(String(60), unique=True)
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int | None]  # pixels, of pictures
    height: Mapped[int | None]
    words: Mapped[text | None]
    created_at: Mapped[instant]


class Attachment(Gated, Base):
    """A file of an article under a name. Immutable: another content is another attachment.

    Readers reach it while a revision that they read lists it (`revision_attachment`), so a file that is staged with
    a change appears with that change, and goes with it.
    """

    __tablename__ = "attachment"
    gate_path: ClassVar[tuple[str, ...]] = ("article",)

    id: Mapped[pk]
    key: Mapped[key10]
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), index=True)
    blob_id: Mapped[int] = mapped_column(ForeignKey("blob.id"), index=True)
    name: Mapped[str] = mapped_column(String(150))
    alt: Mapped[str] = mapped_column(String(300), default="")
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[instant]
    article: Mapped[Article] = relationship(lazy="raise")
    blob: Mapped[Blob] = relationship(lazy="joined", innerjoin=True)

    @classmethod
    def gate(cls) -> ColumnElement[str]:
        return Article.gate()

    @classmethod
    def readable(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Listed by the revision of a published translation, or the viewer writes articles."""
        if viewer.writes:
            return true()
        listed = exists().where(
            revision_attachment.c.attachment_id == cls.id,
            revision_attachment.c.revision_id == ArticleTranslation.revision_id,
            ArticleTranslation.readable(viewer),
        )
        return listed.correlate(cls)  # whatever else is joined to the statement that asks
