"""Choose how to be told: the digest's rhythm, quiet hours, and channels by kind of event."""

from collections.abc import Collection

from sqlalchemy import delete
from sqlalchemy.orm import Session

from sportello.core.audience import Viewer
from sportello.core.bulk import insert_into
from sportello.core.errors import N_, Forbidden, Invalid
from sportello.notifications.levels import Channel
from sportello.notifications.models import ChannelChoice, DigestRhythm, Preference
from sportello.notifications.registry import EventType, registry

HOURS = range(24)


def prefer(
    session: Session,
    viewer: Viewer,
    *,
    digest: str,
    quiet: tuple[int | None, int | None],
    wanted: Collection[tuple[str, str]],
) -> None:
    """Keep everything that the page of preferences asks.

    `quiet`: from and to, whole hours, both or neither; `wanted`: the pairs of event and channel that are on. Raises
    Invalid at its field, Forbidden for somebody signed out.
    """
    if viewer.person_id is None:
        raise Forbidden
    set_digest(session, viewer.person_id, digest)
    set_quiet_hours(session, viewer.person_id, *quiet)
    for event in registry.chosen_events():
        for channel in Channel:
            set_channel(session, viewer.person_id, event, channel, on=(event.code, channel.value) in wanted)


def set_digest(session: Session, person_id: int, rhythm: str) -> None:
    """How often; when the next one is due is reckoned anew if it changes. Raises Invalid."""
    if rhythm not in tuple(DigestRhythm):
        raise Invalid(N_("Choose how often you want the digest."), field="digest")
    kept = preference_of(session, person_id)
    if kept.digest != rhythm:
        kept.digest, kept.next_digest_at = rhythm, None


def set_quiet_hours(session: Session, person_id: int, quiet_from: int | None, quiet_to: int | None) -> None:
    """Whole hours of the person's own day, both or neither. Raises Invalid."""
    if any(hour is not None and hour not in HOURS for hour in (quiet_from, quiet_to)):
        raise Invalid(N_("Choose hours from 0 to 23."), field="quiet_from")
    if (quiet_from is None) != (quiet_to is None):
        missing = "quiet_to" if quiet_to is None else "quiet_from"
        raise Invalid(N_("Say when the quiet hours begin and when they end, or neither."), field=missing)
    if quiet_from is not None and quiet_from == quiet_to:
        raise Invalid(N_("Quiet hours end at another hour than they begin."), field="quiet_to")
    kept = preference_of(session, person_id)
    kept.quiet_from, kept.quiet_to = quiet_from, quiet_to


def set_channel(session: Session, person_id: int, event: EventType, channel: Channel, *, on: bool) -> None:
    """Keep a choice only where it differs from the event's own; what is always told keeps none."""
    here = {"person_id": person_id, "event": event.code, "channel": channel.value}
    if event.always or on == (channel in event.channels):
        session.execute(delete(ChannelChoice).filter_by(**here))
        return
    keys = [ChannelChoice.person_id, ChannelChoice.event, ChannelChoice.channel]
    statement = insert_into(session, ChannelChoice).values(**here, on=on)
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_={"on": on}))


def preference_of(session: Session, person_id: int) -> Preference:
    """The person's row, made if there is none (by two requests at once, too), locked."""
    fresh = insert_into(session, Preference).values(person_id=person_id, digest=DigestRhythm.WEEKLY.value)
    session.execute(fresh.on_conflict_do_nothing(index_elements=[Preference.person_id]))
    return session.get_one(Preference, person_id, with_for_update=True)
