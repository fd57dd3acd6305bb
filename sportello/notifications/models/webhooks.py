"""Systems of organisations that are told by HTTP, and what they answered."""

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from sportello.core.db import Base
from sportello.core.types import instant, key10, name, pk, text


class Webhook(Base):
    """An address of an organisation. `secret` signs what is sent (Standard Webhooks, "whsec_" and base64).

    `old_secrets`: [secret, ISO instant]: they sign too until then, so that the receiver may change in its own time.
    `events`: codes of event types. `failing_since`: every call since then failed; after 3 days it is switched off.
    """

    __tablename__ = "webhook"

    id: Mapped[pk]
    key: Mapped[key10]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="CASCADE"), index=True)
    name: Mapped[name]
    url: Mapped[str] = mapped_column(String(500))
    secret: Mapped[str] = mapped_column(String(80))
    old_secrets: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    events: Mapped[list[str]] = mapped_column(JSON, default=list)
    active: Mapped[bool] = mapped_column(default=True)
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[instant]
    failing_since: Mapped[instant | None]


class WebhookAttempt(Base):
    """One try of one call: kept 30 days. `status` is None when there was no answer."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (Index("ix_webhook_attempt_at", "webhook_id", "at"),)

    id: Mapped[pk]
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("delivery.id", ondelete="SET NULL"))
    at: Mapped[instant]
    status: Mapped[int | None]
    ms: Mapped[int]
    answer: Mapped[text] = mapped_column(default="")  # its first 500 characters, or the error
