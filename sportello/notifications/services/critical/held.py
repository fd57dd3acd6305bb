"""Holding one critical notice while something is done with it, and telling people of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from sportello.accounts.models import Person, PersonRole
from sportello.accounts.services import audit
from sportello.core import clock, outbox
from sportello.core.audience import Role, Viewer, admits
from sportello.core.errors import N_, Conflict, NotFound
from sportello.core.policy import Action, allows, require
from sportello.core.types import Ref
from sportello.notifications.events import CriticalAsked
from sportello.notifications.models import CriticalMessage, CriticalNotice, MessageKind, Notice
from sportello.notifications.queries.critical.subjects import KIND, abouts
from sportello.notifications.registry import Subject, registry
from sportello.notifications.services.announce import announce
from sportello.notifications.services.critical.words import Words

EVENTS = {
    MessageKind.NOTICE: "critical-notice",
    MessageKind.REMINDER: "critical-reminder",
    MessageKind.CORRECTION: "critical-correction",
    MessageKind.WITHDRAWAL: "critical-withdrawal",
}
SENDING = (Role.ADMINISTRATOR.value, Role.EDITOR.value)
"""Who is asked to send what waits; the policy decides when they do."""
MEANWHILE = N_("Somebody changed this notice meanwhile. Read what it says now, and decide again.")
STEPPED = N_("This notice is no longer at that step. Look at where it stands now.")


@dataclass(frozen=True)
class First:
    """What the policy looks at for `Action.CRITICAL_SEND`: who cannot be the second person."""

    first_ids: frozenset[int | None]


def hold(session: Session, actor: Viewer, key: str, seen: str | None = None) -> tuple[CriticalNotice, Subject | None]:
    """The notice, locked with all about the same until the transaction ends, with what it is about.

    `seen`: `stamp` of the notice that the actor has read. Raises Forbidden, NotFound, Conflict (changed meanwhile).
    """
    require(actor, Action.CRITICAL_DRAFT)
    about_the_same = select(CriticalNotice.subject).where(CriticalNotice.key == key).scalar_subquery()
    statement = select(CriticalNotice).where(CriticalNotice.subject == about_the_same).order_by(CriticalNotice.id)
    held = session.scalars(statement.with_for_update(), execution_options={"populate_existing": True}).all()
    notice = next((row for row in held if row.key == key), None)
    if notice is None:
        raise NotFound
    about = abouts(session, [notice]).get(notice.subject)
    if about is not None and not admits(actor, about.audience):
        raise NotFound
    if seen is not None and seen != stamp(notice):
        raise Conflict(MEANWHILE)
    return notice, about


def stamp(notice: CriticalNotice) -> str:
    """Another one after every change: what a form carries, so that nobody confirms what they have not read."""
    return notice.changed_at.strftime("%Y%m%dT%H%M%S.%f")


def second(notice: CriticalNotice, two_people: bool) -> First | None:
    """Who cannot be the second person: whose words they are, and who asked; None where one person is enough."""
    return First(frozenset({notice.author_id, notice.asked_by_id}) - {None}) if two_people else None


def ask_others(session: Session, notice: CriticalNotice, *first: int | None) -> None:
    """Have everybody who may send told that the notice waits for them, but `first`: whose words they are."""
    role = exists().where(PersonRole.person_id == Person.id, PersonRole.role.in_(SENDING))
    others = select(Person.id).where(Person.active, role, Person.id.not_in(set(first) - {None})).order_by(Person.id)
    for person_id in session.scalars(others):
        outbox.emit(session, CriticalAsked(notice.key, stamp(notice), person_id))


def may_send(actor: Viewer, notice: CriticalNotice, two_people: bool) -> bool:
    """The actor may let go out now what the notice says, or what waits for a second person."""
    return allows(actor, Action.CRITICAL_SEND, second(notice, two_people))


def touch(notice: CriticalNotice) -> None:
    """Note a change; two within a microsecond are two."""
    now = clock.now()
    notice.changed_at = now if now > notice.changed_at else notice.changed_at + timedelta(microseconds=1)


def first_notice(notice: CriticalNotice) -> CriticalMessage | None:
    """The message with which it went out."""
    return next((row for row in notice.messages if row.kind == MessageKind.NOTICE), None)


def tell(
    session: Session, actor: Viewer, notice: CriticalNotice, kind: MessageKind, texts: Mapping[str, Any], **whom: Any
) -> CriticalMessage:
    """Have people told, and keep word by word what. `whom`: `people`, or `like`, as `announce` takes them.

    `texts`: {language: {"consequence": ..., "action": ..., "reason": ...}}.
    """
    ref, now = Ref(KIND, notice.key), clock.now()
    says = {language: words["reason"] for language, words in texts.items() if words.get("reason")}
    posted = announce(session, EVENTS[kind], ref, actor_id=actor.person_id, thread=ref, says=says, **whom)
    message = CriticalMessage(
        kind=kind.value,
        version=notice.version,
        texts=dict(texts),
        notice_id=posted.id,
        sent_by_id=actor.person_id,
        sent_at=now,
    )
    notice.messages.append(message)
    return message


def heard_before(session: Session, notice: CriticalNotice) -> Notice:
    """The notice that the people of a correction or withdrawal heard of. Raises Conflict."""
    first = first_notice(notice)
    posted = session.get(Notice, first.notice_id) if first and first.notice_id else None
    if posted is None:
        raise Conflict(STEPPED)
    return posted


def texts(words: Words, reason: Mapping[str, str] | None = None) -> dict[str, dict[str, str]]:
    """As a message keeps them."""
    parts = {"consequence": words.consequence, "action": words.action, "reason": reason or {}}
    languages = dict.fromkeys(language for part in parts.values() for language in part)
    return {
        language: {name: part[language] for name, part in parts.items() if part.get(language)} for language in languages
    }


def mark(session: Session, notice: CriticalNotice, words: Words) -> None:
    """Show on what it is about that the notice stands."""
    ref = Ref.parse(notice.subject)
    if (marker := registry.markers.get(ref.kind)) is not None:
        marker.mark(session, ref.key, words.marks())


def unmark(session: Session, notice: CriticalNotice) -> None:
    """It does not stand any more."""
    ref = Ref.parse(notice.subject)
    if (marker := registry.markers.get(ref.kind)) is not None:
        marker.unmark(session, ref.key, Words.of(notice).marks())


def note(session: Session, actor: Viewer, notice: CriticalNotice, what: str) -> None:
    """Write the audit log."""
    audit.record(session, actor, f"critical.{what}", f"{notice.subject} {notice.key}, version {notice.version}")
