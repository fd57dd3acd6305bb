"""The personal feed: an address with a secret in it, of which only the hash is kept; a new one ends the old one."""

import hashlib
import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.accounts.models import Person
from sportello.accounts.viewer import WITH_EVERYTHING
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.errors import Forbidden, NotFound
from sportello.notifications.models import Preference
from sportello.notifications.services.prefer import preference_of


def make_feed(session: Session, viewer: Viewer) -> str:
    """A new token for the viewer's feed, in clear for the only time. Raises Forbidden for nobody."""
    token = secrets.token_urlsafe(32)
    preference = _preference(session, viewer)
    preference.feed_hash, preference.feed_made_at = _digest(token), clock.now()
    return token


def revoke_feed(session: Session, viewer: Viewer) -> None:
    """The viewer's feed ends; nothing happens if there is none. Raises Forbidden for nobody."""
    preference = _preference(session, viewer)
    preference.feed_hash = preference.feed_made_at = None


def feed_owner(session: Session, token: str) -> Person:
    """The active person whose feed this token opens, with what `viewer_of` needs. Raises NotFound."""
    statement = select(Person).join(Preference, Preference.person_id == Person.id).options(*WITH_EVERYTHING)
    found = statement.where(Preference.feed_hash == _digest(token), Person.active)
    person: Person | None = session.scalars(found).unique().one_or_none()
    if person is None:
        raise NotFound
    return person


def _preference(session: Session, viewer: Viewer) -> Preference:
    if viewer.person_id is None:
        raise Forbidden
    return preference_of(session, viewer.person_id)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
