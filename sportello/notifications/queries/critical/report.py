"""Who knows: organisations and people, told or to be told of a critical notice, and who has not acknowledged it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from sportello.accounts.models import Organisation, Person
from sportello.accounts.plans import Plans
from sportello.core.audience import Viewer
from sportello.core.policy import Action, require
from sportello.notifications.models import Acknowledgement, CriticalMessage, CriticalNotice, Notice, Notification
from sportello.notifications.queries.critical.reach import addresses_of, customer_people, licensees
from sportello.notifications.queries.critical.subjects import abouts

PAGE = 50


class Standing(StrEnum):
    """Where an organisation stands."""

    NONE = "none"  # nobody there has acknowledged
    PART = "part"
    ALL = "all"  # everybody, or a contact for all
    NOBODY = "nobody"  # it has nobody who could
    LEFT = "left"  # was told; its coverage, its licence or the article's readers have changed since


MISSING = frozenset({Standing.NONE, Standing.PART, Standing.NOBODY})


@dataclass(frozen=True)
class Answer:
    """A contact acknowledged for the organisation."""

    name: str
    at: datetime


@dataclass(frozen=True)
class Row:
    """One organisation. `people` who are concerned now, of whom `known` have acknowledged; `told`: ever heard of it."""

    id: int
    key: str
    name: str
    standing: Standing
    people: int = 0
    known: int = 0
    told: int = 0
    addresses: int = 0
    answer: Answer | None = None

    @property
    def missing(self) -> int:
        """People who have not acknowledged, where nobody has for them."""
        return 0 if self.answer or self.standing == Standing.LEFT else self.people - self.known


@dataclass(frozen=True)
class Report:
    """All organisations by name. Figures are of those concerned now."""

    rows: Sequence[Row] = field(default_factory=tuple)

    @property
    def concerned(self) -> list[Row]:
        return [row for row in self.rows if row.standing != Standing.LEFT]

    @property
    def missing(self) -> list[Row]:
        return [row for row in self.rows if row.standing in MISSING]

    @property
    def known(self) -> int:
        """Organisations that have acknowledged."""
        return sum(row.standing == Standing.ALL for row in self.rows)

    @property
    def people(self) -> int:
        return sum(row.people for row in self.concerned)

    @property
    def people_missing(self) -> int:
        return sum(row.missing for row in self.rows)

    @property
    def told(self) -> int:
        return sum(row.told for row in self.rows)


def report_of(session: Session, actor: Viewer, plans: Plans, notice: CriticalNotice) -> Report:
    """How it stands now. Raises Forbidden. The same number of statements, however many they are."""
    require(actor, Action.CRITICAL_DRAFT)
    about = abouts(session, [notice]).get(notice.subject)
    now = licensees(session, plans, notice.products, about)
    people = _by_organisation(session)
    known = _by_organisation(session, acknowledged_by_person(notice))
    told = _told(session, notice)
    answers = answers_of(session, notice)
    addresses = addresses_of(session, now, notice.products)
    wanted = {*now, *told, *answers}
    rows = []
    for id, key, name in session.execute(select(Organisation.id, Organisation.key, Organisation.name)):
        if id not in wanted:
            continue
        counts = (people.get(id, 0), known.get(id, 0)) if id in now else (0, 0)
        standing = _standing(*counts, answered=id in answers) if id in now else Standing.LEFT
        mailboxes = addresses.get(id, 0)
        rows.append(Row(id, key, name, standing, *counts, told.get(id, 0), mailboxes, answers.get(id)))
    return Report(sorted(rows, key=lambda row: (row.name.casefold(), row.key)))


def _standing(people: int, known: int, *, answered: bool) -> Standing:
    if answered or (people and known >= people):
        return Standing.ALL
    if not people:
        return Standing.NOBODY
    return Standing.PART if known else Standing.NONE


def acknowledged_by_person(notice: CriticalNotice) -> ColumnElement[bool]:
    """The person has acknowledged what the notice says now."""
    return exists().where(
        Acknowledgement.critical_id == notice.id,
        Acknowledgement.version == notice.version,
        Acknowledgement.person_id == Person.id,
    )


def for_organisation(notice: CriticalNotice, organisation_id: int | None) -> ColumnElement[bool]:
    """Somebody has acknowledged what the notice says now for everybody of this organisation."""
    return exists().where(
        Acknowledgement.critical_id == notice.id,
        Acknowledgement.version == notice.version,
        Acknowledgement.organisation_id == organisation_id,
        Acknowledgement.for_organisation.is_(True),
    )


def _by_organisation(session: Session, *which: ColumnElement[bool]) -> Mapping[int, int]:
    statement = customer_people(Person.organisation_id, func.count()).where(*which).group_by(Person.organisation_id)
    return dict(session.execute(statement).all())


def _told(session: Session, notice: CriticalNotice) -> Mapping[int, int]:
    """People who were told in any way, by the organisation they belong to."""
    statement = (
        select(Person.organisation_id, func.count(Person.id.distinct()))
        .join(Notification, Notification.person_id == Person.id)
        .where(Notification.notice_id.in_(messages(notice)), Person.organisation_id.is_not(None))
        .group_by(Person.organisation_id)
    )
    return {organisation or 0: count for organisation, count in session.execute(statement)}


def messages(notice: CriticalNotice) -> list[int]:
    """Ids of the notices that carried its messages."""
    return [message.notice_id for message in notice.messages if message.notice_id is not None]


def answers_of(session: Session, notice: CriticalNotice) -> Mapping[int, Answer]:
    """Who acknowledged for all, by organisation: the first."""
    statement = (
        select(Acknowledgement.organisation_id, Person.name, Acknowledgement.at)
        .join(Person, Person.id == Acknowledgement.person_id)
        .where(
            Acknowledgement.critical_id == notice.id,
            Acknowledgement.version == notice.version,
            Acknowledgement.for_organisation.is_(True),
            Acknowledgement.organisation_id.is_not(None),
        )
        .order_by(Acknowledgement.at.desc(), Acknowledgement.id.desc())
    )
    return {int(id or 0): Answer(name, at) for id, name, at in session.execute(statement)}


def outstanding(session: Session, plans: Plans, notice: CriticalNotice) -> list[int]:
    """Ids of people whom it concerns now, and who have not acknowledged it, nor has anybody for them."""
    about = abouts(session, [notice]).get(notice.subject)
    now, answers = licensees(session, plans, notice.products, about), answers_of(session, notice)
    statement = customer_people(Person.id, Person.organisation_id).where(~acknowledged_by_person(notice))
    rows = session.execute(statement.order_by(Person.id))
    return [id for id, organisation in rows if organisation in now and organisation not in answers]


def message_rows(session: Session, notice: CriticalNotice) -> Sequence[tuple[CriticalMessage, str | None]]:
    """What went out, the newest first, with the name of who sent it."""
    statement = (
        select(CriticalMessage, Person.name)
        .outerjoin(Person, Person.id == CriticalMessage.sent_by_id)
        .where(CriticalMessage.critical_id == notice.id)
        .order_by(CriticalMessage.id.desc())
    )
    return [(message, name) for message, name in session.execute(statement)]


@dataclass(frozen=True)
class Progress:
    """How far the telling of the latest message has come."""

    told: int
    finished: bool


def progress(session: Session, notice: CriticalNotice) -> Progress:
    """Of the message that went out last."""
    posted = session.get(Notice, notice.messages[-1].notice_id) if notice.messages else None
    return Progress(posted.told, posted.finished_at is not None) if posted else Progress(0, True)


def page_of(rows: Sequence[Row], after: str | None) -> tuple[Sequence[Row], str | None]:
    """The rows after the one with key `after`, and the key where the next page begins, None at the end."""
    start = next((place + 1 for place, row in enumerate(rows) if row.key == after), 0) if after else 0
    shown = rows[start : start + PAGE]
    return shown, shown[-1].key if start + PAGE < len(rows) else None


def ids_of(rows: Collection[Row]) -> list[int]:
    return [row.id for row in rows]
