"""The second factor: time-based codes (RFC 6238, 30 s, 6 digits) and recovery codes, each accepted once."""

import hmac
import re
import secrets

import pyotp
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from sportello.accounts.models import Person, RecoveryCode
from sportello.accounts.services import audit
from sportello.accounts.services.tokens import digest
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Conflict, Forbidden, Invalid
from sportello.core.keys import ALPHABET

STEP_SECONDS = 30
DRIFT = (0, -1, 1)  # a clock may be one step off
RECOVERY_CODES = 10


def begin(session: Session, viewer: Viewer) -> str:
    """Give the viewer a new secret, not in force until a code confirms it; returns it."""
    person = _owner(session, viewer)
    if person.totp_confirmed_at:
        raise Conflict(N_("Your second factor is on already."))
    person.totp_secret = pyotp.random_base32()
    return person.totp_secret


def pending_secret(session: Session, viewer: Viewer) -> str | None:
    """The secret that waits for its first code, if there is one."""
    person = _owner(session, viewer)
    return None if person.totp_confirmed_at else person.totp_secret


def provisioning_uri(secret: str, account: str, issuer: str) -> str:
    """What the QR code says to an authenticator."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def confirm(session: Session, viewer: Viewer, code: str) -> list[str]:
    """Put the second factor in force; returns the recovery codes, shown only now. Raises Invalid (field `code`)."""
    person = _owner(session, viewer)
    if person.totp_confirmed_at or not person.totp_secret:
        raise Conflict(N_("Begin again: scan the picture first."))
    if not _accept_totp(session, person, code):
        raise Invalid(N_("This code does not fit. Is the clock of your phone right?"), field="code")
    person.totp_confirmed_at = clock.now()
    audit.record(session, viewer, "second-factor.on", person.email)
    return _new_codes(session, person)


def new_recovery_codes(session: Session, viewer: Viewer) -> list[str]:
    """Replace all recovery codes; returns the new ones."""
    person = _owner(session, viewer)
    if not person.totp_confirmed_at:
        raise Conflict(N_("Set up the second factor first."))
    audit.record(session, viewer, "second-factor.codes", person.email)
    return _new_codes(session, person)


def codes_left(session: Session, viewer: Viewer) -> int:
    """How many recovery codes are unused."""
    unused = RecoveryCode.person_id == viewer.person_id, RecoveryCode.used_at.is_(None)
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def turn_off(session: Session, viewer: Viewer, person: Person | None = None) -> None:
    """Remove the viewer's own second factor, or that of `person` (the caller has checked that they may)."""
    owner = person or _owner(session, viewer)
    owner.totp_secret = owner.totp_confirmed_at = owner.totp_last_step = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == owner.id))
    audit.record(session, viewer, "second-factor.off", owner.email)


def accept(session: Session, person: Person, code: str) -> bool:
    """Spend a code of the authenticator or a recovery code; False if it is wrong or was spent before."""
    return _accept_totp(session, person, code) or _accept_recovery(session, person, code)


def _owner(session: Session, viewer: Viewer) -> Person:
    person = session.get(Person, viewer.person_id) if viewer.person_id is not None else None
    if person is None:
        raise Forbidden
    return person


def _accept_totp(session: Session, person: Person, code: str) -> bool:
    digits = re.sub(r"\s", "", code)
    if not person.totp_secret or not re.fullmatch(r"[0-9]{6}", digits):
        return False
    totp = pyotp.TOTP(person.totp_secret)
    now = int(clock.now().timestamp()) // STEP_SECONDS
    steps = [now + d for d in DRIFT if hmac.compare_digest(totp.generate_otp(now + d), digits)]
    if not steps:
        return False
    fresh = or_(Person.totp_last_step.is_(None), Person.totp_last_step < steps[0])
    spent = update(Person).where(Person.id == person.id, fresh).values(totp_last_step=steps[0])
    return bool(session.execute(spent).rowcount)  # type: ignore[attr-defined]


def _accept_recovery(session: Session, person: Person, code: str) -> bool:
    plain = re.sub(r"[\s-]", "", code).lower()
    unused = (RecoveryCode.person_id == person.id, RecoveryCode.used_at.is_(None))
    spent = update(RecoveryCode).where(*unused, RecoveryCode.code_hash == digest(plain)).values(used_at=clock.now())
    return bool(session.execute(spent).rowcount)  # type: ignore[attr-defined]


def _new_codes(session: Session, person: Person) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    plain = ["".join(secrets.choice(ALPHABET) for _ in range(12)) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(person_id=person.id, code_hash=digest(code)) for code in plain)
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in plain]
