"""The first administrator of a real site."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.accounts.models import Person, PersonRole
from sportello.accounts.services import people, tokens
from sportello.accounts.services.people import PersonData
from sportello.accounts.services.tokens import LIFETIMES, Purpose
from sportello.core import audience, clock
from sportello.core.audience import Role
from sportello.core.errors import Conflict
from sportello.core.settings import Settings


def create_first_administrator(
    session: Session, settings: Settings, email: str, name: str, language: str
) -> tuple[str, datetime]:
    """An administrator without a password, and the link that sets one; returns link and expiry (aware, UTC).

    Raises Conflict when there is an administrator with a password; one that never set theirs gets a new link.
    """
    statement = select(Person).join(PersonRole).where(PersonRole.role == Role.ADMINISTRATOR, Person.active)
    existing = session.scalars(statement).unique().all()
    if any(person.password_hash for person in existing):
        raise Conflict("There is an administrator already. Add others with: sportello user")
    same = [person for person in existing if person.email == email.strip().lower()]
    if same:
        person = same[0]
    else:
        data = PersonData(email, name, (Role.ADMINISTRATOR,), None, language, settings.default_timezone)
        person = people.create_person(session, audience.system(), data, invite=False)
        session.flush()
    tokens.revoke(session, person.id, Purpose.INVITATION)
    raw = tokens.make(session, person, Purpose.INVITATION)
    link = f"{settings.base_url.rstrip('/')}/password/set/{raw}"
    return link, clock.now() + LIFETIMES[Purpose.INVITATION]
