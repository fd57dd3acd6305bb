"""W2, W4: host names from a list only; what a proxy says counts only where proxies are trusted, the last hop alone."""

from dataclasses import replace

import pytest
from flask import Flask, request
from sqlalchemy import select

from sportello.accounts.models import LoginSession
from sportello.core.db import Database
from sportello.core.settings import Settings
from sportello.portal.app import create_app
from sportello.web.access import public
from sportello.web.security import allowed_hosts
from tests.people import PASSWORD, Cast


def made(settings: Settings, database: Database, **changes: object) -> Flask:
    """The application with other settings, and a page that says what it takes the request for."""
    app = create_app(replace(settings, **changes), database)  # type: ignore[arg-type]
    app.config.update(WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)

    @app.get("/seen")
    @public
    def seen() -> dict[str, str | None]:
        return {"host": request.host, "scheme": request.scheme, "client": request.remote_addr}

    return app


STRANGE = (
    "evil.example", "localhost.evil.example", "evil.example:8000", "127.0.0.1.evil.example", "127.0.0.2", "[::1]",
    "support.meridiana.example@evil.example", "localhost, evil.example", "xlocalhost", "", "local host", "%6cocalhost",
)  # fmt: skip


def test_a_host_name_that_is_not_ours_is_refused(app: Flask, cast: Cast) -> None:
    for host in STRANGE:
        for path in ("/", "/plans", "/no-such-page", "/settings", "/search?q=x"):
            answer = app.test_client().get(path, headers={"Host": host})
            assert (host, path, answer.status_code) == (host, path, 400)
            assert answer.headers["Cache-Control"] == "no-store"
            assert host not in answer.text or not host
            assert app.test_client().post(path, headers={"Host": host}).status_code == 400


def test_the_hosts_of_the_settings_are_answered(settings: Settings, database: Database) -> None:
    named = replace(settings, base_url="https://support.meridiana.example")
    assert allowed_hosts(named) == ["127.0.0.1", "localhost", "support.meridiana.example"]
    chosen = made(settings, database, hosts=("help.meridiana.example",), base_url="https://support.meridiana.example")
    answers = {host: chosen.test_client().get("/seen", headers={"Host": host}).status_code for host in
               ("help.meridiana.example", "help.meridiana.example:443", "support.meridiana.example")}  # fmt: skip
    assert answers == {
        "help.meridiana.example": 200,
        "help.meridiana.example:443": 200,
        "support.meridiana.example": 400,
    }


FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "444",
    "X-Forwarded-Prefix": "/evil",
    "X-Real-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9;host=evil.example;proto=https",
    "X-Forwarded-Scheme": "https",
    "X-Forwarded-Ssl": "on",
    "X-Original-URL": "/staff/",
    "X-Rewrite-URL": "/staff/",
    "X-HTTP-Method-Override": "POST",
}


def test_by_default_nothing_forged_changes_anything(settings: Settings, database: Database) -> None:
    client = made(settings, database).test_client()
    assert client.get("/seen", headers=FORGED).json == client.get("/seen").json
    assert client.get("/seen").json == {"host": "localhost", "scheme": "http", "client": "127.0.0.1"}


def test_with_one_proxy_the_last_hop_speaks(settings: Settings, database: Database) -> None:
    app = made(settings, database, trusted_proxies=1, base_url="https://support.meridiana.example")
    headers = {
        "X-Forwarded-For": "203.0.113.9, 192.0.2.7",
        "X-Forwarded-Host": "evil.example, support.meridiana.example",
        "X-Forwarded-Proto": "http, https",
    }
    seen = app.test_client().get("/seen", headers=headers).json
    assert seen == {"host": "support.meridiana.example", "scheme": "https", "client": "192.0.2.7"}
    refused = app.test_client().get("/seen", headers={**headers, "X-Forwarded-Host": "evil.example"})
    assert refused.status_code == 400
    without = app.test_client().get("/seen", headers={"X-Forwarded-Prefix": "/evil", "X-Forwarded-Port": "444"}).json
    assert without == {"host": "localhost", "scheme": "http", "client": "127.0.0.1"}


@pytest.mark.parametrize(("proxies", "statuses"), [(0, [400] * 3 + [429] * 3), (1, [400] * 6)])
def test_a_forged_client_address_gets_no_further_guesses(
    settings: Settings, database: Database, cast: Cast, proxies: int, statuses: list[int]
) -> None:
    """Behind a trusted proxy the last address counts, and those differ; without one the header is nothing."""
    client = made(settings, database, trusted_proxies=proxies, limit_sign_in_ip=3).test_client()
    found = []
    for number in range(6):
        data = {"email": f"nobody-{number}@xtreme.example", "password": "wrong-password"}
        headers = {"X-Forwarded-For": f"203.0.113.{number}"}
        found.append(client.post("/sign-in", data=data, headers=headers).status_code)
    assert found == statuses


def test_an_absurd_client_address_is_stored_short(settings: Settings, database: Database, with_passwords: Cast) -> None:
    client = made(settings, database, trusted_proxies=1).test_client()
    data = {"email": "anna@xtreme.example", "password": PASSWORD}
    answer = client.post("/sign-in", data=data, headers={"X-Forwarded-For": "x" * 3000, "User-Agent": "y" * 3000})
    assert answer.status_code == 302
    with database.read() as session:
        row = session.scalars(select(LoginSession)).one()
    assert (len(row.ip), len(row.user_agent)) == (45, 300)
