"""How many hear of something that goes to its whole audience: counted, not guessed, before it is sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from sportello.accounts.models import Person, PersonRole
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_of_organisation
from sportello.core.audience import PUBLIC, STAFF_ROLES, admits
from sportello.notifications.levels import Level
from sportello.notifications.models import ChannelChoice, Notice, Subscription
from sportello.notifications.reaching import TOLD, Telling, channels_of
from sportello.notifications.recipients import customers, recipients
from sportello.notifications.registry import EventType, Reach, Subject

_STAFF = exists().where(PersonRole.person_id == Person.id, PersonRole.role.in_([role.value for role in STAFF_ROLES]))


@dataclass(frozen=True)
class Audience:
    """Who would be told now: people of organisations and others without, and how many organisations; staff apart."""

    organisations: int = 0
    people: int = 0
    staff: int = 0


def audience_of(
    session: Session,
    plans: Plans,
    event: EventType,
    subject: Subject,
    *,
    actor_id: int | None = None,
    staff_totp: bool = False,
) -> Audience:
    """Exactly who fan-out would tell of `subject` by an event for its audience. The same number of statements,
    however many customers there are: they are counted in groups; staff, who are few, one by one.

    Raises ValueError for an event with another reach: that depends on more than the audience.
    """
    if event.reach != Reach.AUDIENCE:
        raise ValueError(f"{event.code!r} is not for an audience")
    if not subject.released:
        return Audience()
    held = customers(session).items()
    admitted = {id for id, one in held if admits(viewer_of_organisation(one, plans), subject.audience)}
    organisations = people = 0
    for organisation_id, count in _customers(session, event, subject, actor_id):
        if organisation_id in admitted:
            organisations, people = organisations + 1, people + count
        elif organisation_id is None and subject.audience == PUBLIC:
            people += count
    telling = Telling(Notice(actor_id=actor_id, thread=str(subject.ref)), event, subject)
    staff = recipients(session, plans, session.scalars(select(Person.id).where(_STAFF)).all(), staff_totp=staff_totp)
    return Audience(organisations, people, len(channels_of(session, telling, staff)))


def _customers(session: Session, event: EventType, subject: Subject, actor_id: int | None) -> Iterator[Any]:
    """Organisation, None for people without one, and how many there want to hear."""
    muted = exists().where(
        Subscription.person_id == Person.id,
        Subscription.kind == subject.ref.kind,
        Subscription.topic == subject.ref.key,
        Subscription.level == Level.MUTED,
    )
    wanted = (Person.active, Person.id != (actor_id or 0), ~_STAFF, ~muted, _some_channel(event))
    groups = select(Person.organisation_id, func.count()).where(*wanted).group_by(Person.organisation_id)
    yield from session.execute(groups)


def _some_channel(event: EventType) -> ColumnElement[bool]:
    """One of the channels of fan-out is on for the person."""

    def chosen(channel: str, on: bool) -> ColumnElement[bool]:
        return exists().where(
            ChannelChoice.person_id == Person.id,
            ChannelChoice.event == event.code,
            ChannelChoice.channel == channel,
            ChannelChoice.on.is_(on),
        )

    return or_(*(~chosen(one, False) if one in event.channels else chosen(one, True) for one in sorted(TOLD)))
