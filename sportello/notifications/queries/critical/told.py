"""Each person and address of an organisation: when they were told, whether the mail went, whether they know."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from sportello.accounts.models import Person
from sportello.notifications.models import (
    Acknowledgement,
    CriticalNotice,
    Delivery,
    DeliveryChannel,
    Notification,
    RegisteredAddress,
)
from sportello.notifications.queries.critical.reach import customer_people
from sportello.notifications.queries.critical.report import messages

Mail = tuple[str | None, datetime | None]
NO_MAIL: Mail = (None, None)


@dataclass(frozen=True)
class Heard:
    """Somebody. `mail`: how the latest mail to them ended ("queued", "sent", ...), None without one."""

    organisation_id: int
    name: str
    email: str
    person: bool
    told_at: datetime | None
    mail: str | None
    mail_at: datetime | None
    known_at: datetime | None
    for_organisation: bool = False


def heard_by(session: Session, notice: CriticalNotice, organisations: Collection[int]) -> Mapping[int, list[Heard]]:
    """Everybody who belongs to these organisations, or was told there, by organisation. Four statements."""
    found: dict[int, list[Heard]] = {}
    wanted = sorted(organisations)
    if not wanted:
        return found
    for one in (*_people(session, notice, wanted), *_addresses(session, notice, wanted)):
        found.setdefault(one.organisation_id, []).append(one)
    return found


def _people(session: Session, notice: CriticalNotice, wanted: list[int]) -> list[Heard]:
    posted = messages(notice)
    told = (
        select(func.min(Notification.created_at))
        .where(Notification.notice_id.in_(posted), Notification.person_id == Person.id)
        .correlate(Person)
        .scalar_subquery()
    )
    customers = customer_people(Person.id).scalar_subquery()
    statement = (
        select(
            Person.id,
            Person.organisation_id,
            Person.name,
            Person.email,
            told,
            Acknowledgement.at,
            Acknowledgement.for_organisation,
        )
        .outerjoin(
            Acknowledgement,
            and_(
                Acknowledgement.person_id == Person.id,
                Acknowledgement.critical_id == notice.id,
                Acknowledgement.version == notice.version,
            ),
        )
        .where(Person.organisation_id.in_(wanted), or_(Person.id.in_(customers), told.is_not(None)))
        .order_by(Person.name, Person.key)
    )
    rows = session.execute(statement).all()
    here = select(Person.id).where(Person.organisation_id.in_(wanted))
    mails = _mails(session, posted, Delivery.person_id, here)
    return [
        Heard(home or 0, name, email, True, told_at, *mails.get(id, NO_MAIL), known_at, bool(for_all))
        for id, home, name, email, told_at, known_at, for_all in rows
    ]


def _addresses(session: Session, notice: CriticalNotice, wanted: list[int]) -> list[Heard]:
    statement = select(RegisteredAddress).where(
        RegisteredAddress.organisation_id.in_(wanted), RegisteredAddress.confirmed_at.is_not(None)
    )
    rows = session.scalars(statement.order_by(RegisteredAddress.email)).all()
    here = select(RegisteredAddress.id).where(RegisteredAddress.organisation_id.in_(wanted))
    mails = _mails(session, messages(notice), Delivery.address_id, here)
    return [
        Heard(
            organisation_id=row.organisation_id,
            name=row.name,
            email=row.email,
            person=False,
            told_at=mails[row.id][1],
            mail=mails[row.id][0],
            mail_at=mails[row.id][1],
            known_at=None,
        )
        for row in rows
        if row.id in mails
    ]


def _mails(session: Session, posted: list[int], column: Any, among: Select[Any]) -> dict[int, Mail]:
    """State and moment of the latest mail to each."""
    statement = select(column, Delivery.state, Delivery.sent_at, Delivery.created_at).where(
        Delivery.notice_id.in_(posted), Delivery.channel == DeliveryChannel.MAIL, column.in_(among)
    )
    return {id: (state, sent or made) for id, state, sent, made in session.execute(statement.order_by(Delivery.id))}
