"""Loading the demo: what is there is kept, what is missing is added, coverage never runs out."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.services import ensure_category
from sportello.accounts.models import Organisation, Person, PersonRole
from sportello.accounts.models import Product as ProductRow
from sportello.accounts.passwords import hash_password
from sportello.accounts.plans import Plans
from sportello.accounts.services.organisations import OrganisationData, create_organisation
from sportello.accounts.services.products import create_product
from sportello.core import audience, clock, keys
from sportello.core.errors import SportelloError
from sportello.portal.demo import cast
from sportello.portal.demo.categories import TREE, Branch


class NotADemo(SportelloError):
    """There are people in this database who are not the demo's."""

    message = (
        "This database has people who are not the demo's (%(example)s): the demo's accounts have a known password."
        " Run it on another SPORTELLO_VAR_DIR or SPORTELLO_DATABASE_URL, or serve this site with: sportello serve"
    )


def refuse_strangers(session: Session) -> None:
    """Raise NotADemo unless everybody in the database is the demo's."""
    stranger = session.scalar(select(Person.email).where(Person.demo.is_(False)).order_by(Person.id).limit(1))
    if stranger is not None:
        raise NotADemo(example=stranger)


def load_site(session: Session, plans: Plans) -> None:
    """Products, categories, organisations and people of the demo."""
    actor = audience.system()
    known = set(session.scalars(select(ProductRow.code)))
    for product in cast.PRODUCTS:
        if product.code not in known:
            create_product(session, actor, product.code, product.name, product.versions)
    _load_categories(session, TREE, None)
    emails = {person.email: person for person in session.scalars(select(Person)).unique()}
    organisations = {organisation.name: organisation for organisation in session.scalars(select(Organisation))}
    missing = [person for person in _everybody() if person.email not in emails]
    password = hash_password(cast.PASSWORD) if missing else ""
    for customer in cast.CUSTOMERS:
        organisation = organisations.get(customer.name)
        if organisation is None:
            organisation = create_organisation(session, actor, plans, _organisation(customer, plans))
        elif not customer.ended and organisation.coverage_end < clock.today():
            organisation.coverage_end = _last_day()
        _add_people(session, customer.people, emails, organisation, password)
    _add_people(session, cast.STAFF, emails, None, password)


def _everybody() -> Iterable[cast.Somebody]:
    for customer in cast.CUSTOMERS:
        yield from customer.people
    yield from cast.STAFF


def _load_categories(session: Session, branches: Iterable[Branch], parent: str | None) -> None:
    for position, branch in enumerate(branches):
        names = {"en": branch.english, "it": branch.italian}
        ensure_category(session, audience.system(), branch.code, names, parent=parent, position=position)
        _load_categories(session, branch.under, branch.code)


def _last_day() -> date:
    return date(clock.today().year + 1, 12, 31)


def _organisation(customer: cast.Customer, plans: Plans) -> OrganisationData:
    """With a plans file of the operator's own, plans are taken by their place on the ladder."""
    shipped = ("xtreme", "premium", "elite")
    place = min(shipped.index(customer.plan), len(plans.ladder) - 1)
    plan = customer.plan if customer.plan in plans.ladder else plans.ladder[place]
    start = date(clock.today().year - 2, 1, 1)
    end = date(clock.today().year - 1, 12, 31) if customer.ended else _last_day()
    return OrganisationData(customer.name, plan, start, end, customer.products)


def _add_people(
    session: Session,
    people: Iterable[cast.Somebody],
    known: dict[str, Person],
    organisation: Organisation | None,
    password: str,
) -> None:
    for somebody in people:
        if somebody.email in known:
            continue
        person = Person(
            key=keys.new_key(),
            email=somebody.email,
            name=somebody.name,
            language=somebody.language,
            timezone=somebody.timezone,
            organisation_id=organisation.id if organisation else None,
            password_hash=password,
            active=True,
            demo=True,
            created_at=clock.now(),
            role_rows=[PersonRole(role=role.value) for role in somebody.roles],
        )
        session.add(person)
