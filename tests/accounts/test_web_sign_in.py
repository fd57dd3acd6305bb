"""Signing in through the pages: CSRF, redirects, cookies, equal answers (W2, W3, W4)."""

import re
from collections.abc import Callable
from dataclasses import replace

import pyotp
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from sportello.accounts.models import LoginSession, Person
from sportello.accounts.views.blueprints import safe_next
from sportello.core import clock
from sportello.core.db import Database
from sportello.core.settings import Settings
from tests.browsing import client_for
from tests.people import PASSWORD, Cast

TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')
ANNA = {"email": "anna@xtreme.example", "password": PASSWORD}


@pytest.fixture
def browser(app: Flask, with_passwords: Cast) -> FlaskClient:
    return app.test_client()


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/settings").status_code == 200


@pytest.mark.parametrize(
    "target", ["/plans", "/search?q=a+b&x=%5C", "/kb/caf%C3%A9", "/kb//x", "/a?next=//evil.example"]
)
def test_a_path_of_this_site_is_a_way_back(target: str) -> None:
    assert safe_next(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None, "", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/%5Cevil.example",
        "/%2Fevil.example", "/%252Fevil.example", "%2F%2Fevil.example", "https://evil.example", "https:/evil.example",
        "plans", "javascript:alert(1)", "/\tevil", "/\n/evil.example", " //evil.example", "/" + "a" * 2000,
        "http:evil.example",
    ],
)  # fmt: skip
def test_no_other_host_is_a_way_back(target: str | None) -> None:
    assert safe_next(target) is None


@pytest.mark.parametrize(
    ("target", "where"), [("/plans?a=1", "/plans?a=1"), ("//evil.example", "/"), ("/%5Cevil.example", "/")]
)
def test_after_signing_in_one_is_where_one_wanted_to_be(browser: FlaskClient, target: str, where: str) -> None:
    page = browser.get("/sign-in", query_string={"next": target})
    assert page.status_code == 200
    answer = browser.post("/sign-in", data={**ANNA, "next": target})
    assert (answer.status_code, answer.location) == (302, where)
    assert is_signed_in(browser)


def test_a_page_for_people_sends_others_to_sign_in_and_back(browser: FlaskClient) -> None:
    answer = browser.get("/settings/sessions")
    assert answer.location == "/sign-in?next=/settings/sessions"


def test_wrong_password_and_unknown_address_get_the_same_page(browser: FlaskClient) -> None:
    def refuse(email: str) -> tuple[int, bytes]:
        answer = browser.post("/sign-in", data={"email": email, "password": "wrong"})
        return answer.status_code, TOKEN.sub(b"", answer.data).replace(email.encode(), b"ADDRESS")

    known, unknown = refuse("anna@xtreme.example"), refuse("nobody@xtreme.example")
    assert known == unknown
    assert known[0] == 400
    assert b"do not match" in known[1]
    assert b'value="ADDRESS"' in known[1], "the form keeps the address"
    assert b"wrong" not in known[1]


def test_the_eleventh_attempt_is_refused_alike_with_the_time_to_wait(browser: FlaskClient) -> None:
    with time_machine.travel("2026-11-20T12:00:00+00:00", tick=False):
        pages = []
        for email in ("anna@xtreme.example", "nobody@xtreme.example"):
            for _ in range(10):
                assert browser.post("/sign-in", data={"email": email, "password": "wrong"}).status_code == 400
            answer = browser.post("/sign-in", data={"email": email, "password": PASSWORD})
            assert answer.status_code == 429
            assert answer.headers["Retry-After"] == "300"
            pages.append(TOKEN.sub(b"", answer.data).replace(email.encode(), b"ADDRESS"))
        assert pages[0] == pages[1]
        assert not is_signed_in(browser)


def test_a_forged_client_address_changes_nothing(app: Flask, settings: Settings, browser: FlaskClient) -> None:
    with time_machine.travel("2026-11-20T12:00:00+00:00", tick=False):
        for i in range(100):
            data = {"email": f"nobody-{i}@xtreme.example", "password": ""}
            forged = {"X-Forwarded-For": f"192.0.2.{i}"}
            browser.post("/sign-in", data={**data, "password": "wrong"}, headers=forged)
        answer = browser.post("/sign-in", data=ANNA, headers={"X-Forwarded-For": "203.0.113.9"})
        assert answer.status_code == 429


def _cookie(client: FlaskClient) -> str:
    found = client.get_cookie("session")
    assert found is not None
    return found.value


def test_signing_in_makes_everything_new_and_signing_out_ends_it(database: Database, browser: FlaskClient) -> None:
    browser.get("/sign-in")
    with browser.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
    before = _cookie(browser)
    answer = browser.post("/sign-in", data=ANNA)
    header = answer.headers["Set-Cookie"]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Expires" not in header, "without «keep me signed in» the cookie ends with the browser"
    assert _cookie(browser) != before
    with browser.session_transaction() as cookie:
        assert "planted" not in cookie
    kept = _cookie(browser)
    assert browser.post("/sign-out").status_code == 302
    assert not is_signed_in(browser)
    browser.set_cookie("session", kept)
    assert not is_signed_in(browser), "the old cookie is worth nothing"
    with database.read() as session:
        assert all(row.revoked_at for row in session.query(LoginSession))


