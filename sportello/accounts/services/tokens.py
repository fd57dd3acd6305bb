"""One-time tokens: 256 random bits in a link or a cookie; here only their SHA-256, for what and until when."""

import hashlib
import secrets
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, joinedload

from sportello.accounts.models import OneTimeToken, Person
from sportello.core import clock
from sportello.core.errors import N_, NotFound


class Purpose(StrEnum):
    """What a token is good for."""

    INVITATION = "invitation"
    RESET = "reset"
    EMAIL_OLD = "email-old"
    EMAIL_NEW = "email-new"
    SECOND_FACTOR = "second-factor"


LIFETIMES = {
    Purpose.INVITATION: timedelta(days=7),
    Purpose.RESET: timedelta(hours=2),
    Purpose.EMAIL_OLD: timedelta(hours=24),
    Purpose.EMAIL_NEW: timedelta(hours=24),
    Purpose.SECOND_FACTOR: timedelta(minutes=10),
}
SETS_PASSWORD = (Purpose.INVITATION, Purpose.RESET)
CONFIRMS_EMAIL = (Purpose.EMAIL_OLD, Purpose.EMAIL_NEW)


class LinkExpired(NotFound):
    """The token is unknown, used or too old; nobody can tell which."""

    message = N_("This link has been used already, or is too old.")


def digest(raw: str) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(raw.encode()).hexdigest()


def make(session: Session, person: Person, purpose: Purpose, data: dict[str, Any] | None = None) -> str:
    """A new token; returns it in clear, for the only time. Earlier ones stay good until one is used."""
    raw = secrets.token_urlsafe(32)
    now = clock.now()
    token = OneTimeToken(person_id=person.id, purpose=purpose, token_hash=digest(raw), data=data or {})
    token.created_at, token.expires_at = now, now + LIFETIMES[purpose]
    session.add(token)
    return raw


def find(session: Session, raw: str, *purposes: Purpose) -> OneTimeToken:
    """The open token of an active person. Raises LinkExpired."""
    statement = (
        select(OneTimeToken)
        .join(Person)
        .where(
            OneTimeToken.token_hash == digest(raw),
            OneTimeToken.purpose.in_(purposes),
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > clock.now(),
            Person.active,
        )
        .options(joinedload(OneTimeToken.person))
    )
    if (token := session.scalar(statement)) is None:
        raise LinkExpired
    return token


def use(session: Session, token: OneTimeToken) -> None:
    """Spend the token. Raises LinkExpired if another request was faster."""
    now = clock.now()
    spent = session.execute(
        update(OneTimeToken)
        .where(OneTimeToken.id == token.id, OneTimeToken.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    if not spent.rowcount:  # type: ignore[attr-defined]
        raise LinkExpired
    token.used_at = now


def revoke(session: Session, person_id: int, *purposes: Purpose) -> None:
    """Remove what is still open, of these purposes or of all."""
    open_ones = delete(OneTimeToken).where(OneTimeToken.person_id == person_id, OneTimeToken.used_at.is_(None))
    session.execute(open_ones.where(OneTimeToken.purpose.in_(purposes or tuple(Purpose))))
