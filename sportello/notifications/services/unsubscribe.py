"""What the link at the foot of a mail does: switch one thing off, and on again, for whom the mail was."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.accounts.models import Person
from sportello.core.errors import NotFound
from sportello.core.types import Ref
from sportello.notifications.levels import Channel, Level
from sportello.notifications.models import DigestRhythm, Subscription
from sportello.notifications.queries.preferences import wishes_of
from sportello.notifications.registry import EventType, registry
from sportello.notifications.services.follow import keep_level
from sportello.notifications.services.prefer import set_channel, set_digest
from sportello.notifications.unsubscribe import Unsubscription

NONE = "none"


@dataclass(frozen=True)
class Switch:
    """How it stands: `on`, mails still come; `was`, what `switch_on` needs to make it as it is now.

    `event`: the kind of event, when it is about that. `fixed`: it is always told, and stays on.
    """

    on: bool
    was: str = ""
    event: EventType | None = None
    fixed: bool = False


def off_level(ref: Ref) -> Level:
    """What switching off makes of a level: an item is muted, as its mails come for many reasons; what things belong
    to (a product, a tag) is followed on without mails at once."""
    return Level.MUTED if ref.kind in registry.sources else Level.TRACKING


def how_it_stands(session: Session, asked: Unsubscription) -> Switch:
    """Whether these mails still come. Raises NotFound for somebody or something that is no longer there."""
    person_id = _person_id(session, asked)
    if asked.event:
        event = _event(asked.event)
        return Switch(wishes_of(session, person_id).wants(event, Channel.MAIL), event=event, fixed=event.always)
    if asked.topic is None:
        rhythm = wishes_of(session, person_id).digest
        return Switch(rhythm is not DigestRhythm.NEVER, was=rhythm.value)
    own = session.get(Subscription, (person_id, asked.topic.kind, asked.topic.key))
    level = None if own is None else Level(own.level)
    if off_level(asked.topic) is Level.MUTED:
        return Switch(level is not Level.MUTED, was=NONE if level is None else str(int(level)))
    return Switch(level is Level.WATCHING, was=str(int(Level.WATCHING)))


def switch_off(session: Session, asked: Unsubscription) -> Switch:
    """No more mails of this; returns how it stood before. Raises NotFound as `how_it_stands`."""
    before, person_id = how_it_stands(session, asked), _person_id(session, asked)
    if not before.on or before.fixed:
        return before
    if before.event:
        set_channel(session, person_id, before.event, Channel.MAIL, on=False)
    elif asked.topic is None:
        set_digest(session, person_id, DigestRhythm.NEVER)
    else:
        keep_level(session, person_id, asked.topic, off_level(asked.topic))
    return before


def switch_on(session: Session, asked: Unsubscription, was: str = "") -> None:
    """Mails of this again, as it `was` before; without that, as it is by default. Raises NotFound."""
    before, person_id = how_it_stands(session, asked), _person_id(session, asked)
    if before.on:
        return
    if before.event:
        set_channel(session, person_id, before.event, Channel.MAIL, on=True)
    elif asked.topic is None:
        rhythms = (DigestRhythm.DAILY, DigestRhythm.WEEKLY)
        set_digest(session, person_id, was if was in rhythms else DigestRhythm.WEEKLY)
    elif off_level(asked.topic) is Level.MUTED:
        level = Level(int(was)) if was in ("1", "2", "3") else None
        keep_level(session, person_id, asked.topic, level)
    else:
        keep_level(session, person_id, asked.topic, Level.WATCHING)


def _person_id(session: Session, asked: Unsubscription) -> int:
    found = session.scalar(select(Person.id).where(Person.key == asked.person_key))
    if found is None:
        raise NotFound
    return found


def _event(code: str) -> EventType:
    if code not in registry.events:
        raise NotFound
    return registry.events[code]
