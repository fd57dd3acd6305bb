"""What left, or is to leave, the site: a row a mail or call. When and how often it is tried stands in the outbox."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from sportello.core.db import Base
from sportello.core.types import instant, key10, pk, text


class DeliveryChannel(StrEnum):
    """How it travels."""

    MAIL = "mail"
    DIGEST = "digest"
    WEBHOOK = "webhook"


class DeliveryState(StrEnum):
    """How it ended, if it did."""

    QUEUED = "queued"
    SENT = "sent"
    DROPPED = "dropped"  # no longer wanted or allowed when it was to be sent; `error` says why
    FAILED = "failed"  # given up: a dead letter, until somebody retries it


class Delivery(Base):
    """To one person, registered address or webhook, about one notice (or a digest of a period).

    `occasion` makes it unique for its recipient, and its Message-ID stable: a notice's key, "digest:2026-W48".
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ux_delivery_person", "occasion", "channel", "person_id", unique=True),
        Index("ux_delivery_address", "occasion", "channel", "address_id", unique=True),
        Index("ux_delivery_webhook", "occasion", "channel", "webhook_id", unique=True),
        Index("ix_delivery_state", "state", "channel", "created_at"),
        Index("ix_delivery_sent", "person_id", "sent_at"),
    )

    id: Mapped[pk]
    key: Mapped[key10]
    channel: Mapped[str] = mapped_column(String(10))
    occasion: Mapped[str] = mapped_column(String(60))
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    address_id: Mapped[int | None] = mapped_column(ForeignKey("registered_address.id", ondelete="CASCADE"))
    webhook_id: Mapped[int | None] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(10), default=DeliveryState.QUEUED)
    created_at: Mapped[instant]
    due_at: Mapped[instant]
    sent_at: Mapped[instant | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[text | None]


class SuppressedAddress(Base):
    """Mail to this address came back for good: none is sent until somebody lifts it."""

    __tablename__ = "suppressed_address"

    email: Mapped[str] = mapped_column(String(254), primary_key=True)
    reason: Mapped[str] = mapped_column(String(500))
    since: Mapped[instant]
    bounces: Mapped[int] = mapped_column(default=1)