def test_keep_me_signed_in_lasts_thirty_days(browser: FlaskClient) -> None:
    answer = browser.post("/sign-in", data={**ANNA, "remember": "y"})
    assert "Expires" in answer.headers["Set-Cookie"]


def test_signing_in_again_ends_the_session_before(database: Database, browser: FlaskClient) -> None:
    browser.post("/sign-in", data=ANNA)
    browser.post("/sign-in", data={"email": "piero@premium.example", "password": PASSWORD})
    with database.read() as session:
        live = [row.person_id for row in session.query(LoginSession) if row.revoked_at is None]
        assert len(live) == 1


def test_under_tls_the_cookie_is_host_only_and_secure(
    settings: Settings, database: Database, with_passwords: Cast
) -> None:
    from sportello.portal.app import create_app

    app = create_app(replace(settings, base_url="https://support.example"), database)
    app.config["WTF_CSRF_ENABLED"] = False
    answer = app.test_client().post("/sign-in", base_url="https://support.example", data=ANNA)
    header = answer.headers["Set-Cookie"]
    assert header.startswith("__Host-session=")
    assert "Secure" in header
    assert "Path=/" in header


@pytest.fixture
def guarded(app: Flask, with_passwords: Cast) -> Flask:
    """The site as it is served: with CSRF protection."""
    app.config["WTF_CSRF_ENABLED"] = True
    return app


def test_signing_in_needs_the_token_of_its_page(guarded: Flask) -> None:
    client = guarded.test_client()
    assert client.post("/sign-in", data=ANNA).status_code == 400
    token = TOKEN.search(client.get("/sign-in").data)
    assert token is not None
    assert guarded.test_client().post("/sign-in", data={**ANNA, "csrf_token": token[1].decode()}).status_code == 400
    assert client.post("/sign-in", data={**ANNA, "csrf_token": token[1].decode()}).status_code == 302


def test_every_unsafe_route_of_accounts_refuses_a_request_without_a_token(guarded: Flask, cast: Cast) -> None:
    tried = 0
    for rule in guarded.url_map.iter_rules():
        if rule.endpoint.split(".")[0] not in {"accounts", "staff"} or "POST" not in (rule.methods or ()):
            continue
        address = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule)
        address = re.sub(r"<[^>]+>", "p-piero", address)
        client = client_for(guarded, cast.ada)
        answer = client.post(address)
        assert answer.status_code == 400, address
        assert b"open for too long" in answer.data, address
        tried += 1
    assert tried > 20


@pytest.fixture
def with_second_factor(database: Database, with_passwords: Cast) -> str:
    secret = pyotp.random_base32()
    with database.write() as session:
        anna = session.query(Person).filter_by(key="p-anna").one()
        anna.totp_secret, anna.totp_confirmed_at = secret, clock.now()
    return secret


def test_the_second_factor_is_asked_for_after_the_password(browser: FlaskClient, with_second_factor: str) -> None:
    answer = browser.post("/sign-in", data={**ANNA, "next": "/plans", "remember": "y"})
    assert answer.location == "/sign-in/code"
    assert not is_signed_in(browser)
    assert browser.post("/sign-in/code", data={"code": "000000"}).status_code == 400
    answer = browser.post("/sign-in/code", data={"code": pyotp.TOTP(with_second_factor).now()})
    assert answer.location == "/plans"
    assert "Expires" in answer.headers["Set-Cookie"]
    assert is_signed_in(browser)


def test_the_second_step_needs_the_first(browser: FlaskClient, with_second_factor: str) -> None:
    assert browser.get("/sign-in/code").location == "/sign-in"
    answer = browser.post("/sign-in/code", data={"code": pyotp.TOTP(with_second_factor).now()})
    assert answer.location == "/sign-in"
    assert not is_signed_in(browser)


def test_opening_pages_changes_nothing(
    database: Database, sign_in: Callable[[str], FlaskClient], with_passwords: Cast
) -> None:
    """W2: GET changes nothing; here, that no session ends and no second factor begins."""
    client = sign_in("anna")
    for address in ("/sign-out", "/preferences?language=it", "/settings/sessions/end-all"):
        assert client.get(address).status_code in {404, 405}
    client.get("/settings/security/second-factor")
    assert is_signed_in(client)
    with database.read() as session:
        assert session.query(Person).filter_by(key="p-anna").one().totp_secret is None


def test_language_and_appearance_of_somebody_signed_out_are_kept_in_a_cookie(browser: FlaskClient) -> None:
    answer = browser.post("/preferences", data={"language": "it", "back": "/plans"})
    assert answer.location == "/plans"
    browser.post("/preferences", data={"theme": "dark", "back": "//evil.example"})
    page = browser.get("/plans").text
    assert '<html lang="it" data-bs-theme="dark">' in page
    assert "Briefing interattivi" in page
    assert browser.post("/preferences", data={"language": "xx"}).status_code == 400


def test_language_and_appearance_of_a_person_go_with_them(
    sign_in: Callable[[str], FlaskClient], with_passwords: Cast
) -> None:
    sign_in("anna").post("/preferences", data={"language": "it"})
    sign_in("anna").post("/preferences", data={"theme": "light"})
    assert '<html lang="it" data-bs-theme="light">' in sign_in("anna").get("/plans").text
    assert '<html lang="en">' in sign_in("piero").get("/plans").text
