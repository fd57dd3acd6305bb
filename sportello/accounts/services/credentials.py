"""Passwords and addresses: setting, resetting and changing them. Every change ends the sessions it must end."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sportello.accounts import passwords
from sportello.accounts.events import CredentialsChanged, EmailChangeRequested, PasswordResetRequested
from sportello.accounts.models import OneTimeToken, Person
from sportello.accounts.services import audit, sessions, tokens
from sportello.accounts.services.check import check_email
from sportello.accounts.services.tokens import CONFIRMS_EMAIL, SETS_PASSWORD, LinkExpired, Purpose
from sportello.core import keys, outbox
from sportello.core.audience import Viewer
from sportello.core.db import Database
from sportello.core.errors import N_, Forbidden, Invalid, TooMany
from sportello.core.limits import Limit, hit
from sportello.core.settings import Settings

DAY = 86400
TOO_MANY_RESETS = N_("This address has had its password mails of today. Try again tomorrow.")


def request_reset(db: Database, settings: Settings, email: str, ip: str) -> None:
    """Ask for a password mail; the same work, and the same silence, whoever has the address. Raises TooMany."""
    address = email.strip().lower()
    with db.counters() as counters:
        hit(counters, Limit("reset-ip", settings.limit_sign_in_ip, 300), ip)
        try:
            hit(counters, Limit("reset", settings.limit_reset_daily, DAY), address)
        except TooMany as full:
            raise TooMany(full.retry_after, TOO_MANY_RESETS) from None
    with db.write() as session:
        found = session.scalar(select(Person.id).where(Person.email == address, Person.active))
        outbox.emit(session, PasswordResetRequested(found or 0, keys.new_key()))


def set_password(session: Session, raw: str, password: str) -> Person:
    """Set a password by the link of an invitation or a reset; ends all sessions. Raises LinkExpired, Invalid."""
    token = tokens.find(session, raw, *SETS_PASSWORD)
    person = token.person
    passwords.check_policy(password, person.email)
    tokens.use(session, token)
    _replace_password(session, person, password)
    audit.record(session, _as(person), "password.set", person.email)
    return person


def change_password(session: Session, viewer: Viewer, password: str) -> None:
    """Change the viewer's password, which the caller has asked for; ends all sessions, this one too."""
    person = _owner(session, viewer)
    passwords.check_policy(password, person.email)
    if passwords.verify(person.password_hash, password):
        raise Invalid(N_("This is your present password. Choose another one."), field="password")
    _replace_password(session, person, password)
    audit.record(session, viewer, "password.changed", person.email)


def _replace_password(session: Session, person: Person, password: str) -> None:
    had_one = person.password_hash is not None
    person.password_hash = passwords.hash_password(password)
    sessions.revoke_all(session, person.id)
    tokens.revoke(session, person.id, *SETS_PASSWORD, Purpose.SECOND_FACTOR)
    if had_one:
        outbox.emit(session, CredentialsChanged(person.id, "password", keys.new_key()))


def request_email_change(session: Session, viewer: Viewer, email: str) -> str:
    """Ask both addresses to confirm the change; returns the new one. Says nothing about who has it already."""
    person = _owner(session, viewer)
    address = check_email(email)
    if address == person.email:
        raise Invalid(N_("This is your address already."), field="email")
    person.pending_email = address
    tokens.revoke(session, person.id, *CONFIRMS_EMAIL)
    outbox.emit(session, EmailChangeRequested(person.id, keys.new_key()))
    return address


def cancel_email_change(session: Session, viewer: Viewer) -> None:
    """Forget the change that waits for confirmation."""
    person = _owner(session, viewer)
    person.pending_email = None
    tokens.revoke(session, person.id, *CONFIRMS_EMAIL)


def find_email_confirmation(session: Session, raw: str) -> OneTimeToken:
    """The open confirmation of this link, for the change that still waits. Raises LinkExpired."""
    token = tokens.find(session, raw, *CONFIRMS_EMAIL)
    if not token.person.pending_email or token.data.get("email") != token.person.pending_email:
        raise LinkExpired
    return token


def confirm_email(session: Session, raw: str) -> bool:
    """Confirm for one address; True when the other has confirmed too and the address is changed."""
    token = find_email_confirmation(session, raw)
    tokens.use(session, token)
    person, address = token.person, str(token.data["email"])
    confirmed = set(
        session.scalars(
            select(OneTimeToken.purpose).where(
                OneTimeToken.person_id == person.id,
                OneTimeToken.purpose.in_(CONFIRMS_EMAIL),
                OneTimeToken.used_at.is_not(None),
                OneTimeToken.data["request"].as_string() == str(token.data["request"]),
            )
        )
    )
    if confirmed != set(CONFIRMS_EMAIL):
        return False
    before = person.email
    try:
        with session.begin_nested():
            person.email, person.pending_email = address, None
    except IntegrityError:
        raise LinkExpired from None
    tokens.revoke(session, person.id)
    audit.record(session, _as(person), "email.changed", before, {"email": before}, {"email": address})
    outbox.emit(session, CredentialsChanged(person.id, "email", keys.new_key()))
    return True


def sign_out_everywhere(session: Session, viewer: Viewer) -> int:
    """End all sessions of the viewer; returns how many there were."""
    person = _owner(session, viewer)
    audit.record(session, viewer, "sessions.ended", person.email)
    return sessions.revoke_all(session, person.id)


def _owner(session: Session, viewer: Viewer) -> Person:
    person = session.get(Person, viewer.person_id) if viewer.person_id is not None else None
    if person is None:
        raise Forbidden
    return person


def _as(person: Person) -> Viewer:
    """Somebody known by a link in their mailbox, for the audit log only."""
    return Viewer(audiences=frozenset(), person_id=person.id, name=person.name)
