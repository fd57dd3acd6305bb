"""Whom a critical notice reaches: organisations that license one of its products and may read what it is about."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from sportello.accounts.models import Person, PersonRole
from sportello.accounts.plans import Plans
from sportello.accounts.somebody import Customer
from sportello.accounts.viewer import viewer_of_organisation
from sportello.core.audience import STAFF_ROLES, Viewer, admits
from sportello.notifications.models import RegisteredAddress
from sportello.notifications.recipients import customers
from sportello.notifications.registry import Subject


@dataclass(frozen=True)
class Reached:
    """Exactly who would be told now. `nobody`: names of organisations where nobody is, by name; they count too."""

    organisations: int
    people: int
    addresses: int
    nobody: tuple[str, ...] = ()


def concerned(viewer: Viewer, products: Collection[str]) -> bool:
    """The viewer's organisation licenses one of these products, and is covered."""
    return not viewer.products.isdisjoint(products)


def licensees(session: Session, plans: Plans, products: Collection[str], about: Subject | None) -> dict[int, Customer]:
    """Organisations whose people are told today, by id; none while nobody can read what it is about. Two statements."""
    if about is None or not about.released:
        return {}
    found = {}
    for id, customer in customers(session).items():
        viewer = viewer_of_organisation(customer, plans)
        if concerned(viewer, products) and admits(viewer, about.audience):
            found[id] = customer
    return found


def customer_people(*columns: Any) -> Select[Any]:
    """`SELECT columns` of the active people who belong to an organisation and are not staff."""
    staff = exists().where(PersonRole.person_id == Person.id, PersonRole.role.in_([role.value for role in STAFF_ROLES]))
    return select(*columns).where(Person.active, Person.organisation_id.is_not(None), ~staff)


def reached(session: Session, plans: Plans, products: Collection[str], about: Subject | None) -> Reached:
    """Five statements, however many they are."""
    told = licensees(session, plans, products, about)
    by_organisation = customer_people(Person.organisation_id, func.count()).group_by(Person.organisation_id)
    counts: Mapping[int, int] = dict(session.execute(by_organisation).all())
    addresses = addresses_of(session, told, products)
    empty = sorted(c.name for id, c in told.items() if not counts.get(id) and not addresses.get(id))
    return Reached(
        organisations=len(told),
        people=sum(counts.get(id, 0) for id in told),
        addresses=sum(len(rows) for rows in addresses.values()),
        nobody=tuple(empty),
    )


def addresses_of(
    session: Session, told: Collection[int], products: Collection[str]
) -> dict[int, list[RegisteredAddress]]:
    """Confirmed addresses of these organisations that want one of the products, by organisation; without those of
    people who are told anyway. One statement."""
    person = exists().where(
        Person.organisation_id == RegisteredAddress.organisation_id,
        Person.email == RegisteredAddress.email,
        Person.active,
    )
    statement = select(RegisteredAddress).where(RegisteredAddress.confirmed_at.is_not(None), ~person)
    found: dict[int, list[RegisteredAddress]] = {}
    for row in session.scalars(statement.order_by(RegisteredAddress.id)):
        if row.organisation_id in told and (not row.products or not set(products).isdisjoint(row.products)):
            found.setdefault(row.organisation_id, []).append(row)
    return found
