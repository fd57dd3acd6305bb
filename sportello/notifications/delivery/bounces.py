"""Mails that came back: a report of the mail system (RFC 3464) is read, believed if it knows the mail, and noted.

Anybody can write such a report, so one counts only if it came to the return path of a delivery, or quotes its
Message-ID: both are made from a key that only the recipient's mail system has seen. A mailbox that is gone gets no more
mail; one that is full, or a message that was not liked, is a dead letter.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import Message as Part
from enum import StrEnum
from itertools import islice
from typing import cast

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from sportello.accounts.models import Person
from sportello.core import clock
from sportello.core.mail.status import GONE, status_in
from sportello.core.settings import Settings
from sportello.notifications.delivery.envelope import returned_to, sent_id
from sportello.notifications.delivery.holding import suppress
from sportello.notifications.models import Delivery, DeliveryState, RegisteredAddress

LATEST = timedelta(days=14)  # mail systems give up within five days
LOOKED_AT = 500  # deliveries to one address, newest first
MOST = 20  # recipients of one report; a mail of this site goes to one
ARRIVED_AT = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "Resent-To")


@dataclass(frozen=True)
class Bounce:
    """One recipient of a report: `recipients` are the names it has there, `status` like "5.1.1"."""

    failed: bool
    recipients: frozenset[str]
    status: str
    reason: str


class Verdict(StrEnum):
    """What became of a report."""

    SUPPRESSED = "suppressed"  # the mailbox is gone: no more mail to it
    NOTED = "noted"  # this one mail was not delivered
    IGNORED = "ignored"  # not a failure, or not about a mail of this site


@dataclass(frozen=True)
class Taken:
    """`email`: whose mailbox it is about, when it was believed."""

    verdict: Verdict
    email: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """What one mail that came to the return path says. `quoted`: the Message-ID of the mail that came back."""

    arrived_at: Collection[str] = ()
    quoted: str = ""
    bounces: Sequence[Bounce] = ()


def read_report(raw: bytes) -> Report:
    """Take a mail apart: slow for a large one, so no transaction waits. Never raises for what stands in it."""
    try:
        mail = message_from_bytes(raw, policy=policy.compat32)
        arrived_at = [str(value) for name in ARRIVED_AT for value in mail.get_all(name, [])]
        parts = [part for value in arrived_at for part in value.split(",")]
        return Report(parts, _quoted_id(mail), list(islice(_bounces(mail), MOST)))
    except RecursionError:  # parts in parts in parts: no mail system writes that
        return Report()


def take_bounce(session: Session, settings: Settings, report: Report) -> Taken:
    """Note what a report says, if it knows a mail of this site."""
    key = returned_to(settings, report.arrived_at)
    for bounce in report.bounces:
        if not bounce.failed:
            continue
        delivery, email = _about(session, settings, bounce, key, report.quoted)
        if delivery is None:
            continue
        return _note(session, delivery, email, bounce)
    return Taken(Verdict.IGNORED)


def _parts(mail: Part, kind: str) -> Iterator[Part]:
    return (part for part in mail.walk() if part.get_content_type() == kind)


def _bounces(mail: Part) -> Iterator[Bounce]:
    for report in _parts(mail, "message/delivery-status"):
        blocks = report.get_payload()
        for block in blocks if isinstance(blocks, list) else []:
            fields = cast(Part, block)
            named = [_value(fields.get(name)) for name in ("Final-Recipient", "Original-Recipient")]
            if not any(named):
                continue
            reason = _readable(_value(fields.get("Diagnostic-Code"))) or _readable(_value(fields.get("Status")))
            status = status_in(str(fields.get("Status") or ""))
            failed = str(fields.get("Action") or "").strip().lower() == "failed"
            yield Bounce(failed, frozenset(name.strip("<>").lower() for name in named if name), status, reason)


def _value(field: object) -> str:
    """What stands behind the type of a field: `rfc822; anna@xtreme.example`."""
    return str(field or "").rpartition(";")[2].strip() if ";" in str(field or "") else str(field or "").strip()


def _readable(text: str) -> str:
    """On one line, with what a database can keep."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _quoted_id(mail: Part) -> str:
    """The Message-ID of the mail that came back."""
    for part in _parts(mail, "message/rfc822"):
        inner = part.get_payload()
        if isinstance(inner, list) and inner:
            return str(cast(Part, inner[0]).get("Message-ID") or "").strip()
    for part in _parts(mail, "text/rfc822-headers"):
        headers = message_from_bytes(cast(bytes, part.get_payload(decode=True)) or b"", policy=policy.compat32)
        return str(headers.get("Message-ID") or "").strip()
    return ""


def _about(session: Session, settings: Settings, bounce: Bounce, key: str, quoted: str) -> tuple[Delivery | None, str]:
    """The delivery that came back, and the address that it went to."""
    if key:
        delivery = session.scalars(select(Delivery).where(Delivery.key == key)).one_or_none()
        email = _address_of(session, delivery) if delivery else ""
        if delivery is None or not email:
            return None, ""
        known = email in bounce.recipients or quoted == sent_id(settings, email, delivery.key)
        return (delivery, email) if known else (None, "")
    for email in sorted(bounce.recipients):
        for delivery in _sent_to(session, email, clock.now() - LATEST):
            if quoted == sent_id(settings, email, delivery.key):
                return delivery, email
    return None, ""


def _address_of(session: Session, delivery: Delivery) -> str:
    if delivery.person_id is not None:
        return session.scalar(select(Person.email).where(Person.id == delivery.person_id)) or ""
    return session.scalar(select(RegisteredAddress.email).where(RegisteredAddress.id == delivery.address_id)) or ""


def _sent_to(session: Session, email: str, since: datetime) -> Sequence[Delivery]:
    person = select(Person.id).where(Person.email == email).scalar_subquery()
    addresses = select(RegisteredAddress.id).where(RegisteredAddress.email == email)
    whose = or_(Delivery.person_id == person, Delivery.address_id.in_(addresses))
    sent = select(Delivery).where(whose, Delivery.sent_at >= since).order_by(Delivery.id.desc()).limit(LOOKED_AT)
    return session.scalars(sent).all()


def _note(session: Session, delivery: Delivery, email: str, bounce: Bounce) -> Taken:
    reason = f"{bounce.status} {bounce.reason}".strip()[:500]
    if delivery.state == DeliveryState.FAILED and delivery.error == reason:
        return Taken(Verdict.IGNORED, email, reason)  # the same report again
    mail = update(Delivery).where(_went_with(delivery))
    session.execute(mail.values(state=DeliveryState.FAILED, error=reason))
    if bounce.status not in GONE:
        return Taken(Verdict.NOTED, email, reason)
    suppress(session, email, reason, clock.now())
    return Taken(Verdict.SUPPRESSED, email, reason)


def _went_with(delivery: Delivery) -> ColumnElement[bool]:
    """The deliveries that went in one mail with this one: they share its instant."""
    if delivery.sent_at is None:
        return Delivery.id == delivery.id
    person, place = Delivery.person_id == delivery.person_id, Delivery.address_id == delivery.address_id
    together = (Delivery.channel == delivery.channel, Delivery.sent_at == delivery.sent_at)
    return and_(person if delivery.person_id else place, *together)
