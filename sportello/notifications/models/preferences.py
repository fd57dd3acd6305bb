"""What people follow, and how they want to hear of it. No row means the default."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from sportello.core.db import Base
from sportello.core.types import instant


class DigestRhythm(StrEnum):
    """How often somebody wants a digest."""

    NEVER = "never"
    DAILY = "daily"
    WEEKLY = "weekly"


class Subscription(Base):
    """A person follows something at a level. Licensed products are followed without a row (see `following`)."""

    __tablename__ = "subscription"
    __table_args__ = (Index("ix_subscription_topic", "kind", "topic", "person_id"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    topic: Mapped[str] = mapped_column(String(80), primary_key=True)  # the key within its kind
    level: Mapped[int]
    changed_at: Mapped[instant]


class Preference(Base):
    """How a person wants to be told. Hours are whole ones of the person's own day; equal or None: no quiet hours."""

    __tablename__ = "notification_preference"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(10), default=DigestRhythm.WEEKLY)
    quiet_from: Mapped[int | None]
    quiet_to: Mapped[int | None]
    last_digest_at: Mapped[instant | None]
    next_digest_at: Mapped[instant | None] = mapped_column(index=True)  # None: not reckoned yet
    feed_hash: Mapped[str | None] = mapped_column(String(64), unique=True)  # SHA-256 of the feed's token
    feed_made_at: Mapped[instant | None]


class ChannelChoice(Base):
    """A person switched a channel on or off for a kind of event."""

    __tablename__ = "channel_choice"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    event: Mapped[str] = mapped_column(String(40), primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), primary_key=True)
    on: Mapped[bool]
