"""Who somebody is to the audience rule, computed from the database as it is now, once per request."""

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from sportello.accounts.models import Organisation, Person
from sportello.accounts.plans import Plans
from sportello.accounts.somebody import Customer, Somebody
from sportello.core import audience, clock
from sportello.core.audience import STAFF_ROLES, Viewer

# One statement brings the person, their roles, their organisation and its products.
WITH_EVERYTHING = (
    joinedload(Person.role_rows),
    joinedload(Person.organisation).joinedload(Organisation.products),
)


def viewer_of(
    person: Person | Somebody | None, plans: Plans, today: date | None = None, *, second_factor: bool = True
) -> Viewer:
    """The viewer that `person` is on `today` (a UTC day); anonymous for nobody and for a deactivated person.

    Without coverage today, or with a plan that is no longer offered, they read only what is public.
    `second_factor=False`: staff who must set one up first and hold no rights until they have.
    """
    if person is None or not person.active:
        return audience.anonymous()
    staff = bool(person.roles & STAFF_ROLES)
    held_back = staff and not second_factor
    organisation = None if staff else person.organisation
    covered = organisation is not None and organisation.covered_on(today or clock.today())
    plan = organisation.plan if organisation and covered and plans.offers(organisation.plan) else None
    products = organisation.product_codes if organisation and plan else frozenset()
    return Viewer(
        audiences=audience.readable_keys(
            plans.ladder,
            plan=plan,
            products=products,
            organisation=organisation.key if organisation else None,
            staff=staff and not held_back,
        ),
        person_id=person.id,
        name=person.name,
        roles=frozenset() if held_back else person.roles,
        organisation_id=organisation.id if organisation else None,
        organisation=organisation.name if organisation else "",
        plan=plan,
        products=products,
        features=plans.features(plan),
        language=person.language,
        timezone=person.timezone,
        extra=_extra(person, organisation, plan, plans, held_back),
    )


def viewer_of_organisation(
    organisation: Organisation | Customer, plans: Plans, today: date | None = None, language: str = "en"
) -> Viewer:
    """What everybody of an organisation may read on `today` (a UTC day): for its systems and mailboxes, no person's."""
    covered = organisation.covered_on(today or clock.today()) and plans.offers(organisation.plan)
    plan = organisation.plan if covered else None
    products = organisation.product_codes if plan else frozenset()
    return Viewer(
        audiences=audience.readable_keys(
            plans.ladder, plan=plan, products=products, organisation=organisation.key if plan else None
        ),
        organisation_id=organisation.id,
        organisation=organisation.name,
        plan=plan,
        products=products,
        features=plans.features(plan),
        language=language,
    )


def _extra(
    person: Person | Somebody,
    organisation: Organisation | Customer | None,
    plan: str | None,
    plans: Plans,
    held_back: bool,
) -> dict[str, Any]:
    """What pages show beside the name; nothing here decides what may be read."""
    extra: dict[str, Any] = {"theme": person.theme, "key": person.key}
    if held_back:
        extra["second_factor_missing"] = True
    if organisation:
        extra["organisation_key"] = organisation.key
        extra["coverage_end"] = organisation.coverage_end
    if plan:
        extra["plan_name"] = plans.name(plan)
    return extra


def find_person(session: Session, email: str) -> Person | None:
    """The person with this address, in any case of letters, with everything that `viewer_of` needs."""
    statement = select(Person).where(Person.email == email.strip().lower()).options(*WITH_EVERYTHING)
    return session.scalars(statement).unique().one_or_none()


def viewer_for_email(session: Session, email: str, plans: Plans) -> Viewer | None:
    """The viewer of an active person by address, for the command line's `--as`; None if there is none."""
    person = find_person(session, email)
    return viewer_of(person, plans) if person and person.active else None
