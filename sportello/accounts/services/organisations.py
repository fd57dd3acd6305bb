"""Organisations: creating and editing them. Plan and coverage are effective on the next request of their people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sportello.accounts import queries
from sportello.accounts.models import Organisation
from sportello.accounts.plans import Plans
from sportello.accounts.services import audit
from sportello.accounts.services.check import check_name, check_products
from sportello.core import clock, keys
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Invalid
from sportello.core.policy import Action, require


@dataclass(frozen=True)
class OrganisationData:
    """What is known of an organisation; coverage days are inclusive UTC days, `products` are codes."""

    name: str
    plan: str
    coverage_start: date
    coverage_end: date
    products: Sequence[str] = ()


def create_organisation(session: Session, actor: Viewer, plans: Plans, data: OrganisationData) -> Organisation:
    """A new customer. Raises Invalid, Forbidden."""
    require(actor, Action.ORGANISATIONS_MANAGE)
    organisation = Organisation(key=keys.new_key(), created_at=clock.now(), products=[])
    _fill(session, organisation, plans, data)
    session.add(organisation)
    session.flush()
    audit.record(session, actor, "organisation.created", organisation.name, {}, snapshot(organisation))
    return organisation


def edit_organisation(session: Session, actor: Viewer, plans: Plans, key: str, data: OrganisationData) -> Organisation:
    """Change an organisation. Raises NotFound, Invalid, Forbidden."""
    require(actor, Action.ORGANISATIONS_MANAGE)
    organisation = queries.get_organisation(session, key)
    before = snapshot(organisation)
    _fill(session, organisation, plans, data)
    audit.record(session, actor, "organisation.edited", organisation.name, before, snapshot(organisation))
    return organisation


def snapshot(organisation: Organisation) -> dict[str, Any]:
    """What the audit log compares."""
    return {
        "name": organisation.name,
        "plan": organisation.plan,
        "coverage_start": organisation.coverage_start.isoformat(),
        "coverage_end": organisation.coverage_end.isoformat(),
        "products": [product.code for product in organisation.products],
    }


def _fill(session: Session, organisation: Organisation, plans: Plans, data: OrganisationData) -> None:
    name = check_name(data.name)
    with session.no_autoflush:
        twin = select(Organisation.key).where(func.lower(Organisation.name) == name.lower())
        if session.scalar(twin.where(Organisation.key != organisation.key)):
            raise Invalid(N_("There is an organisation called “%(name)s” already."), field="name", name=name)
        products = check_products(session, data.products)
    if not plans.offers(data.plan):
        known = ", ".join(plans.ladder)
        message = N_("“%(plan)s” is not a plan; the plans are %(known)s.")
        raise Invalid(message, field="plan", plan=data.plan, known=known)
    if data.coverage_end < data.coverage_start:
        raise Invalid(N_("Coverage cannot end before it starts."), field="coverage_end")
    organisation.name, organisation.plan = name, data.plan
    organisation.coverage_start, organisation.coverage_end = data.coverage_start, data.coverage_end
    organisation.products = products
