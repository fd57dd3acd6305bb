"""Who may own an article."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.accounts.models import Person, PersonRole
from sportello.core.audience import WRITING_ROLES


def owner_choices(session: Session) -> Sequence[Person]:
    """Active staff who write, by name."""
    writers = select(PersonRole.person_id).where(PersonRole.role.in_(sorted(WRITING_ROLES)))
    statement = select(Person).where(Person.active, Person.id.in_(writers))
    return session.scalars(statement.order_by(Person.name, Person.email)).all()
