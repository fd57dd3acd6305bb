"""What people are told of, and who was told in the portal."""

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sportello.core.db import Base, CountersBase
from sportello.core.types import instant, key10, lang, pk


class Notice(Base):
    """One thing to be told to many. It holds references, never titles: what it says is read when it is told.

    `subject` and `thread` are written refs ("article:KEY"); mails of one thread stand together in a mailbox.
    `people`: ids, for direct notices. `like`: the earlier notice whose people hear of this one too. `says`: a sentence
    of the person who posted it, by language. `language`: only who is told in it hears of this. `once` names the
    occasion: a second notice of the same name is not made. `created_at`: from when on there was something to tell,
    later than it was written down if it was announced for later; what somebody opened since then they know. `cursor`:
    ids of people up to it have been told; `told` counts them.
    """

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_subject", "subject", "created_at"),)

    id: Mapped[pk]
    key: Mapped[key10]
    event: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(100))
    thread: Mapped[str] = mapped_column(String(100), default="")
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    people: Mapped[list[int] | None] = mapped_column(JSON)
    like_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id", ondelete="SET NULL"))
    says: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    language: Mapped[lang | None]
    once: Mapped[str | None] = mapped_column(String(100), unique=True)
    created_at: Mapped[instant]
    cursor: Mapped[int] = mapped_column(BigInteger, default=0)
    told: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[instant | None]


class Notification(Base):
    """A person was told of a notice in the portal. Shown only while they may read its subject."""

    __tablename__ = "notification"
    __table_args__ = (
        Index("ix_notification_person", "person_id", "created_at", "id"),
        Index("ix_notification_unread", "person_id", "read_at"),
        Index("ux_notification_notice", "notice_id", "person_id", unique=True),
    )

    id: Mapped[pk]
    key: Mapped[key10]
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))  # of the subject, copied: the visibility of a page is one query
    subject: Mapped[str] = mapped_column(String(80))  # its key
    created_at: Mapped[instant]
    read_at: Mapped[instant | None]
    notice: Mapped[Notice] = relationship(lazy="raise")


class SeenMark(CountersBase):
    """A signed-in person opened something: it counts as read, and no mail or digest tells of it afterwards."""

    __tablename__ = "seen_mark"

    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    subject: Mapped[str] = mapped_column(String(100), primary_key=True)
    seen_at: Mapped[instant] = mapped_column(index=True)
