"""What can be asked of registered addresses."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.accounts.models import Organisation, Person, Product
from sportello.notifications.models import RegisteredAddress, SuppressedAddress


@dataclass(frozen=True)
class Registered:
    """An address as a list shows it. `bounced`: mail to it came back for good. `has_account`: a colleague by now."""

    address: RegisteredAddress
    products: Sequence[str]
    bounced: bool
    has_account: bool


def registered(session: Session, organisation_id: int) -> Sequence[Registered]:
    """Those of an organisation by name. Three statements."""
    rows = session.execute(
        select(RegisteredAddress, SuppressedAddress.email.label("bounced"), Person.id.label("person"))
        .outerjoin(SuppressedAddress, SuppressedAddress.email == RegisteredAddress.email)
        .outerjoin(
            Person,
            (Person.email == RegisteredAddress.email)
            & (Person.organisation_id == RegisteredAddress.organisation_id)
            & Person.active,
        )
        .where(RegisteredAddress.organisation_id == organisation_id)
        .order_by(RegisteredAddress.name, RegisteredAddress.email)
    ).all()
    names = product_names(session, {code for row in rows for code in row.RegisteredAddress.products})
    return [
        Registered(
            row.RegisteredAddress,
            [names.get(code, code) for code in row.RegisteredAddress.products],
            row.bounced is not None,
            row.person is not None,
        )
        for row in rows
    ]


def product_names(session: Session, codes: set[str]) -> dict[str, str]:
    """Names of products by code."""
    if not codes:
        return {}
    found = session.execute(select(Product.code, Product.name).where(Product.code.in_(sorted(codes))))
    return {row.code: row.name for row in found}


def organisation_name(session: Session, address: RegisteredAddress) -> str:
    """Of whom it was registered."""
    return session.scalars(select(Organisation.name).where(Organisation.id == address.organisation_id)).one()


def by_key(session: Session, key: str) -> RegisteredAddress | None:
    """For whoever holds its signed link."""
    return session.scalar(select(RegisteredAddress).where(RegisteredAddress.key == key))
