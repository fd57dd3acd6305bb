"""Whom a critical notice reaches: organisations that license one of its products and may read what it is about."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from sportello.accounts.models import Person, PersonRole
from sportello.accounts.plans import Feature, Plans
from sportello.accounts.somebody import Customer
from sportello.accounts.viewer import viewer_of_organisation
from sportello.core.audience import STAFF_ROLES, Viewer, admits
from sportello.notifications.models import RegisteredAddress, SuppressedAddress
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
    """The viewer's organisation licenses one of these products, is covered, and its plan has critical solutions."""
    return Feature.CRITICAL_SOLUTIONS in viewer.features and not viewer.products.isdisjoint(products)


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
        addresses=sum(addresses.values()),
        nobody=tuple(empty),
    )


def addresses_of(session: Session, told: Mapping[int, Customer], products: Collection[str]) -> dict[int, int]:
    """How many confirmed addresses of these organisations hear of one of the products, by organisation: without those
    of people who are told anyway, and without those to which no mail goes. One statement."""
    person = exists().where(
        Person.organisation_id == RegisteredAddress.organisation_id,
        Person.email == RegisteredAddress.email,
        Person.active,
    )
    held_back = exists().where(SuppressedAddress.email == RegisteredAddress.email)
    statement = select(RegisteredAddress.organisation_id, RegisteredAddress.products)
    found: Counter[int] = Counter()
    for home, wanted in session.execute(
        statement.where(RegisteredAddress.confirmed_at.is_not(None), ~person, ~held_back)
    ):
        licensed = told[home].product_codes if home in told else frozenset()
        found[home] += not licensed.intersection(wanted or licensed).isdisjoint(products)
    return found
