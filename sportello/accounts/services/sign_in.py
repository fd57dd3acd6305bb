"""Signing in: the same text, status and time whether or not anybody has the address."""

from dataclasses import dataclass

from sqlalchemy import select

from sportello.accounts import passwords
from sportello.accounts.models import Person
from sportello.accounts.services import second_factor, sessions, tokens
from sportello.accounts.services.sessions import Client
from sportello.accounts.services.tokens import Purpose
from sportello.core.audience import Viewer
from sportello.core.db import Database
from sportello.core.errors import N_, Forbidden, Invalid, TooMany
from sportello.core.limits import Limit, hit, refund
from sportello.core.settings import Settings

WINDOW = 300
NO_MATCH = N_("Address and password do not match. Check both, or set a new password.")
WRONG_CODE = N_("This code is not right, or was used already. Wait for the next one.")
WRONG_PASSWORD = N_("This is not your present password.")
TOO_MANY = N_("Too many failed attempts. Try again in %(minutes)s min.")


@dataclass(frozen=True)
class SignedIn:
    """The token of the new session."""

    token: str


@dataclass(frozen=True)
class CodeNeeded:
    """The password was right; this token, with a code of the second factor, opens the session."""

    token: str


class Attempt:
    """One try, counted before it is made and given back when it succeeds: exact with any number of workers."""

    def __init__(self, db: Database, settings: Settings, account: str, ip: str) -> None:
        self._db = db
        self._limits = (
            (Limit("sign-in-ip", settings.limit_sign_in_ip, WINDOW), ip),
            (Limit("sign-in-account", settings.limit_sign_in_account, WINDOW), account.strip().lower()),
        )

    def count(self) -> None:
        """Raises TooMany when the account or the client address has used its failures up."""
        try:
            with self._db.counters() as counters:
                for limit, subject in self._limits:
                    hit(counters, limit, subject)
        except TooMany as full:
            raise TooMany(full.retry_after, TOO_MANY, minutes=-(-full.retry_after // 60)) from None

    def succeeded(self) -> None:
        """It was no failure after all."""
        with self._db.counters() as counters:
            for limit, subject in self._limits:
                refund(counters, limit, subject)


def sign_in(
    db: Database, settings: Settings, email: str, password: str, client: Client, *, remember: bool = False
) -> SignedIn | CodeNeeded:
    """Check address and password. Raises Invalid when they do not match, TooMany after too many failures."""
    attempt = Attempt(db, settings, email, client.ip)
    attempt.count()
    with db.read() as session:
        person = session.scalar(select(Person).where(Person.email == email.strip().lower()))
    matches = passwords.verify(person.password_hash if person else None, password)
    if person is None or not matches or not person.active:
        raise Invalid(NO_MATCH)
    attempt.succeeded()
    with db.write() as session:
        current = session.get_one(Person, person.id)
        if not current.active or current.password_hash != person.password_hash:
            raise Invalid(NO_MATCH)
        if current.password_hash and passwords.is_outdated(current.password_hash):
            current.password_hash = passwords.hash_password(password)
        if current.totp_confirmed_at:
            return CodeNeeded(tokens.make(session, current, Purpose.SECOND_FACTOR, {"remember": remember}))
        return SignedIn(sessions.open_session(session, settings, current, client, remember=remember))


def sign_in_with_code(db: Database, settings: Settings, token: str, code: str, client: Client) -> tuple[SignedIn, bool]:
    """The second step: the session, and whether it is to be remembered.

    Raises LinkExpired when the first step is too long ago, Invalid (field `code`) for a wrong or used code.
    """
    with db.read() as session:
        pending = tokens.find(session, token, Purpose.SECOND_FACTOR)
    attempt = Attempt(db, settings, pending.person.email, client.ip)
    attempt.count()
    with db.write() as session:
        pending = tokens.find(session, token, Purpose.SECOND_FACTOR)
        if not second_factor.accept(session, pending.person, code):
            raise Invalid(WRONG_CODE, field="code")
        tokens.use(session, pending)
        remember = bool(pending.data.get("remember"))
        opened = sessions.open_session(session, settings, pending.person, client, remember=remember)
    attempt.succeeded()
    return SignedIn(opened), remember


def confirm_password(db: Database, settings: Settings, viewer: Viewer, password: str, ip: str) -> None:
    """Ask a signed-in person for their password again. Raises Invalid (field `current`) or TooMany."""
    with db.read() as session:
        person = session.get(Person, viewer.person_id) if viewer.person_id is not None else None
    if person is None:
        raise Forbidden
    attempt = Attempt(db, settings, person.email, ip)
    attempt.count()
    if not passwords.verify(person.password_hash, password):
        raise Invalid(WRONG_PASSWORD, field="current")
    attempt.succeeded()
