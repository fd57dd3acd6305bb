"""W2: no address of ours sends anybody to another site."""

from collections.abc import Callable
from urllib.parse import quote, urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sportello.accounts.views.blueprints import safe_next
from tests.browsing import client_for
from tests.people import PASSWORD, Cast

ELSEWHERE = (
    "//evil.example", "///evil.example", "////evil.example/x", "/\\evil.example", "\\\\evil.example", "\\/evil.example",
    "/\\/evil.example", "%2f%2fevil.example", "/%2f/evil.example", "/%2fevil.example", "/%252f%252fevil.example",
    "/%5cevil.example", "/%09/evil.example", "/%0d%0aLocation:%20https://evil.example", "\t//evil.example",
    "/\t/evil.example", "/\n/evil.example", "\n//evil.example", "/\r\n/evil.example", " //evil.example",
    "\x00//evil.example", "https://evil.example", "https:evil.example", "https:/evil.example", "https:///evil.example",
    "HTTPS://evil.example", "http://localhost@evil.example", "http://localhost:80@evil.example", "javascript:alert(1)",
    "JaVaScRiPt:alert(1)", "data:text/html,x", "//evil.example/kb", "//[evil", "//[::1]", "//evil.example:x",
    "//evil%2eexample", "//\u3002evil.example", "\uff0f\uff0fevil.example", ".evil.example", "@evil.example",
    "evil.example", "/ /evil.example", "?next=//evil.example", "#//evil.example", "/" * 3000, "/" + "a" * 3000,
)  # fmt: skip
HERE = (
    "/",
    "/plans",
    "/search?q=a+b&sort=newest",
    "/search?q=https://evil.example",
    "/kb/some-slug-abcde",
    "/settings",
)


def leads_to(location: str) -> str:
    """The host a browser ends at: backslashes are slashes, tabs and line ends are nothing (WHATWG URL)."""
    cleaned = location.replace("\\", "/").translate({9: None, 10: None, 13: None}).strip()
    return urlsplit(urljoin("http://localhost/sign-in", cleaned)).netloc


@pytest.mark.parametrize("target", ELSEWHERE)
def test_an_address_of_another_site_is_not_returned_to(target: str) -> None:
    assert safe_next(target) is None


@pytest.mark.parametrize("target", HERE)
def test_an_address_of_this_site_is(target: str) -> None:
    assert safe_next(target) == target


ANNA = {"email": "anna@xtreme.example", "password": PASSWORD}


def _check(target: str, answer: TestResponse) -> None:
    if "\0" in target:
        assert answer.status_code == 400
        return
    location = answer.headers["Location"]
    assert answer.status_code == 302
    assert leads_to(location) == "localhost", location
    assert "evil" not in location, location


def test_no_route_with_a_return_address_leaves_the_site(
    app: Flask, cast: Cast, sign_in: Callable[[str], FlaskClient]
) -> None:
    """Already signed in, and the switches of language and appearance, signed in and out."""
    anna, nobody = sign_in("anna"), sign_in("anonymous")
    for target in ELSEWHERE:
        _check(target, anna.get(f"/sign-in?next={quote(target)}"))
        for client in (anna, nobody):
            _check(target, client.post("/preferences", data={"theme": "dark", "back": target}))


def test_signing_in_does_not_lead_elsewhere(app: Flask, with_passwords: Cast) -> None:
    """By the form's own field, and by the address of the form."""
    for target in ELSEWHERE[::4]:
        _check(target, client_for(app, None).post("/sign-in", data={**ANNA, "next": target}))
        _check(target, client_for(app, None).post(f"/sign-in?next={quote(target)}", data=ANNA))


def test_signing_in_returns_to_the_page_asked_for(app: Flask, with_passwords: Cast) -> None:
    for target in HERE:
        answer = client_for(app, None).post("/sign-in", data={**ANNA, "next": target})
        assert answer.headers["Location"] == target


PATHS = (
    "//evil.example/plans", "//evil.example//plans", "//evil.example/..//plans", "/\\evil.example//plans", "//plans",
    "///evil.example/settings", "/plans//", "//settings", "//evil.example", "/%2f%2fevil.example//",
)  # fmt: skip


def test_a_path_with_odd_slashes_stays_here(app: Flask, cast: Cast) -> None:
    """Whether it is put straight, refused, or asks to sign in first."""
    client = client_for(app, None)
    for path in PATHS:
        for query in ("", "next=//evil.example"):
            _stays(client.get("/", environ_overrides={"PATH_INFO": path, "QUERY_STRING": query}))


def _stays(answer: TestResponse) -> None:
    if answer.status_code in (301, 302, 307, 308):
        assert leads_to(answer.headers["Location"]) == "localhost", answer.headers["Location"]
    for link in answer.text.split('href="')[1:]:
        href = link.partition('"')[0].replace("&amp;", "&")
        assert leads_to(href) in ("localhost", "") or href.startswith("mailto:"), href


def test_a_page_behind_the_door_asks_to_sign_in_and_returns(app: Flask, cast: Cast) -> None:
    answer = client_for(app, None).get("/settings/sessions?x=1")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sign-in?next=/settings/sessions?x%3D1"
