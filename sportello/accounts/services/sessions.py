"""Login sessions: a signed-in browser is a row here, so that it can be listed and revoked."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from sportello.accounts.models import LoginSession, OneTimeToken, Person
from sportello.accounts.services.tokens import digest
from sportello.accounts.somebody import LOGINS, Login, login_of
from sportello.core import clock, keys
from sportello.core.audience import Viewer
from sportello.core.errors import NotFound
from sportello.core.settings import Settings

IDLE = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=5)
KEEP_ENDED = timedelta(days=30)


@dataclass(frozen=True)
class Client:
    """Where a request comes from."""

    ip: str = ""
    user_agent: str = ""


def open_session(
    session: Session, settings: Settings, person: Person, client: Client, *, remember: bool = False
) -> str:
    """A new session of `person`; returns its token, which only the browser keeps.

    Remembered, it lasts SESSION_DAYS from now; otherwise 12 hours from its last use.
    """
    raw = secrets.token_urlsafe(32)
    now = clock.now()
    session.add(
        LoginSession(
            key=keys.new_key(),
            token_hash=digest(raw),
            person_id=person.id,
            created_at=now,
            seen_at=now,
            expires_at=now + (timedelta(days=settings.session_days) if remember else IDLE),
            remember=remember,
            ip=client.ip[:45],
            user_agent=client.user_agent[:300],
        )
    )
    person.last_seen_at = now
    return raw


# Built once: every request of somebody signed in begins with it.
_LIVE = LOGINS.where(
    LoginSession.token_hash == bindparam("token_hash"),
    LoginSession.revoked_at.is_(None),
    LoginSession.expires_at > bindparam("now"),
    Person.active,
)


def find_session(session: Session, raw: str) -> Login | None:
    """The live session of this token with its person, roles, organisation and products, in one statement."""
    return login_of(session.execute(_LIVE, {"token_hash": digest(raw), "now": clock.now()}).all())


def needs_touch(login: Login) -> bool:
    """True if the last use was noted more than 5 minutes ago."""
    return clock.now() - login.seen_at > TOUCH_EVERY


def touch(session: Session, session_id: int, person_id: int) -> None:
    """Note that the session was used now; one that is not remembered lives 12 hours more."""
    now = clock.now()
    live = update(LoginSession).where(LoginSession.id == session_id, LoginSession.revoked_at.is_(None))
    session.execute(live.values(seen_at=now))
    session.execute(live.where(LoginSession.remember.is_(False)).values(expires_at=now + IDLE))
    session.execute(update(Person).where(Person.id == person_id).values(last_seen_at=now))


def my_sessions(session: Session, viewer: Viewer) -> Sequence[LoginSession]:
    """The viewer's live sessions, the one used last first."""
    statement = select(LoginSession).where(
        LoginSession.person_id == viewer.person_id,
        LoginSession.revoked_at.is_(None),
        LoginSession.expires_at > clock.now(),
    )
    return session.scalars(statement.order_by(LoginSession.seen_at.desc(), LoginSession.id.desc())).all()


def revoke_session(session: Session, viewer: Viewer, key: str) -> LoginSession:
    """End one of the viewer's own sessions. Raises NotFound."""
    mine = select(LoginSession).where(LoginSession.key == key, LoginSession.person_id == viewer.person_id)
    login = session.scalar(mine.where(LoginSession.revoked_at.is_(None)))
    if viewer.person_id is None or login is None:
        raise NotFound
    login.revoked_at = clock.now()
    return login


def revoke_by_token(session: Session, raw: str) -> None:
    """End the session of this token, if there is one: signing out."""
    live = update(LoginSession).where(LoginSession.token_hash == digest(raw), LoginSession.revoked_at.is_(None))
    session.execute(live.values(revoked_at=clock.now()))


def revoke_all(session: Session, person_id: int) -> int:
    """End every session of a person; returns how many there were."""
    live = update(LoginSession).where(LoginSession.person_id == person_id, LoginSession.revoked_at.is_(None))
    return int(session.execute(live.values(revoked_at=clock.now())).rowcount)  # type: ignore[attr-defined]


def purge(session: Session) -> None:
    """Remove sessions and tokens that ended more than 30 days ago."""
    before = clock.now() - KEEP_ENDED
    session.execute(delete(LoginSession).where(LoginSession.expires_at < before))
    session.execute(delete(OneTimeToken).where(OneTimeToken.expires_at < before))
