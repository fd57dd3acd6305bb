"""Plans, the organisation and the staff pages: who gets in, what they see, what a form does."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from sportello.accounts import queries
from sportello.accounts.models import Organisation, Person
from sportello.accounts.services import people
from sportello.accounts.services.people import PersonData
from sportello.core import audience, clock
from sportello.core.db import Database
from tests.people import Cast

SignIn = Callable[[str], FlaskClient]
WHO = ("anonymous", "anna", "piero", "elena", "ezio", "sara", "ada")
ALL, PEOPLE, CUSTOMERS = set(WHO), set(WHO) - {"anonymous"}, {"anna", "piero", "elena", "ezio"}
PAGES: dict[str, set[str]] = {
    "/plans": ALL,
    "/sign-in": {"anonymous"},
    "/password/forgotten": ALL,
    "/settings": PEOPLE,
    "/settings/security": PEOPLE,
    "/settings/security/second-factor": PEOPLE,
    "/settings/sessions": PEOPLE,
    "/organisation": CUSTOMERS,
    "/staff": {"sara", "ada"},
    "/staff/organisations": {"ada"},
    "/staff/organisations/new": {"ada"},
    "/staff/organisations/premium": {"ada"},
    "/staff/people": {"ada"},
    "/staff/people/new": {"ada"},
    "/staff/people/p-piero": {"ada"},
    "/staff/products": {"ada"},
    "/staff/products/new": {"ada"},
    "/staff/products/ledger": {"ada"},
    "/staff/audit": {"ada"},
}
ASKS_TO_SIGN_IN = [address for address, allowed in PAGES.items() if allowed >= CUSTOMERS and allowed != ALL]
POSTS: dict[str, set[str]] = {
    "/organisation/invite": {"anna", "piero"},
    "/organisation/people/p-elena/deactivate": set(),
    "/staff/people/p-elena/deactivate": {"ada"},
    "/staff/people/p-elena/second-factor/remove": {"ada"},
}


@pytest.mark.parametrize("who", WHO)
def test_everybody_opens_exactly_the_pages_that_are_theirs(sign_in: SignIn, who: str) -> None:
    client = sign_in(who)
    got = {address: client.get(address).status_code for address in PAGES}
    expected = {address: 200 if who in allowed else 404 for address, allowed in PAGES.items()}
    if who == "anonymous":
        expected |= dict.fromkeys(ASKS_TO_SIGN_IN, 302)
    expected["/sign-in"] = 200 if who == "anonymous" else 302
    assert got == expected


@pytest.mark.parametrize("who", WHO)
def test_what_a_page_does_not_offer_cannot_be_posted(database: Database, sign_in: SignIn, who: str) -> None:
    client = sign_in(who)
    for address, allowed in POSTS.items():
        answer = client.post(address)
        if who in allowed:
            assert answer.status_code in {200, 302}
        else:
            assert answer.status_code == 404
    with database.read() as session:
        assert session.query(Person).filter_by(key="p-elena").one().active is (who != "ada")


def test_a_refused_page_looks_like_one_that_never_was(sign_in: SignIn) -> None:
    piero = sign_in("piero")
    refused, absent = piero.get("/staff/people/p-anna"), piero.get("/staff/nothing-here-at-all")
    same = [re.sub(r'(name="csrf_token"|name="back")[^>]*', "", page.text) for page in (refused, absent)]
    assert same[0] == same[1]


def test_the_plans_are_a_table_with_my_plan_marked(sign_in: SignIn) -> None:
    page = sign_in("piero").get("/plans").text
    assert page.count('scope="row"') == 23
    assert page.count("Your plan") == 1
    assert re.search(r"Your plan</span><span class=\"plans__name\">Premium", page)
    assert "Premium holds Premium until" in page
    assert "Your plan" not in sign_in("anonymous").get("/plans").text
    assert "has no coverage now" in sign_in("ezio").get("/plans").text


@pytest.mark.parametrize(
    ("who", "sees", "not_sees"),
    [
        ("piero", ("Premium", "Harbor", "Ledger", "Invite a colleague"), ("Anna Test", "not covered")),
        ("elena", ("Elite", "Contacts invite and manage"), ("Invite a colleague",)),
        ("ezio", ("Coverage ended on", "not covered"), ("Invite a colleague",)),
    ],
)
def test_the_organisation_page_shows_what_its_people_hold(
    sign_in: SignIn, who: str, sees: tuple[str, ...], not_sees: tuple[str, ...]
) -> None:
    page = sign_in(who).get("/organisation").text
    assert [text for text in sees if text not in page] == []
    assert [text for text in not_sees if text in page] == []


def test_a_contact_invites_and_deactivates_a_colleague(database: Database, sign_in: SignIn) -> None:
    piero = sign_in("piero")
    form = {"name": "Bea Bini", "email": "bea@premium.example", "language": "it"}
    assert piero.post("/organisation/invite", data=form).status_code == 302
    page = piero.get("/organisation").text
    assert "Bea Bini" in page
    assert "Invited" in page
    with database.read() as session:
        key = session.query(Person).filter_by(email="bea@premium.example").one().key
    piero.post(f"/organisation/people/{key}/deactivate")
    assert "Activate" in piero.get("/organisation").text
    again = piero.post("/organisation/invite", data=form)
    assert again.status_code == 400
    assert "has an account already" in again.text
    assert 'value="Bea Bini"' in again.text


def test_a_deactivated_person_is_out_on_the_next_request(sign_in: SignIn) -> None:
    elena, ada = sign_in("elena"), sign_in("ada")
    assert elena.get("/settings").status_code == 200
    ada.post("/staff/people/p-elena/deactivate")
    assert elena.get("/settings").status_code == 302
    ada.post("/staff/people/p-elena/activate")
    assert elena.get("/settings").status_code == 302, "the session does not come back"


def test_a_role_is_effective_on_the_next_request(sign_in: SignIn) -> None:
    sara, ada = sign_in("sara"), sign_in("ada")
    form = {"email": "sara@support.example", "name": "Sara Test", "language": "en", "timezone": "Europe/Rome"}
    assert sara.get("/staff/audit").status_code == 404
    done = ada.post("/staff/people/p-sara", data={**form, "organisation": "", "roles": ["agent", "administrator"]})
    assert done.status_code == 302
    assert sara.get("/staff/audit").status_code == 200
    ada.post("/staff/people/p-sara", data={**form, "organisation": "elite", "roles": ["customer"]})
    assert sara.get("/staff").status_code == 404
    assert sara.get("/organisation").status_code == 200


def test_a_downgrade_and_an_expiry_are_effective_on_the_next_request(sign_in: SignIn) -> None:
    piero, ada = sign_in("piero"), sign_in("ada")
    today = clock.today()
    form = {"name": "Premium", "plan": "xtreme", "coverage_start": today.isoformat(), "products": ["ledger"]}
    end = (today + timedelta(days=30)).isoformat()
    assert ada.post("/staff/organisations/premium", data={**form, "coverage_end": end}).status_code == 302
    assert "holds Xtreme until" in piero.get("/plans").text
    yesterday = {"coverage_start": (today - timedelta(days=9)).isoformat()}
    end = (today - timedelta(days=1)).isoformat()
    assert ada.post("/staff/organisations/premium", data={**form, **yesterday, "coverage_end": end}).status_code == 302
    assert "has no coverage now" in piero.get("/plans").text
    assert "No support coverage" in piero.get("/plans").text


def test_a_form_with_a_mistake_says_where_and_keeps_what_was_typed(database: Database, sign_in: SignIn) -> None:
    ada, today = sign_in("ada"), clock.today()
    form = {"name": "Officine Prova", "plan": "elite", "products": ["harbor"]}
    days = {"coverage_start": today.isoformat(), "coverage_end": (today - timedelta(days=1)).isoformat()}
    answer = ada.post("/staff/organisations/new", data={**form, **days})
    assert answer.status_code == 400
    assert 'id="coverage_end-error"' in answer.text
    assert 'value="Officine Prova"' in answer.text
    assert re.search(r"<option selected value=\"elite\"", answer.text)
    assert re.search(r'<input checked[^>]*value="harbor"', answer.text)
    assert ada.post("/staff/organisations/new", data={**form, **days, "coverage_end": "2030-01-01"}).status_code == 302
    with database.read() as session:
        made = session.query(Organisation).filter_by(name="Officine Prova").one()
        assert [product.code for product in made.products] == ["harbor"]


def test_products_are_created_and_edited_with_their_versions(database: Database, sign_in: SignIn) -> None:
    ada = sign_in("ada")
    form = {"code": "compass", "name": "Compass", "versions": "1.0\r\n\r\n 1.1 \r\n"}
    assert ada.post("/staff/products/new", data=form).status_code == 302
    assert ada.post("/staff/products/new", data=form).status_code == 400
    assert ada.post("/staff/products/compass", data={"name": "Compass", "versions": "1.1\n2.0"}).status_code == 302
    with database.read() as session:
        assert [version.name for version in queries.get_product(session, "compass").versions] == ["1.1", "2.0"]
    assert ada.get("/staff/products/nothing").status_code == 404


def test_the_index_of_the_staff_leads_to_what_their_roles_open(sign_in: SignIn) -> None:
    sara, ada = sign_in("sara").get("/staff").text, sign_in("ada").get("/staff").text
    own = ("/staff/organisations", "/staff/people", "/staff/products", "/staff/audit")
    assert [address for address in own if f'href="{address}"' in ada] == list(own)
    assert [address for address in own if f'href="{address}"' in sara] == []
    assert 'href="/healthz"' in sara


def test_the_audit_log_shows_and_finds_a_change(sign_in: SignIn) -> None:
    ada = sign_in("ada")
    assert "Nothing has been changed yet." in ada.get("/staff/audit").text
    ada.post("/staff/people/p-elena/deactivate")
    for address in ("/staff/audit", "/staff/audit?q=elena", "/staff/audit?q=ada+test", "/staff/audit?q=deactivated"):
        assert "elena@elite.example" in ada.get(address).text
    assert "Nothing matches." in ada.get("/staff/audit?q=%25").text, "a percent sign is a percent sign"
    for bad in ("x", "-1", "9" * 30, "²"):
        assert ada.get("/staff/audit", query_string={"before": bad}).status_code == 404


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The SELECTs that run meanwhile."""
    statements: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if statement.startswith("SELECT"):
            statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("address", ["/staff/organisations", "/staff/people", "/staff/audit", "/staff/products"])
def test_a_list_costs_the_same_however_long_it_is(database: Database, sign_in: SignIn, address: str) -> None:
    ada = sign_in("ada")
    ada.get(address)
    with counted(database) as few:
        ada.get(address)
    with database.write() as session:
        for i in range(30):
            data = PersonData(f"x{i}@xtreme.example", f"Extra {i}", ("customer",), "xtreme")
            people.create_person(session, audience.system(), data, invite=False)
    with counted(database) as many:
        ada.get(address)
    assert len(many) == len(few) <= 6, "one of them is the bell's"


def test_long_names_and_naughty_text_come_back_unchanged(database: Database, sign_in: SignIn, cast: Cast) -> None:
    ada = sign_in("ada")
    name = "<script>alert(1)</script> \u202eÞórunn 田中 & “Söhne” 'x'"
    data = PersonData("bea@xtreme.example", name, ("customer",), "xtreme")
    with database.write() as session:
        people.create_person(session, audience.system(), replace(data), invite=False)
    page = ada.get("/staff/people").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    with database.read() as session:
        assert session.query(Person).filter_by(email="bea@xtreme.example").one().name == name
