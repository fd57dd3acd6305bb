"""Beyond the people: registered addresses without an account, and the systems of organisations.

Batches of their own, each one short transaction. Begun anew after a kill, they leave alone what is queued already.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, and_, exists, select, true
from sqlalchemy.orm import Session

from sportello.accounts.models import Person
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_of_organisation
from sportello.core.audience import admits
from sportello.core.bulk import among
from sportello.core.handling import Site
from sportello.notifications.models import Delivery, Notice, RegisteredAddress, Webhook
from sportello.notifications.queueing import queue_calls, queue_mails
from sportello.notifications.reaching import Telling, licenses, organisation_may_hear
from sportello.notifications.recipients import customers
from sportello.notifications.registry import Reach

BATCH = 1000


def tell_addresses(site: Site, telling: Telling) -> None:
    """Queue mails to the registered addresses that hear of it: as licensees, or because they heard before."""
    after = 0
    while True:
        with site.database.read() as session:
            batch = _addresses(session, telling, after)
            told = list(told_among(session, site.plans, telling, batch))
        if told:
            with site.database.write() as session:
                if not _goes_on(session, telling):
                    return
                queue_mails(session, telling, {"address_id": told})
        if len(batch) < BATCH:
            return
        after = batch[-1].id


def addresses_in_question(telling: Telling) -> ColumnElement[bool] | None:
    """Which registered addresses might hear of it; None: none, ever.

    One that is the address of a person of the same organisation is left to the person; but who heard of the earlier
    notice there hears how it goes on, whoever has an account by now.
    """
    heard = exists().where(Delivery.notice_id == telling.notice.like_id, Delivery.address_id == RegisteredAddress.id)
    person = exists().where(
        Person.email == RegisteredAddress.email,
        Person.organisation_id == RegisteredAddress.organisation_id,
        Person.active,
    )
    match telling.event.reach:
        case Reach.LICENSEES:
            return and_(RegisteredAddress.confirmed_at.is_not(None), ~person)
        case Reach.SAME:
            return and_(RegisteredAddress.confirmed_at.is_not(None), heard)
        case _:
            return None


def _addresses(session: Session, telling: Telling, after: int) -> Sequence[RegisteredAddress]:
    which = addresses_in_question(telling)
    if which is None:
        return []
    rows = select(RegisteredAddress).where(RegisteredAddress.id > after, which)
    return session.scalars(rows.order_by(RegisteredAddress.id).limit(BATCH)).all()


def told_among(
    session: Session, plans: Plans, telling: Telling, addresses: Sequence[RegisteredAddress]
) -> Iterator[int]:
    """Ids of those whose organisation may read the subject, and licenses it where that is asked."""
    held = customers(session, {address.organisation_id for address in addresses})
    for address in addresses:
        viewer = viewer_of_organisation(held[address.organisation_id], plans)
        licensed = licenses(viewer, telling.event, telling.subject, address.products)
        if (licensed or telling.event.reach != Reach.LICENSEES) and admits(viewer, telling.subject.audience):
            yield address.id


def tell_systems(site: Site, telling: Telling) -> None:
    """Queue calls to the systems of organisations that want this event and may read its subject."""
    notice, subject = telling.notice, telling.subject
    if not telling.event.webhook or (notice.language and notice.language != subject.language("")):
        return
    with site.database.read() as session:
        active = session.scalars(select(Webhook).where(Webhook.active, systems_in_question(session, telling)))
        wanted = [row for row in active if telling.event.wanted_by(row.events)]
        held = customers(session, {row.organisation_id for row in wanted})
    told = [
        row.id
        for row in wanted
        if organisation_may_hear(viewer_of_organisation(held[row.organisation_id], site.plans), telling.event, subject)
    ]
    if told:
        with site.database.write() as session:
            if _goes_on(session, telling):
                queue_calls(session, telling, {"webhook_id": told})


def _goes_on(session: Session, telling: Telling) -> bool:
    """Nobody has taken the notice back meanwhile; whoever does it now waits until this batch is written."""
    notice = session.get(Notice, telling.notice.id, with_for_update=True)
    return notice is not None and notice.finished_at is None


def systems_in_question(session: Session, telling: Telling) -> ColumnElement[bool]:
    """Systems that heard of the earlier notice; those of organisations of which somebody is named; otherwise all."""
    notice = telling.notice
    if telling.event.reach == Reach.SAME:
        return exists().where(Delivery.notice_id == notice.like_id, Delivery.webhook_id == Webhook.id)
    if telling.event.reach == Reach.DIRECT:
        people = among(Person.id, notice.people or ())
        return exists().where(Person.organisation_id == Webhook.organisation_id, Person.active, people)
    return true()
