"""My settings, through the pages."""

import re
from collections.abc import Callable
from dataclasses import replace

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from sportello.accounts.models import LoginSession, Person
from sportello.core.db import Database
from sportello.core.settings import Settings
from tests.accounts.conftest import link_in
from tests.browsing import client_for
from tests.people import PASSWORD, Cast

NEW = "quattro parole a caso"
SignIn = Callable[[str], FlaskClient]
Deliver = Callable[[], list[tuple[str, str, str]]]
pytestmark = pytest.mark.usefixtures("with_passwords")


def person(database: Database, key: str) -> Person:
    with database.read() as session:
        return session.query(Person).filter_by(key=key).one()


def test_name_language_and_time_zone_are_mine_to_change(database: Database, sign_in: SignIn) -> None:
    data = {"name": "Anna Bianchi", "language": "it", "timezone": "Europe/London", "theme": "dark"}
    assert sign_in("anna").post("/settings", data=data).status_code == 302
    anna = person(database, "p-anna")
    assert (anna.name, anna.language, anna.timezone, anna.theme) == ("Anna Bianchi", "it", "Europe/London", "dark")


@pytest.mark.parametrize(("field", "value"), [("timezone", "Mars/Olympus"), ("name", "  "), ("language", "xx")])
def test_a_bad_value_is_named_and_what_was_typed_stays(sign_in: SignIn, field: str, value: str) -> None:
    data = {"name": "Anna Bianchi", "language": "en", "timezone": "Europe/Rome", "theme": "auto", field: value}
    page = sign_in("anna").post("/settings", data=data).text
    assert f'id="{field}-error"' in page
    if field != "name":
        assert "Anna Bianchi" in page


def test_a_new_password_ends_other_sessions_and_keeps_this_one(database: Database, sign_in: SignIn) -> None:
    here, elsewhere = sign_in("anna"), sign_in("anna")
    form = {"password-current": PASSWORD, "password-password": NEW}
    assert here.post("/settings/security/password", data=form).status_code == 302
    assert here.get("/settings").status_code == 200
    assert elsewhere.get("/settings").status_code == 302


def test_the_present_password_is_asked_for(database: Database, sign_in: SignIn) -> None:
    form = {"password-current": "wrong", "password-password": NEW}
    answer = sign_in("anna").post("/settings/security/password", data=form)
    assert answer.status_code == 400
    assert 'id="password-current-error"' in answer.text


def test_a_forgotten_password_is_set_by_the_link_of_the_mail(app: Flask, deliver: Deliver) -> None:
    client = app.test_client()
    known = client.post("/password/forgotten", data={"email": "anna@xtreme.example"})
    unknown = client.post("/password/forgotten", data={"email": "nobody@xtreme.example"})
    assert (known.status_code, unknown.status_code) == (200, 200)
    assert (
        known.text.replace("anna@", "X@").split("<form")[0] == unknown.text.replace("nobody@", "X@").split("<form")[0]
    )
    address = link_in(deliver()[0][2])
    assert client.get(address).status_code == 200
    assert "at least 12" in client.post(address, data={"password": "short"}).text
    assert client.post(address, data={"password": NEW}).location == "/sign-in"
    assert client.post("/sign-in", data={"email": "anna@xtreme.example", "password": NEW}).location == "/"
    used, never = client.get(address), client.get("/password/set/never-made")
    assert (used.status_code, never.status_code) == (404, 404)
    assert re.sub(r'value="[^"]*"', "", used.text) == re.sub(r'value="[^"]*"', "", never.text)


