"""What critical notices bring to the service: their event types, their source, and what their mails say."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.accounts.models import Person
from sportello.accounts.plans import Feature
from sportello.core.audience import Viewer
from sportello.core.errors import N_
from sportello.core.letters import Letter
from sportello.core.types import Ref
from sportello.notifications.delivery.bodies import MORE
from sportello.notifications.delivery.letters import LETTERS, Told, address
from sportello.notifications.levels import Channel
from sportello.notifications.models import CriticalNotice, CriticalState, Notice
from sportello.notifications.queries.critical.banner import labels, product_names
from sportello.notifications.queries.critical.reach import concerned, customer_people
from sportello.notifications.queries.critical.report import acknowledged_by_person, for_organisation
from sportello.notifications.queries.critical.subjects import CriticalSource, abouts, pick
from sportello.notifications.registry import EventType, Reach, Registry, Subject

AT_ONCE = frozenset({Channel.PORTAL, Channel.MAIL})


def _of(session: Session, notice: Notice) -> CriticalNotice | None:
    key = Ref.parse(notice.subject).key
    return session.scalars(select(CriticalNotice).where(CriticalNotice.key == key)).one_or_none()


def stands(session: Session, notice: Notice, viewer: Viewer) -> bool:
    """It has not been withdrawn, and the viewer's organisation still licenses one of its products."""
    critical = _of(session, notice)
    standing = critical is not None and critical.state in (CriticalState.SENT, CriticalState.CLOSED)
    return critical is not None and standing and concerned(viewer, critical.products)


def waits(session: Session, notice: Notice, viewer: Viewer) -> bool:
    """It stands, and neither the viewer nor anybody for them has acknowledged it; of an organisation, not everybody."""
    critical = _of(session, notice)
    if critical is None or critical.state != CriticalState.SENT or not concerned(viewer, critical.products):
        return False
    mine = Person.id == viewer.person_id if viewer.person_id else Person.organisation_id == viewer.organisation_id
    silent = customer_people(Person.id).where(mine, ~acknowledged_by_person(critical)).limit(1)
    answered = for_organisation(critical, viewer.organisation_id)
    return not session.scalar(select(answered)) and session.scalar(silent) is not None


NOTICE = EventType(
    "critical-notice",
    N_("Critical solutions"),
    N_("Something can cost money or data: what happens, and what to do at once. Nobody can switch this off."),
    Reach.LICENSEES,
    channels=AT_ONCE,
    always=True,
    webhook=True,
    position=1,
    concerns=stands,
    feature=Feature.CRITICAL_SOLUTIONS,
)
REMINDER = EventType(
    "critical-reminder",
    N_("Critical solution not acknowledged"),
    N_("A critical notice that nobody has acknowledged yet."),
    Reach.DIRECT,
    channels=AT_ONCE,
    always=True,
    webhook=True,
    position=2,
    concerns=waits,
    family=NOTICE.code,
)
CORRECTION = EventType(
    "critical-correction",
    N_("Critical solution corrected"),
    N_("What a critical notice said was not right: this is."),
    Reach.SAME,
    channels=AT_ONCE,
    always=True,
    webhook=True,
    position=3,
    concerns=stands,
    family=NOTICE.code,
)
WITHDRAWAL = EventType(
    "critical-withdrawal",
    N_("Critical solution withdrawn"),
    N_("A critical notice was wrong: nothing has to be done."),
    Reach.SAME,
    channels=AT_ONCE,
    always=True,
    webhook=True,
    position=4,
    family=NOTICE.code,
)


def register(registry: Registry) -> None:
    """Event types, source and letters of critical notices."""
    for event in (NOTICE, REMINDER, CORRECTION, WITHDRAWAL):
        registry.add_event(event)
    registry.add_source(CriticalSource())
    LETTERS.update(
        {
            NOTICE.code: notice_letter,
            REMINDER.code: reminder_letter,
            CORRECTION.code: correction_letter,
            WITHDRAWAL.code: withdrawal_letter,
        }
    )
    MORE.update(dict.fromkeys((NOTICE.code, REMINDER.code, CORRECTION.code, WITHDRAWAL.code), more))


def more(session: Session, viewer: Viewer, notice: Notice, subject: Subject) -> Mapping[str, Any]:
    """What calls to systems say besides: the words that hold now, and their version."""
    critical = _of(session, notice)
    if critical is None:
        return {}
    words = {"consequence": critical.consequence, "action": critical.action}
    return {"critical": {"key": critical.key, "version": critical.version, "state": critical.state, **words}}


def notice_letter(told: Told) -> Letter:
    _ = told.translate
    return _letter(told, _(N_("Critical: %(title)s"), title=told.title), [])


def reminder_letter(told: Told) -> Letter:
    _ = told.translate
    lead = [_(N_("Nobody has told us yet that you know this. Please read it, and acknowledge it."))]
    return _letter(told, _(N_("Please acknowledge: %(title)s"), title=told.title), lead)


def correction_letter(told: Told) -> Letter:
    _ = told.translate
    lead = [
        _(N_("What we told you before was not right. %(reason)s"), reason=told.says).strip(),
        _(N_("This holds now:")),
    ]
    return _letter(told, _(N_("Corrected: %(title)s"), title=told.title), lead)


def withdrawal_letter(told: Told) -> Letter:
    _ = told.translate
    return Letter(
        subject=_(N_("Withdrawn: %(title)s"), title=told.title),
        label=_(told.event.label),
        heading=told.title,
        paragraphs=(_(N_("We told you of a critical solution. It was wrong, and is withdrawn.")), told.says),
        link=told.link if told.reader.person_id else "",
        link_text=_(N_("Open the notice")),
    )


def _letter(told: Told, subject: str, lead: list[str]) -> Letter:
    """Consequence and action, for which products; people go on to acknowledge it, addresses to the solution."""
    _ = told.translate
    critical = _of(told.session, told.notice)
    assert critical is not None  # its subject was asked for a moment ago
    spoken, consequence = pick(critical.consequence, told.reader.language, told.language)
    about = abouts(told.session, [critical])[critical.subject]
    person = told.reader.person_id is not None
    ours = _(
        N_("It concerns %(products)s."), products="; ".join(labels(critical.products, product_names(told.session)))
    )
    acknowledge = _(N_("Please acknowledge it: then we know that you know, and the banner in the portal goes."))
    return Letter(
        subject=subject,
        label=_(N_("Critical solution") if told.event.code == NOTICE.code else told.event.label),
        heading=told.title,
        critical=True,
        paragraphs=(*lead, consequence, pick(critical.action, spoken)[1], ours),
        link=told.link if person else address(told.settings, about.paths[told.language]),
        link_text=_(N_("Read and acknowledge")) if person else _(N_("Read the solution")),
        closing=(acknowledge,) if person else (),
    )
