"""W5: every answer carries its protection, whatever its status and whoever made it."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sportello.core.db import Database
from sportello.core.errors import Unavailable
from sportello.core.settings import Settings
from sportello.portal.app import create_app
from sportello.web.access import public
from tests.gating.sites import Site
from tests.people import Cast
from tests.web.routes import readable_addresses

EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SHARED = {"/sitemap.xml", "/kb/feed.atom", "/opensearch.xml", "/favicon.ico", "/accent.css", "/logo"}
"""The same for everybody: others may keep them."""
STYLE_SHEET = re.compile(r'<link[^>]+rel="stylesheet"[^>]+href="([^"]+)"')


def directives(policy: str) -> dict[str, list[str]]:
    parts = [directive.split() for directive in policy.split(";")]
    return {part[0]: part[1:] for part in parts if part}


def problems(answer: TestResponse) -> list[str]:
    """What is missing or wrong in the headers of an answer."""
    headers = answer.headers
    found = [f"{name}: {headers.get(name)}" for name, value in EXPECTED.items() if headers.get(name) != value]
    policy = directives(headers.get("Content-Security-Policy", ""))
    if policy.get("default-src") != ["'none'"] or policy.get("base-uri") != ["'none'"]:
        found.append(f"policy begins with {policy.get('default-src')}, {policy.get('base-uri')}")
    if policy.get("frame-ancestors") != ["'none'"] or policy.get("form-action") not in (["'self'"], ["'none'"]):
        found.append("frames or forms")
    wild = {source for sources in policy.values() for source in sources} - {"'self'", "'none'"}
    if wild:
        found.append(f"policy allows {wild}")
    if "Access-Control-Allow-Origin" in headers:
        found.append("open to other origins")
    if answer.status_code >= 400 and headers.get("Cache-Control") != "no-store":
        found.append(f"error kept: {headers.get('Cache-Control')}")
    for name in ("Server", "X-Powered-By"):
        if name in headers:
            found.append(f"{name} tells {headers[name]}")
    return found


@pytest.mark.parametrize("name", ["anonymous", "anna", "ada"])
def test_every_route_protects_its_answer(site: Site, browser: Callable[[str], FlaskClient], name: str) -> None:
    client, wrong = browser(name), {}
    for address in readable_addresses(site):
        for method in ("GET", "PUT") if "?" in address or "/kb/" in address else ("GET", "HEAD", "POST", "OPTIONS"):
            answer = client.open(address, method=method)
            found = problems(answer)
            kept = answer.headers.get("Cache-Control", "")
            path = address.partition("?")[0]
            promise = "private" if name == "anonymous" else "no-store"
            if method in ("GET", "HEAD") and path not in SHARED and promise not in kept and "no-store" not in kept:
                found.append(f"may be kept: {kept}")
            if path in SHARED and answer.status_code == 200 and "Set-Cookie" in answer.headers:
                found.append("a shared answer sets a cookie")
            if found:
                wrong[f"{method} {address} {answer.status_code}"] = found
            answer.close()
    assert wrong == {}


def test_signed_in_pages_are_not_stored_anywhere(browser: Callable[[str], FlaskClient]) -> None:
    for address in ("/", "/plans", "/kb", "/search?q=invoice", "/settings", "/organisation", "/sign-in"):
        assert browser("anna").get(address).headers["Cache-Control"] == "private, no-store", address
    assert browser("anonymous").get("/plans").headers["Cache-Control"] == "private, no-cache"


@pytest.fixture
def failing(settings: Settings, database: Database, cast: Cast) -> Flask:
    """The application with two pages that fail, a limit of one search a second, and small bodies."""
    app = create_app(replace(settings, limit_search_ip=1, max_body_kib=4), database)
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.get("/broken")
    @public
    def broken() -> str:
        raise RuntimeError("a secret detail")

    @app.get("/away")
    @public
    def away() -> str:
        raise Unavailable(retry_after=7)

    return app


def _statuses(client: FlaskClient) -> dict[int, TestResponse]:
    css = client.application.jinja_env.globals["static_url"]("css/sportello.css")
    searches = [client.get("/search?q=x") for _ in range(6)]
    answers = [
        client.get("/broken"),
        client.get("/away"),
        client.get("/no-such-page"),
        client.put("/plans"),
        client.post("/sign-in", data={"email": "x" * 5000}),
        client.post("/sign-in", data={"email": "x"}),
        client.get("/settings"),
        client.get("/kb//all"),
        client.get(css),
        client.get(css, headers={"If-None-Match": client.get(css).headers["ETag"]}),
        client.get(css, headers={"Range": "bytes=0-3"}),
        client.get(css, headers={"Range": "bytes=99999999-"}),
        client.get(css + "x"),
        client.post(css),
        *searches,
    ]
    return {answer.status_code: answer for answer in answers if not problems(answer)} | {
        -answer.status_code: answer for answer in answers if problems(answer)
    }


def test_every_kind_of_error_and_file_protects_its_answer(failing: Flask) -> None:
    found = _statuses(failing.test_client())
    assert sorted(found) == [200, 206, 302, 304, 308, 400, 404, 405, 413, 416, 429, 500, 503]
    assert 1 <= int(found[429].headers["Retry-After"]) <= 60
    assert found[503].headers["Retry-After"] == "7"
    assert "secret" not in found[500].text
    assert "Traceback" not in found[500].text


def test_static_files_may_be_kept_for_ever_because_their_address_changes_with_them(failing: Flask) -> None:
    client = failing.test_client()
    css = failing.jinja_env.globals["static_url"]("css/sportello.css")
    answer = client.get(css, headers={"Accept-Encoding": "br"})
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Encoding"] == "br"
    assert "Set-Cookie" not in answer.headers


def test_no_file_outside_the_folder_is_served(failing: Flask) -> None:
    client = failing.test_client()
    version = failing.jinja_env.globals["static_url"]("").rstrip("/")
    for path in ("/../../sportello.sqlite", "/..%2f..%2fsportello.sqlite", "/%2e%2e/%2e%2e/sportello.sqlite", "/",
                 "/css", "/css/", "//etc/passwd", "/.env", "/css/..%5c..%5cx", "/css/sportello.css.br/"):  # fmt: skip
        for address in (version + path, "/static" + path):
            assert client.get(address).status_code in (404, 308), address


def test_style_sheets_ask_for_nothing_that_the_policy_refuses(
    site: Site, browser: Callable[[str], FlaskClient]
) -> None:
    """A refused picture is a complaint in the console of whoever looks before our rules replace the vendor's."""
    client = browser("anonymous")
    sheets = STYLE_SHEET.findall(client.get("/").text)
    assert len(sheets) >= 2
    for address in sheets:
        assert not re.findall(r"url\(\s*[\"']?(?:data:|https?:|//)", client.get(address).text), address
