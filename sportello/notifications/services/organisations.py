"""Whose addresses and webhooks somebody manages: contacts those of their organisation, administrators anybody's."""

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from sportello.accounts.models import Organisation
from sportello.core.audience import Viewer
from sportello.core.errors import NotFound
from sportello.core.policy import Action, require


def organisation_of(session: Session, actor: Viewer, action: Action, key: str | None) -> Organisation:
    """The organisation of this key, with its products; None: the actor's own. Raises Forbidden, NotFound."""
    require(actor, action)
    which = Organisation.id == actor.organisation_id if key is None else Organisation.key == key
    found = session.scalar(select(Organisation).options(selectinload(Organisation.products)).where(which))
    if found is None or not (actor.is_staff or found.id == actor.organisation_id):
        raise NotFound
    return found
