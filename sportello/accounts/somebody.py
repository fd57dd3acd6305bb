"""A person as every request of theirs needs them: plain values, read in one statement, nothing to load later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from sportello.accounts.models import (
    LoginSession,
    Organisation,
    Person,
    PersonRole,
    Product,
    organisation_product,
)
from sportello.core.audience import Role


class Customer(NamedTuple):
    """The organisation of somebody; see `Organisation`."""

    id: int
    key: str
    name: str
    plan: str
    coverage_start: date
    coverage_end: date
    product_codes: frozenset[str]

    def covered_on(self, day: date) -> bool:
        """Coverage includes its first and its last day."""
        return self.coverage_start <= day <= self.coverage_end


@dataclass(frozen=True, slots=True)
class Somebody:
    """Who is signed in; see `Person`."""

    id: int
    key: str
    name: str
    language: str
    timezone: str
    theme: str
    totp_confirmed_at: datetime | None
    active: bool
    roles: frozenset[Role]
    organisation: Customer | None


@dataclass(frozen=True, slots=True)
class Login:
    """A live session of somebody."""

    id: int
    key: str
    seen_at: datetime
    person: Somebody

    @property
    def person_id(self) -> int:
        return self.person.id


_SESSION = (LoginSession.id, LoginSession.key, LoginSession.seen_at)
_PERSON = (
    Person.id,
    Person.key,
    Person.name,
    Person.language,
    Person.timezone,
    Person.theme,
    Person.totp_confirmed_at,
    Person.active,
)
_CUSTOMER = (
    Organisation.id,
    Organisation.key,
    Organisation.name,
    Organisation.plan,
    Organisation.coverage_start,
    Organisation.coverage_end,
)
LOGINS = (
    select(*_SESSION, *_PERSON, *_CUSTOMER, PersonRole.role, Product.code)
    .join(Person, Person.id == LoginSession.person_id)
    .outerjoin(PersonRole, PersonRole.person_id == Person.id)
    .outerjoin(Organisation, Organisation.id == Person.organisation_id)
    .outerjoin(organisation_product, organisation_product.c.organisation_id == Organisation.id)
    .outerjoin(Product, Product.id == organisation_product.c.product_id)
)
"""A row for each role and each product of the person."""


def login_of(rows: Sequence[Any]) -> Login | None:
    """The session that rows of `LOGINS` are about, which must be one; None for no rows."""
    if not rows:
        return None
    row, begin = tuple(rows[0]), len(_SESSION)
    end = begin + len(_PERSON)
    roles = frozenset(Role(other[-2]) for other in rows if other[-2])
    codes = frozenset(other[-1] for other in rows if other[-1])
    about = {column.key: value for column, value in zip(_CUSTOMER, row[end:], strict=False)}
    customer = Customer(**about, product_codes=codes) if about["id"] is not None else None
    who = {column.key: value for column, value in zip(_PERSON, row[begin:end], strict=True)}
    person = Somebody(**who, roles=roles, organisation=customer)
    return Login(row[0], row[1], row[2], person)
