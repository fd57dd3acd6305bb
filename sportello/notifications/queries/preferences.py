"""How a person wants to be told, with the defaults where they have chosen nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.notifications.levels import Channel
from sportello.notifications.models import ChannelChoice, DigestRhythm, Preference
from sportello.notifications.registry import EventType


@dataclass(frozen=True)
class Wishes:
    """`quiet_from`, `quiet_to`: whole hours of the person's own day, or None. `chosen`: by event and channel."""

    digest: DigestRhythm = DigestRhythm.WEEKLY
    quiet_from: int | None = None
    quiet_to: int | None = None
    feed_made_at: datetime | None = None
    chosen: Mapping[tuple[str, Channel], bool] = field(default_factory=dict)

    def wants(self, event: EventType, channel: Channel) -> bool:
        """The person's choice, else the event's own channels; nobody chooses for what is always told."""
        default = channel in event.channels
        return default if event.always else self.chosen.get((event.code, channel), default)


def wishes_of(session: Session, person_id: int | None) -> Wishes:
    """Two statements."""
    kept = session.get(Preference, person_id) if person_id is not None else None
    rows = session.scalars(select(ChannelChoice).where(ChannelChoice.person_id == person_id))
    chosen = {(row.event, Channel(row.channel)): row.on for row in rows}
    if kept is None:
        return Wishes(chosen=chosen)
    made = kept.feed_made_at if kept.feed_hash else None
    return Wishes(DigestRhythm(kept.digest), kept.quiet_from, kept.quiet_to, made, chosen)
