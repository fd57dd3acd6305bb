"""People, organisations and products: who may change what, what is refused, and what the audit log says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from sportello.accounts import queries
from sportello.accounts.models import AuditEntry, Person
from sportello.accounts.plans import Plans
from sportello.accounts.services import organisations, people, products
from sportello.accounts.services.organisations import OrganisationData
from sportello.accounts.services.people import PersonData
from sportello.accounts.viewer import viewer_of
from sportello.core import audience, clock
from sportello.core.audience import Viewer
from sportello.core.db import Database
from sportello.core.errors import Conflict, Forbidden, Invalid, NotFound
from tests.people import Cast

WHO = ("anonymous", "anna", "piero", "elena", "ezio", "sara", "ada")


@pytest.fixture
def as_(plans: Plans, cast: Cast) -> Callable[[str], Viewer]:
    """Somebody of the cast as the policy sees them."""
    return lambda name: viewer_of(cast.people.get(name), plans)


def covered(name: str = "Nuova", plan: str = "premium", products: tuple[str, ...] = ()) -> OrganisationData:
    return OrganisationData(name, plan, clock.today(), clock.today() + timedelta(days=365), products)


NEW_PERSON = PersonData("bea@xtreme.example", "Bea Bini", ("customer",), "xtreme", "it", "Europe/Rome")
VERBS: dict[str, Callable[[Session, Viewer, Plans], object]] = {
    "create an organisation": lambda s, v, p: organisations.create_organisation(s, v, p, covered()),
    "edit an organisation": lambda s, v, p: organisations.edit_organisation(s, v, p, "premium", covered()),
    "create a person": lambda s, v, p: people.create_person(s, v, NEW_PERSON),
    "edit a person": lambda s, v, p: people.edit_person(s, v, "p-anna", replace(NEW_PERSON, name="Anna B")),
    "remove a second factor": lambda s, v, p: people.remove_second_factor(s, v, "p-anna"),
    "create a product": lambda s, v, p: products.create_product(s, v, "compass", "Compass"),
    "edit a product": lambda s, v, p: products.edit_product(s, v, "ledger", "Ledger", ["15.1"]),
    "deactivate Elena": lambda s, v, p: people.deactivate(s, v, "p-elena"),
    "make Elena a contact": lambda s, v, p: people.set_contact(s, v, "p-elena", True),
    "invite Elena again": lambda s, v, p: people.invite_again(s, v, "p-elena"),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("who", WHO)
def test_only_an_administrator_manages_the_site(
    database: Database, as_: Callable[[str], Viewer], plans: Plans, who: str, verb: str
) -> None:
    with database.write() as session:
        if who == "ada":
            VERBS[verb](session, as_(who), plans)
            return
        with pytest.raises((Forbidden, NotFound)):
            VERBS[verb](session, as_(who), plans)
        assert session.query(AuditEntry).count() == 0


def test_a_contact_manages_colleagues_and_nobody_else(database: Database, as_: Callable[[str], Viewer]) -> None:
    with database.write() as session:
        bea = people.invite_colleague(session, as_("piero"), "bea@premium.example", "Bea Bini", "it")
        assert bea.organisation is not None
        assert bea.organisation.key == "premium"
        assert bea.roles == {audience.Role.CUSTOMER}
        people.set_contact(session, as_("piero"), bea.key, True)
        assert bea.roles == {audience.Role.CUSTOMER, audience.Role.CONTACT}
        people.set_contact(session, as_("piero"), bea.key, False)
        people.deactivate(session, as_("piero"), bea.key)
        assert not bea.active
        people.activate(session, as_("piero"), bea.key)
        for stranger in ("p-anna", "p-elena", "p-ada"):
            with pytest.raises(NotFound):
                people.deactivate(session, as_("piero"), stranger)


@pytest.mark.parametrize("who", ["anonymous", "elena", "ezio", "sara"])
def test_without_being_a_contact_nobody_invites(database: Database, as_: Callable[[str], Viewer], who: str) -> None:
    with database.write() as session, pytest.raises(Forbidden):
        people.invite_colleague(session, as_(who), "bea@premium.example", "Bea Bini")


def test_nobody_locks_themselves_or_the_last_administrator_out(
    database: Database, as_: Callable[[str], Viewer]
) -> None:
    with database.write() as session:
        with pytest.raises(Conflict, match="yourself"):
            people.deactivate(session, as_("piero"), "p-piero")
        with pytest.raises(Conflict, match="keeps one"):
            people.set_contact(session, as_("piero"), "p-piero", False)
        with pytest.raises(Conflict, match="only active administrator"):
            people.deactivate(session, audience.system(), "p-ada")
    data = PersonData("ada@admin.example", "Ada Test", ("agent",), None)
    with database.write() as session, pytest.raises(Conflict, match="only active administrator"):
        people.edit_person(session, as_("ada"), "p-ada", data)
    with database.write() as session:
        second = PersonData("adamo@admin.example", "Adamo Test", ("administrator",), None)
        people.create_person(session, as_("ada"), second)
        people.edit_person(session, as_("ada"), "p-ada", data)


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"email": "not an address"}, "email", "“not an address” is not an e-mail address"),
        ({"email": "Piero@Premium.example"}, "email", "has an account already"),
        ({"name": " \n "}, "name", "A name is needed"),
        ({"name": "x" * 201}, "name", "at most 200"),
        ({"name": "a\x00b"}, "name", "control characters"),
        ({"language": "fr"}, "language", "use en or it"),
        ({"timezone": "Rome"}, "timezone", "Europe/Rome"),
        ({"roles": ()}, "roles", "at least one"),
        ({"roles": ("wizard",)}, "roles", "“wizard” is not a role"),
        ({"roles": ("customer", "agent")}, "roles", "at once"),
        ({"roles": ("agent",)}, "organisation", "belong to no organisation"),
        ({"organisation": None}, "organisation", "belongs to an organisation"),
    ],
)
def test_a_person_with_a_mistake_is_refused_at_the_field(
    database: Database, cast: Cast, change: dict[str, object], field: str, says: str
) -> None:
    with database.write() as session, pytest.raises(Invalid, match=says) as error:
        people.create_person(session, audience.system(), replace(NEW_PERSON, **change))  # type: ignore[arg-type]
    assert error.value.field == field


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"name": ""}, "name", "A name is needed"),
        ({"name": "PREMIUM"}, "name", "called “PREMIUM” already"),
        ({"plan": "gold"}, "plan", "the plans are xtreme, premium, elite"),
        ({"products": ("ledger", "compass")}, "products", "no product “compass”"),
    ],
)
def test_an_organisation_with_a_mistake_is_refused_at_the_field(
    database: Database, cast: Cast, plans: Plans, change: dict[str, object], field: str, says: str
) -> None:
    data = replace(covered(), **change)  # type: ignore[arg-type]
    with database.write() as session, pytest.raises(Invalid, match=says) as error:
        organisations.create_organisation(session, audience.system(), plans, data)
    assert error.value.field == field


def test_coverage_does_not_end_before_it_starts(database: Database, cast: Cast, plans: Plans) -> None:
    data = replace(covered(), coverage_end=clock.today() - timedelta(days=1))
    with database.write() as session, pytest.raises(Invalid, match="before it starts"):
        organisations.create_organisation(session, audience.system(), plans, data)


def test_a_refused_change_leaves_the_organisation_as_it_was(database: Database, cast: Cast, plans: Plans) -> None:
    with database.write() as session:
        with pytest.raises(Invalid):
            organisations.edit_organisation(session, audience.system(), plans, "premium", covered("Xtreme"))
        assert queries.get_organisation(session, "premium").name == "Premium"


@pytest.mark.parametrize(("code", "field"), [("Compass", "code"), ("", "code"), ("ledger", "code"), ("a@b", "code")])
def test_a_product_code_fits_into_an_audience_key(database: Database, cast: Cast, code: str, field: str) -> None:
    with database.write() as session, pytest.raises(Invalid) as error:
        products.create_product(session, audience.system(), code, "Name")
    assert error.value.field == field


def test_versions_keep_their_order_and_their_identity(database: Database, cast: Cast) -> None:
    with database.write() as session:
        before = {v.name: v.id for v in queries.get_product(session, "ledger").versions}
        products.edit_product(session, audience.system(), "ledger", "Ledger", ["15.0", "15.1", "16.0"])
    with database.read() as session:
        after = queries.get_product(session, "ledger").versions
        assert [version.name for version in after] == ["15.0", "15.1", "16.0"]
        assert {v.name: v.id for v in after if v.name in before} == {k: before[k] for k in ("15.0", "15.1")}
    with database.write() as session, pytest.raises(Invalid, match="stands there twice"):
        products.edit_product(session, audience.system(), "ledger", "Ledger", ["1", " 1 "])


def test_the_audit_log_says_who_changed_what_from_what_to_what(
    database: Database, as_: Callable[[str], Viewer], plans: Plans
) -> None:
    with database.write() as session:
        ada = as_("ada")
        now = queries.get_organisation(session, "premium")
        data = OrganisationData("Premium", "elite", now.coverage_start, now.coverage_end, ("ledger",))
        organisations.edit_organisation(session, ada, plans, "premium", data)
        organisations.edit_organisation(session, ada, plans, "premium", data)
    with database.read() as session:
        (entry,) = queries.audit_entries(session).rows
    assert (entry.actor, entry.action, entry.subject) == ("Ada Test", "organisation.edited", "Premium")
    assert entry.details == {
        "before": {"plan": "premium", "products": ["harbor", "ledger"]},
        "after": {"plan": "elite", "products": ["ledger"]},
    }


def test_an_entry_outlives_the_person_who_made_it(database: Database, as_: Callable[[str], Viewer]) -> None:
    with database.write() as session:
        people.deactivate(session, as_("ada"), "p-elena")
        session.delete(session.query(Person).filter_by(key="p-ada").one())
    with database.read() as session:
        assert [entry.actor for entry in queries.audit_entries(session).rows] == ["Ada Test"]


def test_lists_go_on_where_the_page_before_ended(database: Database, cast: Cast) -> None:
    with database.write() as session:
        for i in range(120):
            data = replace(NEW_PERSON, email=f"x{i}@xtreme.example", name=f"Same Name {i % 3}")
            people.create_person(session, audience.system(), data, invite=False)
    seen: list[str] = []
    after = None
    with database.read() as session:
        while True:
            page = queries.people(session, "same", after)
            seen += [person.key for person in page.rows]
            if (after := page.next) is None:
                break
    assert len(seen) == len(set(seen)) == 120
