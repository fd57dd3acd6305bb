"""Who is told, as they are at that moment: their address, language and time zone, and what they may read."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.accounts.models import Organisation, Person, PersonRole, Product, organisation_product
from sportello.accounts.plans import Plans
from sportello.accounts.somebody import Customer, Somebody
from sportello.accounts.viewer import viewer_of, viewer_of_organisation
from sportello.core.audience import STAFF_ROLES, Role, Viewer
from sportello.core.bulk import among
from sportello.notifications.models import RegisteredAddress


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who can be told: a person, or a registered address (then `person_id` is None).

    `viewer` is what they may read now; everything that is said to them is said to that viewer. `staff`: also those
    whose second factor is missing, who read as anybody does.
    """

    email: str
    name: str
    language: str
    timezone: str
    viewer: Viewer
    person_id: int | None = None
    address_id: int | None = None
    staff: bool = False


_PERSON = (
    Person.id, Person.key, Person.email, Person.name, Person.language, Person.timezone, Person.theme,
    Person.totp_confirmed_at, Person.organisation_id,
)  # fmt: skip
_CUSTOMER = (
    Organisation.id, Organisation.key, Organisation.name, Organisation.plan,
    Organisation.coverage_start, Organisation.coverage_end,
)  # fmt: skip
# Built once: to build a statement takes longer than to run it, and each mail asks them all.
_PEOPLE = select(*_PERSON).where(among(Person.id, "ids"), Person.active)
_ROLES = select(PersonRole.person_id, PersonRole.role).where(among(PersonRole.person_id, "ids"))
_LICENSES = select(organisation_product.c.organisation_id, Product.code).join(
    Product, Product.id == organisation_product.c.product_id
)
_THEIR_LICENSES = _LICENSES.where(among(organisation_product.c.organisation_id, "ids"))
_CUSTOMERS = select(*_CUSTOMER)
_THESE_CUSTOMERS = _CUSTOMERS.where(among(Organisation.id, "ids"))


def recipients(
    session: Session, plans: Plans, ids: Collection[int], *, staff_totp: bool = False
) -> dict[int, Recipient]:
    """The active people among `ids`, by id. Four statements, however many they are (at most a few thousand).

    `staff_totp` (the setting): staff without a second factor read only what is public, as when they sign in.
    """
    asked = {"ids": ids}
    people = session.execute(_PEOPLE, asked).all()
    if not people:
        return {}
    roles: dict[int, set[Role]] = {}
    for person_id, role in session.execute(_ROLES, asked):
        roles.setdefault(person_id, set()).add(Role(role))
    held = customers(session, {row.organisation_id for row in people if row.organisation_id})
    return {row.id: _recipient(plans, row, frozenset(roles.get(row.id, ())), held, staff_totp) for row in people}


def _recipient(
    plans: Plans, row: Any, roles: frozenset[Role], held: dict[int, Customer], staff_totp: bool
) -> Recipient:
    person = Somebody(
        id=row.id,
        key=row.key,
        name=row.name,
        language=row.language,
        timezone=row.timezone,
        theme=row.theme,
        totp_confirmed_at=row.totp_confirmed_at,
        active=True,
        roles=roles,
        organisation=held.get(row.organisation_id or 0),
    )
    viewer = viewer_of(person, plans, second_factor=not staff_totp or row.totp_confirmed_at is not None)
    staff = bool(roles & STAFF_ROLES)
    return Recipient(row.email, row.name, row.language, row.timezone, viewer, person_id=row.id, staff=staff)


def customers(session: Session, ids: Iterable[int] | None = None) -> dict[int, Customer]:
    """Organisations with their products, by id; None: all of them. Two statements."""
    wanted = None if ids is None else frozenset(ids)
    if wanted is not None and not wanted:
        return {}
    products, found = (_LICENSES, _CUSTOMERS) if wanted is None else (_THEIR_LICENSES, _THESE_CUSTOMERS)
    asked = {} if wanted is None else {"ids": wanted}
    codes: dict[int, set[str]] = {}
    for organisation_id, code in session.execute(products, asked):
        codes.setdefault(organisation_id, set()).add(code)
    rows = session.execute(found, asked)
    return {row.id: Customer(*row, product_codes=frozenset(codes.get(row.id, ()))) for row in rows}


def address_recipient(session: Session, plans: Plans, address: RegisteredAddress) -> Recipient | None:
    """A registered address as its organisation stands now; None until it has confirmed."""
    customer = customers(session, [address.organisation_id]).get(address.organisation_id)
    return at_address(plans, address, customer) if customer else None


def at_address(plans: Plans, address: RegisteredAddress, customer: Customer) -> Recipient | None:
    """The same for an organisation that is known already."""
    if address.confirmed_at is None:
        return None
    viewer = viewer_of_organisation(customer, plans, language=address.language)
    return Recipient(address.email, address.name, address.language, "UTC", viewer, address_id=address.id)