def test_the_sixth_reset_of_a_day_is_refused(app: Flask) -> None:
    client = app.test_client()
    for _ in range(5):
        assert client.post("/password/forgotten", data={"email": "anna@xtreme.example"}).status_code == 200
    answer = client.post("/password/forgotten", data={"email": "anna@xtreme.example"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_an_address_is_changed_through_both_mailboxes(
    app: Flask, database: Database, sign_in: SignIn, deliver: Deliver
) -> None:
    anna = sign_in("anna")
    form = {"email-email": "new@xtreme.example", "email-current": PASSWORD}
    assert anna.post("/settings/security/email", data=form).status_code == 302
    assert "new@xtreme.example" in anna.get("/settings/security").text
    stranger = app.test_client()
    for _, _, text in deliver():
        assert stranger.get(link_in(text)).status_code == 200
        assert person(database, "p-anna").email == "anna@xtreme.example"
        stranger.post(link_in(text))
    assert person(database, "p-anna").email == "new@xtreme.example"


def test_a_second_factor_is_set_up_with_a_picture_and_recovery_codes(database: Database, sign_in: SignIn) -> None:
    anna = sign_in("anna")
    anna.post("/settings/security/second-factor/begin")
    page = anna.get("/settings/security/second-factor").text
    assert "<svg" in page
    assert "style=" not in page
    secret = person(database, "p-anna").totp_secret
    assert secret is not None
    assert secret in page
    assert anna.post("/settings/security/second-factor/confirm", data={"code": "000000"}).status_code == 400
    assert person(database, "p-anna").totp_confirmed_at is None
    done = anna.post("/settings/security/second-factor/confirm", data={"code": pyotp.TOTP(secret).now()})
    assert len(re.findall(r"\b\w{4}-\w{4}-\w{4}\b", done.text)) == 10
    assert "10 recovery codes are left" in anna.get("/settings/security").text
    off = {"factor-current": "wrong", "do": "off"}
    assert anna.post("/settings/security/second-factor/change", data=off).status_code == 400
    anna.post("/settings/security/second-factor/change", data={**off, "factor-current": PASSWORD})
    assert person(database, "p-anna").totp_secret is None


def test_the_sessions_are_listed_and_ended_one_by_one_or_all(database: Database, sign_in: SignIn) -> None:
    here, elsewhere, third = sign_in("anna"), sign_in("anna"), sign_in("anna")
    page = here.get("/settings/sessions").text
    keys = re.findall(r"/settings/sessions/([a-z0-9]+)/end", page)
    assert len(keys) == 3
    assert page.count("This browser") == 1
    with database.read() as session:
        mine = {row.key for row in session.query(LoginSession).order_by(LoginSession.id).limit(1)}
    other = next(key for key in keys if key not in mine)
    here.post(f"/settings/sessions/{other}/end")
    assert here.get("/settings").status_code == 200
    here.post("/settings/sessions/end-all")
    assert [c.get("/settings").status_code for c in (here, elsewhere, third)] == [302, 302, 302]


def test_nobody_ends_the_session_of_somebody_else(sign_in: SignIn) -> None:
    anna, piero = sign_in("anna"), sign_in("piero")
    keys = re.findall(r"/settings/sessions/([a-z0-9]+)/end", piero.get("/settings/sessions").text)
    assert anna.post(f"/settings/sessions/{keys[0]}/end").status_code == 404
    assert piero.get("/settings").status_code == 200


def test_staff_set_up_the_second_factor_before_anything_else(
    settings: Settings, database: Database, cast: Cast
) -> None:
    from sportello.portal.app import create_app

    app = create_app(replace(settings, require_staff_totp=True), database)
    app.config["WTF_CSRF_ENABLED"] = False
    sara, piero = client_for(app, cast.sara), client_for(app, cast.piero)
    for address in ("/", "/plans", "/staff", "/settings", "/kb"):
        assert sara.get(address).location == "/settings/security/second-factor", address
    assert piero.get("/plans").status_code == 200
    sara.post("/settings/security/second-factor/begin")
    secret = person(database, "p-sara").totp_secret
    assert secret is not None
    done = sara.post("/settings/security/second-factor/confirm", data={"code": pyotp.TOTP(secret).now()})
    assert done.status_code == 200
    assert sara.get("/staff").status_code == 200
