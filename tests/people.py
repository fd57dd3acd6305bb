"""The cast: six people on whom every rule is tried, in the organisations they come from."""

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.orm import Session

from sportello.accounts.models import Organisation, Person, PersonRole, Product, ProductVersion
from sportello.core import clock
from sportello.core.audience import Role

PASSWORD = "sportello-demo"
STAFF = (Role.AGENT, Role.EDITOR, Role.MODERATOR)
LADDER = ("xtreme", "premium", "elite")


@dataclass
class Cast:
    """Everybody by first name; None in `people` stands for somebody who is not signed in."""

    people: dict[str, Person] = field(default_factory=dict)
    organisations: dict[str, Organisation] = field(default_factory=dict)
    products: dict[str, Product] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Person:
        try:
            return self.__dict__["people"][name]
        except KeyError:
            raise AttributeError(name) from None


NAMES = ("anonymous", "anna", "piero", "elena", "ezio", "sara", "ada")


def make_products(session: Session) -> dict[str, Product]:
    """Ledger, Foundry and Harbor with their versions."""
    lines = {"ledger": ("14.2", "15.0", "15.1"), "foundry": ("7.3", "8.0"), "harbor": ("4.1", "4.2")}
    products = {}
    for code, versions in lines.items():
        rows = [ProductVersion(name=name, position=i) for i, name in enumerate(versions)]
        products[code] = Product(code=code, name=code.capitalize(), versions=rows)
    session.add_all(products.values())
    return products


def make_organisation(
    session: Session, key: str, plan: str, products: list[Product], *, ended: bool = False
) -> Organisation:
    """An organisation covered from a year ago for a year to come, or ended yesterday."""
    today = clock.today()
    end = today - timedelta(days=1) if ended else today + timedelta(days=365)
    organisation = Organisation(
        key=key, name=key.capitalize(), plan=plan, products=products,
        coverage_start=today - timedelta(days=365), coverage_end=end, created_at=clock.now(),
    )  # fmt: skip
    session.add(organisation)
    return organisation


def make_person(
    session: Session, name: str, organisation: Organisation | None, *roles: Role, domain: str = ""
) -> Person:
    """A person who can sign in; e-mail NAME@DOMAIN (default: the organisation's key)."""
    host = domain or (organisation.key if organisation else "support")
    person = Person(
        key=f"p-{name}"[:10], email=f"{name}@{host}.example", name=f"{name.capitalize()} Test", language="en",
        timezone="Europe/Rome", organisation=organisation, active=True, created_at=clock.now(),
        role_rows=[PersonRole(role=role.value) for role in roles or (Role.CUSTOMER,)],
    )  # fmt: skip
    session.add(person)
    return person


def make_cast(session: Session) -> Cast:
    """Anna of Xtreme, Piero of Premium, Elena of Elite, Ezio whose coverage ended, Sara of support, Ada."""
    products = make_products(session)
    ledger, harbor = products["ledger"], products["harbor"]
    organisations = {
        "xtreme": make_organisation(session, "xtreme", "xtreme", [ledger]),
        "premium": make_organisation(session, "premium", "premium", [ledger, harbor]),
        "elite": make_organisation(session, "elite", "elite", [harbor]),
        "expired": make_organisation(session, "expired", "elite", [ledger, harbor], ended=True),
    }
    people = {
        "anna": make_person(session, "anna", organisations["xtreme"], Role.CUSTOMER, Role.CONTACT),
        "piero": make_person(session, "piero", organisations["premium"], Role.CUSTOMER, Role.CONTACT),
        "elena": make_person(session, "elena", organisations["elite"]),
        "ezio": make_person(session, "ezio", organisations["expired"]),
        "sara": make_person(session, "sara", None, *STAFF),
        "ada": make_person(session, "ada", None, Role.ADMINISTRATOR, domain="admin"),
    }
    session.flush()
    return Cast(people=people, organisations=organisations, products=products)
