"""What can be asked of accounts. Lists are one statement each, with those that load what a row shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Select, func, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload, selectinload

from sportello.accounts.models import AuditEntry, Organisation, Person, Product
from sportello.core.errors import NotFound

PAGE = 50
Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """A slice of a list; `next` is the cursor of the following one, None at the end."""

    rows: Sequence[Row]
    next: str | None = None


def get_organisation(session: Session, key: str) -> Organisation:
    """By public key, with its products. Raises NotFound."""
    statement = select(Organisation).where(Organisation.key == key).options(selectinload(Organisation.products))
    if (organisation := session.scalar(statement)) is None:
        raise NotFound
    return organisation


def find_organisation(session: Session, name_or_key: str) -> Organisation:
    """By key, or by name in any case of letters: for the command line. Raises NotFound."""
    wanted = name_or_key.strip()
    match = or_(Organisation.key == wanted, func.lower(Organisation.name) == wanted.lower())
    if (organisation := session.scalar(select(Organisation).where(match))) is None:
        raise NotFound
    return organisation


def get_person(session: Session, key: str, within: int | None = None) -> Person:
    """By public key, with roles and organisation; `within`: only of this organisation's id. Raises NotFound."""
    statement = select(Person).where(Person.key == key).options(joinedload(Person.organisation))
    if within is not None:
        statement = statement.where(Person.organisation_id == within)
    if (person := session.scalar(statement)) is None:
        raise NotFound
    return person


def get_product(session: Session, code: str) -> Product:
    """By code, with its versions. Raises NotFound."""
    statement = select(Product).where(Product.code == code).options(selectinload(Product.versions))
    if (product := session.scalar(statement)) is None:
        raise NotFound
    return product


def all_products(session: Session) -> Sequence[Product]:
    """Every product with its versions, by name."""
    return session.scalars(select(Product).options(selectinload(Product.versions)).order_by(Product.name)).all()


def organisation_choices(session: Session) -> Sequence[tuple[str, str]]:
    """Key and name of every organisation, by name."""
    rows = session.execute(select(Organisation.key, Organisation.name).order_by(Organisation.name))
    return [(row.key, row.name) for row in rows]


def organisations(session: Session, q: str = "", after: str | None = None) -> Page[Organisation]:
    """Organisations by name, with products and people; `q` is part of a name, `after` a cursor."""
    statement = select(Organisation).options(selectinload(Organisation.products), selectinload(Organisation.people))
    if q.strip():
        statement = statement.where(Organisation.name.icontains(q.strip(), autoescape=True))
    return _page(session, statement, Organisation, after)


def people(session: Session, q: str = "", after: str | None = None) -> Page[Person]:
    """People by name, with roles and organisation; `q` is part of a name or an address, `after` a cursor."""
    statement = select(Person).options(joinedload(Person.organisation))
    if q.strip():
        part = q.strip()
        matches = (Person.name.icontains(part, autoescape=True), Person.email.icontains(part, autoescape=True))
        statement = statement.where(or_(*matches))
    return _page(session, statement, Person, after)


def _page(session: Session, statement: Select[Row], model: type[Row], after: str | None) -> Page[Row]:
    """Keyset paging by (name, key): the cursor is the key of the last row shown."""
    name, key = model.name, model.key  # type: ignore[attr-defined]
    if after:
        edge = session.execute(select(name, key).where(key == after)).first()
        if edge is None:
            raise NotFound
        statement = statement.where(tuple_(name, key) > (edge[0], edge[1]))
    rows: Sequence[Row] = session.scalars(statement.order_by(name, key).limit(PAGE + 1)).all()
    more = len(rows) > PAGE
    return Page(rows[:PAGE], rows[PAGE - 1].key if more else None)  # type: ignore[attr-defined]


def colleagues(session: Session, organisation_id: int) -> Sequence[Person]:
    """Everybody of an organisation: the active first, then by name."""
    statement = select(Person).where(Person.organisation_id == organisation_id)
    return session.scalars(statement.order_by(Person.active.desc(), Person.name, Person.key)).all()


def own_organisation(session: Session, organisation_id: int | None) -> Organisation:
    """The viewer's organisation with its products. Raises NotFound."""
    statement = select(Organisation).where(Organisation.id == organisation_id)
    organisation = session.scalar(statement.options(selectinload(Organisation.products)))
    if organisation is None:
        raise NotFound
    return organisation


def audit_entries(session: Session, q: str = "", before: int | None = None) -> Page[AuditEntry]:
    """The audit log, newest first; `q` is part of who, what or whom; `before` a cursor."""
    statement = select(AuditEntry)
    if q.strip():
        columns = (AuditEntry.actor, AuditEntry.action, AuditEntry.subject)
        statement = statement.where(or_(*(column.icontains(q.strip(), autoescape=True) for column in columns)))
    if before is not None:
        statement = statement.where(AuditEntry.id < before)
    rows = session.scalars(statement.order_by(AuditEntry.id.desc()).limit(PAGE + 1)).all()
    return Page(rows[:PAGE], str(rows[PAGE - 1].id) if len(rows) > PAGE else None)


@dataclass(frozen=True)
class Figures:
    """How many of each there are."""

    organisations: int
    people: int
    products: int


def figures(session: Session) -> Figures:
    """One statement for the staff's index."""
    counted = (select(func.count()).select_from(model).scalar_subquery() for model in (Organisation, Person, Product))
    return Figures(*session.execute(select(*counted)).one())
