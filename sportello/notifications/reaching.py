"""Whom a notice is for: the people in question as a statement, and what each of them hears of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, false, or_, select, true, tuple_
from sqlalchemy.orm import Session

from sportello.accounts.models import Organisation, Person, Product, organisation_product
from sportello.core import clock
from sportello.core.audience import STAFF, Viewer, admits
from sportello.core.types import Ref
from sportello.notifications.levels import NEEDED, Channel, Level
from sportello.notifications.models import Delivery, Notice, Notification, Subscription
from sportello.notifications.queries.choices import channels_for
from sportello.notifications.queries.following import PRODUCT, heard_at, levels_of, own_level, refs_of
from sportello.notifications.recipients import Recipient
from sportello.notifications.registry import EventType, Reach, Subject, registry, subject_of

NOTHING: frozenset[Channel] = frozenset()
TOLD = frozenset({Channel.PORTAL, Channel.MAIL})
"""What fan-out brings; digests are written at their own time, from what is there then."""


@dataclass(frozen=True)
class Telling:
    """A notice with what its refs point to now."""

    notice: Notice
    event: EventType
    subject: Subject

    @property
    def thread(self) -> Ref | None:
        return Ref.parse(self.notice.thread) if self.notice.thread else None


def telling_of(session: Session, notice: Notice) -> Telling | None:
    """None when there is nothing to tell any more: the subject is gone or taken back, or its feature is."""
    event = registry.events.get(notice.event)
    subject = subject_of(session, Ref.parse(notice.subject)) if event else None
    if event is None or subject is None or not subject.released:
        return None
    return Telling(notice, event, subject)


def in_question(telling: Telling) -> ColumnElement[bool]:
    """Who might hear of it, for a `SELECT` of people: a condition that loses nobody, not the audience rule."""
    notice, subject = telling.notice, telling.subject
    match telling.event.reach:
        case Reach.FOLLOWERS:
            return _following(subject, telling.thread)
        case Reach.AUDIENCE:
            return true()
        case Reach.LICENSEES:
            return _licensed(subject.products)
        case Reach.SAME:
            return or_(
                exists().where(Notification.notice_id == notice.like_id, Notification.person_id == Person.id),
                exists().where(Delivery.notice_id == notice.like_id, Delivery.person_id == Person.id),
            )
        case Reach.DIRECT:
            return false()  # they are named: see `next_ids`


def next_ids(session: Session, telling: Telling, size: int) -> Sequence[int]:
    """The next of them after the notice's cursor, in order; fewer than `size` are the last. One statement, or none."""
    notice = telling.notice
    if telling.event.reach == Reach.DIRECT:
        return sorted(person_id for person_id in notice.people or () if person_id > notice.cursor)[:size]
    people = select(Person.id).where(Person.id > notice.cursor, Person.active, in_question(telling))
    return session.scalars(people.order_by(Person.id).limit(size)).all()


def _following(subject: Subject, thread: Ref | None) -> ColumnElement[bool]:
    refs = sorted(refs_of(subject, thread))
    chosen = exists().where(
        Subscription.person_id == Person.id,
        tuple_(Subscription.kind, Subscription.topic).in_([(ref.kind, ref.key) for ref in refs]),
        Subscription.level > Level.MUTED,
    )
    return or_(chosen, _licensed({ref.key for ref in refs if ref.kind == PRODUCT}))


def _licensed(products: frozenset[str] | set[str]) -> ColumnElement[bool]:
    """People of organisations that are covered today and license one of these."""
    today = clock.today()
    return Person.organisation_id.in_(
        select(organisation_product.c.organisation_id)
        .join(Product, Product.id == organisation_product.c.product_id)
        .join(Organisation, Organisation.id == organisation_product.c.organisation_id)
        .where(
            Product.code.in_(sorted(products)), Organisation.coverage_start <= today, Organisation.coverage_end >= today
        )
    )


def channels_of(session: Session, telling: Telling, people: Mapping[int, Recipient]) -> dict[int, frozenset[Channel]]:
    """How each of these people is to hear of it; who is not to hear of it is not in it. Two statements."""
    event, subject = telling.event, telling.subject
    reached = {id: someone for id, someone in people.items() if may_hear(telling, someone.viewer)}
    choices = channels_for(session, reached, event)
    levels = levels_of(session, [one.viewer for one in reached.values()], refs_of(subject, telling.thread))
    found = {id: choices[id] & allowed(telling, levels.get(id, {}), one.staff) & TOLD for id, one in reached.items()}
    return {id: channels for id, channels in found.items() if channels}


def may_hear(telling: Telling, viewer: Viewer) -> bool:
    """The audience rule, and what the notice itself says: not who did it, not those who read another language."""
    notice, subject = telling.notice, telling.subject
    did_it = notice.actor_id is not None and viewer.person_id == notice.actor_id
    if did_it and telling.event.reach != Reach.DIRECT and not telling.event.always:
        return False
    if notice.language and subject.language(viewer.language) != notice.language:
        return False
    if telling.event.reach == Reach.LICENSEES and not licenses(viewer, telling.event, subject):
        return False
    return admits(viewer, subject.audience)


def licenses(viewer: Viewer, event: EventType, subject: Subject, only: Collection[str] = ()) -> bool:
    """Belongs to a covered organisation with one of its products (among `only`, if any are named), and with a plan
    that has what the event asks for. Staff do not."""
    wanted = viewer.products.intersection(only) if only else viewer.products
    return bool(wanted & subject.products) and (not event.feature or event.feature in viewer.features)


def organisation_may_hear(viewer: Viewer, event: EventType, subject: Subject) -> bool:
    """The rule for an organisation's systems; `viewer` is the organisation. By default its people follow its products,
    so what is for followers is for them when it is about one."""
    if not admits(viewer, subject.audience):
        return False
    return event.reach not in (Reach.FOLLOWERS, Reach.LICENSEES) or licenses(viewer, event, subject)


def allowed(telling: Telling, levels: Mapping[Ref, Level], staff: bool) -> frozenset[Channel]:
    """The channels that the level allows: followers by their level, the audience unless they muted it, others all.

    An audience are the customers; staff are told as followers, but of what is for staff alone.
    """
    subject, thread, reach = telling.subject, telling.thread, telling.event.reach
    if reach == Reach.AUDIENCE and (not staff or subject.audience == STAFF):
        return NOTHING if own_level(levels, subject, thread) == Level.MUTED else frozenset(Channel)
    if reach not in (Reach.FOLLOWERS, Reach.AUDIENCE):
        return frozenset(Channel)
    level = heard_at(levels, subject, thread)
    return NOTHING if level is None else frozenset(channel for channel in Channel if level >= NEEDED[channel])
