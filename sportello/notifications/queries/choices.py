"""Through which channels people want to hear of an event."""

from collections.abc import Collection

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from sportello.core.bulk import among
from sportello.notifications.levels import Channel
from sportello.notifications.models import ChannelChoice
from sportello.notifications.registry import EventType

_CHOICES = select(ChannelChoice.person_id, ChannelChoice.channel, ChannelChoice.on).where(
    ChannelChoice.event == bindparam("event"), among(ChannelChoice.person_id, "people")
)


def channels_for(session: Session, person_ids: Collection[int], event: EventType) -> dict[int, frozenset[Channel]]:
    """For each person the channels that are on: the event's own, altered by what they chose. One statement.

    Nobody chooses for an event that goes to everybody always.
    """
    found = {person_id: set(event.channels) for person_id in person_ids}
    if found and not event.always:
        for person_id, channel, on in session.execute(_CHOICES, {"event": event.code, "people": found}):
            (found[person_id].add if on else found[person_id].discard)(Channel(channel))
    return {person_id: frozenset(channels) for person_id, channels in found.items()}
