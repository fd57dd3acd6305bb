"""W3 on the wire: cookies, new identities, and sessions that end everywhere."""

from collections.abc import Callable
from dataclasses import replace
from http.cookies import Morsel, SimpleCookie

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from sportello.accounts.models import LoginSession, Person
from sportello.core.db import Database
from sportello.core.settings import Settings
from sportello.portal.app import create_app
from tests.browsing import CSRF
from tests.people import PASSWORD, Cast

ANNA = {"email": "anna@xtreme.example", "password": PASSWORD}
NEW = "a-new-passphrase-of-anna"


def cookies(answer: TestResponse) -> dict[str, Morsel[str]]:
    jar = SimpleCookie()
    for line in answer.headers.getlist("Set-Cookie"):
        jar.load(line)
    return dict(jar)


def body(answer: TestResponse) -> str:
    """The page without its form token."""
    return CSRF.sub(rb"\1-\2", answer.data).decode()


def signed_in(client: FlaskClient) -> bool:
    return client.get("/settings").status_code == 200


@pytest.fixture
def enter(app: Flask, with_passwords: Cast) -> Callable[..., FlaskClient]:
    """A browser that signed in by the form."""

    def sign_in(**more: str) -> FlaskClient:
        client = app.test_client()
        assert client.post("/sign-in", data={**ANNA, **more}).status_code == 302
        assert signed_in(client)
        return client

    return sign_in


def test_under_tls_cookies_are_bound_to_the_host(settings: Settings, database: Database, with_passwords: Cast) -> None:
    app = create_app(replace(settings, base_url="https://support.meridiana.example"), database)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    host = "https://support.meridiana.example"
    entered = client.post("/sign-in", data={**ANNA, "remember": "y"}, base_url=host)
    chosen = client.post("/preferences", data={"language": "it", "theme": "dark"}, base_url=host)
    found = {**cookies(entered), **cookies(chosen)}
    assert set(found) == {"__Host-session", "language", "theme"}
    for name, morsel in found.items():
        assert morsel["secure"], name
        assert morsel["httponly"], name
        assert (morsel["samesite"], morsel["path"], morsel["domain"]) == ("Lax", "/", ""), name
    assert entered.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert found["__Host-session"]["expires"], "to be kept for the days of the setting"


def test_without_tls_the_session_is_still_hidden_from_scripts(enter: Callable[..., FlaskClient], app: Flask) -> None:
    answer = app.test_client().post("/sign-in", data=ANNA)
    session = cookies(answer)["session"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
    assert not session["expires"], "unless asked to be remembered it ends with the browser"
    assert "Strict-Transport-Security" not in answer.headers


def test_signing_in_gives_a_new_identity_and_forgets_the_old_one(
    app: Flask, database: Database, enter: Callable[..., FlaskClient]
) -> None:
    """A cookie that an attacker planted before is worth nothing afterwards (session fixation)."""
    client = app.test_client()
    client.get("/plans")
    with client.session_transaction() as planted:
        planted["planted"] = "by somebody else"
        form_token = planted.get("csrf_token")
    client.post("/sign-in", data=ANNA)
    with client.session_transaction() as after:
        assert "planted" not in after
        assert after.get("csrf_token") != form_token or form_token is None
        first = after["_user_id"]
    client.post("/sign-in", data=ANNA)
    with client.session_transaction() as again:
        second = again["_user_id"]
    assert first != second
    with client.session_transaction() as replayed:
        replayed["_user_id"] = first
    assert not signed_in(client), "the session before the second sign-in has ended"


def test_a_forged_cookie_is_nobody(app: Flask, enter: Callable[..., FlaskClient]) -> None:
    client = app.test_client()
    for value in ("x", ".eJwlzjkOwjAQAMC_uKbYw7ve5DPIewlaQirE34lEP_p8yr3S5ZhuvVwIz9N2t", "\u00e9", "x" * 4000):
        client.set_cookie("session", value)
        assert client.get("/settings").status_code == 302
        assert client.get("/plans").status_code == 200


def _sign_out(client: FlaskClient) -> None:
    client.post("/sign-out")


def _change_password(client: FlaskClient) -> None:
    data = {"password-current": PASSWORD, "password-password": NEW}
    assert client.post("/settings/security/password", data=data).status_code == 302


def _end_all(client: FlaskClient) -> None:
    client.post("/settings/sessions/end-all")


@pytest.mark.parametrize("end", [_sign_out, _change_password, _end_all], ids=lambda end: end.__name__.strip("_"))
def test_an_ended_session_is_ended_in_a_copy_of_its_cookie_too(
    app: Flask, enter: Callable[..., FlaskClient], end: Callable[[FlaskClient], None]
) -> None:
    client, copy = enter(), app.test_client()
    with client.session_transaction() as mine, copy.session_transaction() as stolen:
        stolen.update(mine)
    assert signed_in(copy)
    end(client)
    assert not signed_in(copy)


@pytest.mark.parametrize(("end", "stays"), [(_sign_out, True), (_change_password, False), (_end_all, False)])
def test_other_browsers_go_too_when_they_must(
    enter: Callable[..., FlaskClient], end: Callable[[FlaskClient], None], stays: bool
) -> None:
    here, there = enter(), enter()
    end(here)
    assert signed_in(there) is stays
    assert signed_in(here) is (end is _change_password), "who changed the password goes on with a new session"


def test_a_closed_account_is_out_on_its_next_request(
    app: Flask, database: Database, cast: Cast, enter: Callable[..., FlaskClient], sign_in: Callable[[str], FlaskClient]
) -> None:
    browsers = [enter(), enter()]
    answer = sign_in("ada").post(f"/staff/people/{cast.anna.key}/deactivate")
    assert answer.status_code == 302
    assert [signed_in(client) for client in browsers] == [False, False]
    refused = app.test_client().post("/sign-in", data=ANNA)
    assert refused.status_code == 400
    sign_in("ada").post(f"/staff/people/{cast.anna.key}/activate")
    assert [signed_in(client) for client in browsers] == [False, False], "opening the account revives no session"


def test_an_expired_session_is_nobody(database: Database, enter: Callable[..., FlaskClient]) -> None:
    client = enter()
    with database.write() as session:
        row = session.scalars(select(LoginSession)).one()
        row.expires_at = row.created_at
    assert not signed_in(client)


def test_a_refusal_looks_the_same_whoever_is_asked_for(app: Flask, database: Database, with_passwords: Cast) -> None:
    """Known, unknown, closed and never set up: status, headers and text, but for the address typed."""
    with database.write() as session:
        session.get_one(Person, with_passwords.elena.id).active = False
        session.get_one(Person, with_passwords.ezio.id).password_hash = None
    answers = []
    for email in ("anna@xtreme.example", "none@xtreme.example", "elena@elite.example", "ezio@expired.example"):
        answer = app.test_client().post("/sign-in", data={"email": email, "password": "wrong-password-1"})
        headers = {k: v for k, v in answer.headers if k not in ("Set-Cookie", "Content-Length")}
        answers.append((answer.status_code, headers, body(answer).replace(email, "-")))
    assert answers == [answers[0]] * 4
    assert answers[0][0] == 400


def test_a_forgotten_password_looks_the_same_whoever_has_it(app: Flask, with_passwords: Cast) -> None:
    answers = []
    for email in ("anna@xtreme.example", "none@xtreme.example"):
        answer = app.test_client().post("/password/forgotten", data={"email": email})
        answers.append((answer.status_code, body(answer).replace(email, "-")))
    assert answers[0] == answers[1]
    assert answers[0][0] == 200
