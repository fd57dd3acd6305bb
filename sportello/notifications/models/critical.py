"""Critical solution notices: what staff send out, what they say, who acknowledged, and who registered an address."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sportello.core.db import Base
from sportello.core.types import instant, key10, lang, name, pk


class CriticalState(StrEnum):
    """Where a critical notice stands."""

    DRAFT = "draft"
    TO_CONFIRM = "to-confirm"  # waits for a second person
    SENT = "sent"
    CLOSED = "closed"  # over: no banner any more, the notice stays true
    WITHDRAWN = "withdrawn"  # was wrong


class MessageKind(StrEnum):
    """What a message of a critical notice is."""

    NOTICE = "notice"
    REMINDER = "reminder"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"


class CriticalNotice(Base):
    """About `subject` ("article:KEY", later "release:KEY"): read only together with its subject's audience.

    `products`: {code: [versions]}, an empty list for all versions. `consequence` and `action`: by language, the texts
    that hold now. `remind_days`: days after which those who have not acknowledged are reminded; 0: never; `remind_at`:
    when next. `author_id`: whose words they are. `staged`: a correction or withdrawal that waits for a second person,
    as `asked_by_id` has written it.
    """

    __tablename__ = "critical_notice"
    __table_args__ = (Index("ix_critical_notice_state", "state", "sent_at"),)

    id: Mapped[pk]
    key: Mapped[key10]
    subject: Mapped[str] = mapped_column(String(100), index=True)
    products: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    consequence: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    action: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(String(12), default=CriticalState.DRAFT)
    version: Mapped[int] = mapped_column(default=1)  # an acknowledgement is of a version: a correction asks again
    remind_days: Mapped[int] = mapped_column(default=3)
    remind_at: Mapped[instant | None]
    staged: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[instant]
    changed_at: Mapped[instant]
    sent_at: Mapped[instant | None]
    ended_at: Mapped[instant | None]  # closed or withdrawn
    messages: Mapped[list["CriticalMessage"]] = relationship(
        order_by="CriticalMessage.id", cascade="all, delete-orphan"
    )


class CriticalMessage(Base):
    """What went out for a critical notice, word by word. `notice_id`: the notice that carried it."""

    __tablename__ = "critical_message"

    id: Mapped[pk]
    critical_id: Mapped[int] = mapped_column(ForeignKey("critical_notice.id", ondelete="CASCADE"), index=True)
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id", ondelete="SET NULL"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    version: Mapped[int]
    texts: Mapped[dict[str, Any]] = mapped_column(JSON)  # {language: {consequence, action, reason}}
    sent_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    sent_at: Mapped[instant]


class Acknowledgement(Base):
    """A person says that they know. `for_organisation`: a company contact says it for everybody there."""

    __tablename__ = "acknowledgement"
    __table_args__ = (
        UniqueConstraint("critical_id", "version", "person_id"),
        Index("ix_acknowledgement_organisation", "critical_id", "organisation_id"),
    )

    id: Mapped[pk]
    critical_id: Mapped[int] = mapped_column(ForeignKey("critical_notice.id", ondelete="CASCADE"))
    version: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id", ondelete="CASCADE"))
    for_organisation: Mapped[bool] = mapped_column(default=False)
    at: Mapped[instant]


class RegisteredAddress(Base):
    """A colleague without an account, or a shared mailbox, that hears of critical notices once it has confirmed.

    `products`: codes; empty for all that its organisation licenses. `token_hash`: of the link that confirms.
    `refused`: what its mail server answered when it did not take the mail with that link.
    """

    __tablename__ = "registered_address"
    __table_args__ = (UniqueConstraint("organisation_id", "email"),)

    id: Mapped[pk]
    key: Mapped[key10]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[name]
    language: Mapped[lang] = mapped_column(default="en")
    products: Mapped[list[str]] = mapped_column(JSON, default=list)
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[instant]
    asked_at: Mapped[instant | None]
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    refused: Mapped[str | None] = mapped_column(String(500))
    confirmed_at: Mapped[instant | None]
