"""Who is in the demo: the vendor Meridiana, its products, its customers and their people. All of it is invented."""

from dataclasses import dataclass
from typing import NamedTuple

from sportello.core.audience import Role

VENDOR = "Meridiana"
PASSWORD = "sportello-demo"
STAFF_ROLES = (Role.AGENT, Role.EDITOR, Role.MODERATOR)
CONTACT = (Role.CUSTOMER, Role.CONTACT)


class Product(NamedTuple):
    """A product line with its versions, oldest first."""

    code: str
    name: str
    versions: tuple[str, ...]


PRODUCTS = (
    Product("ledger", "Ledger", ("14.2", "15.0", "15.1")),
    Product("foundry", "Foundry", ("7.3", "8.0")),
    Product("harbor", "Harbor", ("4.1", "4.2")),
)


@dataclass(frozen=True)
class Somebody:
    """A person; `note` says in the list of accounts what they are good for (empty: not listed)."""

    email: str
    name: str
    roles: tuple[Role, ...] = (Role.CUSTOMER,)
    language: str = "en"
    timezone: str = "Europe/Rome"
    note: str = ""


@dataclass(frozen=True)
class Customer:
    """An organisation with its people; `ended`: its coverage is over."""

    name: str
    plan: str
    products: tuple[str, ...]
    people: tuple[Somebody, ...]
    ended: bool = False


CUSTOMERS = (
    Customer(
        "Cartiera Valdora", "xtreme", ("ledger",),
        (
            Somebody("anna@xtreme.example", "Anna Ferri", CONTACT, note="Xtreme, licenses Ledger"),
            Somebody("bruno@xtreme.example", "Bruno Costa", language="it"),
        ),
    ),
    Customer(
        "Molino Brandini", "xtreme", ("foundry", "harbor"),
        (
            Somebody("marta@brandini.example", "Marta Brandini", CONTACT, "it"),
            Somebody("luca@brandini.example", "Luca Serra", language="it"),
        ),
    ),
    Customer(
        "Officine Tramonto", "premium", ("ledger", "harbor"),
        (
            Somebody("piero@premium.example", "Piero Galli", CONTACT, note="Premium, licenses Ledger and Harbor"),
            Somebody("chiara@premium.example", "Chiara Neri", language="it"),
        ),
    ),
    Customer(
        "Ceramiche Roccamora", "premium", ("foundry",),
        (
            Somebody("dario@roccamora.example", "Dario Villa", CONTACT, "it"),
            Somebody("ines@roccamora.example", "Ines Duarte", timezone="Europe/Lisbon"),
        ),
    ),
    Customer(
        "Cantieri Portochiaro", "elite", ("harbor", "ledger"),
        (
            Somebody("elena@elite.example", "Elena Marini", CONTACT, note="Elite, licenses Harbor and Ledger"),
            Somebody("tomas@elite.example", "Tomas Lindqvist", timezone="Europe/Stockholm"),
        ),
    ),
    Customer(
        "Acciaierie Montescuro", "elite", ("foundry", "harbor", "ledger"),
        (
            Somebody("giulia@montescuro.example", "Giulia Riva", CONTACT, "it"),
            Somebody("paul@montescuro.example", "Paul Weber", timezone="Europe/Berlin"),
        ),
    ),
    Customer(
        "Tipografia Lunaria", "premium", ("ledger",),
        (Somebody("ezio@expired.example", "Ezio Fonti", CONTACT, note="coverage ended: reads what is public"),),
        ended=True,
    ),
)  # fmt: skip

STAFF = (
    Somebody("sara@support.example", "Sara Conti", STAFF_ROLES, note="support: agent, editor, moderator"),
    Somebody("nico@support.example", "Nico Valle", (Role.AGENT,), "it"),
    Somebody("ada@admin.example", "Ada Moretti", (Role.ADMINISTRATOR,), note="administrator"),
)


def listed() -> tuple[Somebody, ...]:
    """The accounts that the demo prints."""
    everybody = [person for customer in CUSTOMERS for person in customer.people]
    return tuple(person for person in (*everybody, *STAFF) if person.note)
