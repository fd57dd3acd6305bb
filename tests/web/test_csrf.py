"""W2: nothing is changed by a request that another site could have made."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.gating.sites import Site
from tests.people import PASSWORD
from tests.web.dump import dump
from tests.web.routes import unsafe_routes

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
PEOPLE = pytest.mark.parametrize("name", ["anonymous", "anna", "ada"])
Browser = Callable[[str], FlaskClient]
WITHOUT_TOKEN = {
    # mail programs post there by themselves (RFC 8058); the signature in the address says who may
    "/registered/leave/absent",
    "/unsubscribe/absent",
}


def token(client: FlaskClient, address: str = "/plans") -> str:
    """A form token of this browser, as a page gives it."""
    found = TOKEN.search(client.get(address).text)
    assert found
    return found.group(1)


def form(given: str | None) -> dict[str, str]:
    return {} if given is None else {"csrf_token": given}


@PEOPLE
def test_every_route_that_changes_something_refuses_a_request_without_its_token(
    site: Site, browser: Browser, name: str
) -> None:
    client, other = browser(name), browser(name)
    before = dump(site.database)
    token(client)  # the browser has one, so that only the request lacks it
    foreign = token(other)
    accepted = []
    for method, address in unsafe_routes(site.app):
        if address in WITHOUT_TOKEN:
            assert client.open(address, method=method).status_code == 404
            continue
        for given in (None, "", "forged", foreign):
            response = client.open(address, method=method, data=form(given))
            if response.status_code != 400 or "Reload the page" not in response.text:
                accepted.append((method, address, given, response.status_code))
    assert accepted == []
    assert dump(site.database) == before


def test_a_request_with_its_token_is_taken(browser: Browser) -> None:
    """The counter-proof: it is the token that decides."""
    client = browser("anna")
    answer = client.post("/preferences", data={"csrf_token": token(client), "theme": "dark", "back": "/plans"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/plans")
    assert client.post("/preferences", data={"theme": "dark"}).status_code == 400


def test_signing_in_needs_the_token_too(browser: Browser) -> None:
    """Otherwise another site could sign people in as its own user and read what they do there."""
    client = browser("anonymous")
    data = {"email": "anna@xtreme.example", "password": PASSWORD}
    assert "Reload the page" in client.post("/sign-in", data=data).text
    with_token = client.post("/sign-in", data={**data, "csrf_token": token(client, "/sign-in")})
    assert "Reload the page" not in with_token.text


def test_the_token_in_the_address_is_not_taken(browser: Browser) -> None:
    client = browser("anna")
    assert client.post(f"/sign-out?csrf_token={token(client)}").status_code == 400


def test_there_are_routes_to_try(site: Site) -> None:
    assert len(list(unsafe_routes(site.app))) > 15
