"""D3: a body larger than allowed is refused, with and without a length, whatever it is made of."""

import io
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sportello.core.db import Database
from sportello.core.settings import Settings
from sportello.portal.app import create_app
from tests.browsing import client_for
from tests.people import Cast
from tests.web.routes import unsafe_routes

KIB = 1024
FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=x"


@pytest.fixture
def client(settings: Settings, database: Database, cast: Cast) -> FlaskClient:
    app: Flask = create_app(replace(settings, max_body_kib=64), database)
    app.config.update(WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    return client_for(app, cast.anna)


class Endless(io.RawIOBase):
    """A body that never ends; counts what was read of it."""

    def __init__(self, start: bytes = b"name=") -> None:
        self.given, self._start = 0, start

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        piece = self._start[: len(buffer)] or b"a" * len(buffer)
        self._start = self._start[len(piece) :]
        buffer[: len(piece)] = piece
        self.given += len(piece)
        return len(piece)


def part(name: str, value: str) -> str:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


@pytest.mark.parametrize("size", [64 * KIB + 1, 10 * 1024 * KIB])
@pytest.mark.parametrize("kind", [FORM, PARTS])
def test_a_body_over_the_limit_is_refused_by_its_length(client: FlaskClient, size: int, kind: str) -> None:
    answer = client.post("/settings", data=b"a" * size, content_type=kind)
    assert answer.status_code == 413
    assert "larger than this site accepts" in answer.text


def test_a_body_at_the_limit_is_read(client: FlaskClient) -> None:
    """The counter-proof: the form answers, that the name is too long."""
    body = b"name=" + b"a" * (64 * KIB - 5)
    assert client.post("/settings", data=body, content_type=FORM).status_code in (200, 400)


@pytest.mark.parametrize("kind", [FORM, PARTS, "text/plain", "application/json", ""])
def test_a_body_without_a_length_is_read_no_further_than_the_limit(client: FlaskClient, kind: str) -> None:
    """As the server hands over a chunked body: nobody knows how long it will be."""
    body = Endless(part("name", "")[:-2].encode() if kind == PARTS else b"name=")
    environ = {
        "wsgi.input": io.BufferedReader(body),
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    answer = client.post("/settings", content_type=kind or None, environ_overrides=environ)
    assert answer.status_code == (413 if kind in (FORM, PARTS) else 302), "what is no form is not read"
    assert body.given <= 256 * KIB


def test_ten_thousand_parts_are_refused_at_once(settings: Settings, database: Database, cast: Cast) -> None:
    """Within the size that is allowed: it is their number."""
    app = create_app(settings, database)
    app.config.update(WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    body = "".join(part(f"p{number}", "1") for number in range(10_000)) + "--x--\r\n"
    assert len(body) < settings.max_body_kib * KIB
    client = client_for(app, cast.anna)
    started = time.perf_counter()
    assert client.post("/settings", data=body, content_type=PARTS).status_code == 413
    assert time.perf_counter() - started < 4


def test_many_tiny_fields_are_refused_before_they_are_parsed(
    settings: Settings, database: Database, cast: Cast
) -> None:
    app = create_app(settings, database)
    app.config.update(WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    client = client_for(app, cast.anna)
    for body in (b"a&" * 500_000, b"a=1&" * 250_000, b"%00&" * 250_000, b"&" * 1_000_000, b"a&" * 1000):
        started = time.perf_counter()
        assert client.post("/preferences", data=body, content_type=FORM).status_code == 413, body[:8]
        assert time.perf_counter() - started < 4, body[:8]
    assert client.post("/preferences", data=b"a&" * 999, content_type=FORM).status_code == 302
    assert client.post("/preferences", data=b"=" * 1_000_000, content_type=FORM).status_code == 302


@pytest.mark.parametrize("name", ["anonymous", "anna", "ada"])
def test_no_route_reads_more_than_it_may(app: Flask, sign_in: Callable[[str], FlaskClient], name: str) -> None:
    client, big = sign_in(name), b"a=" + b"a" * (1024 * KIB + 1)
    for method, address in unsafe_routes(app):
        answer = client.open(address, method=method, data=big, content_type=FORM)
        assert answer.status_code in (302, 404, 413), address


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"--x\r\n", PARTS),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--", PARTS),
        (b"--x\r\nContent-Disposition: form-data; name*=utf-8''%ff\r\n\r\n\xff\r\n--x--", PARTS),
        (b"\xff\xfe\x00", PARTS),
        (b"a", "multipart/form-data"),
        (b"a", "multipart/form-data; boundary=" + "y" * 5000),
        (b"%ff%fe=%80", FORM),
        (b"{", "application/json"),
        (b'{"name": 5}', "application/json"),
        (b'[["name", {}]]', "application/json"),
        (b"a=1", "application/x-www-form-urlencoded; charset=utf-7"),
        (b"--x\r\nContent-Disposition: form-data; name=name; filename=a\r\n\r\n1\r\n--x--", PARTS),
    ],
)
def test_a_broken_body_is_no_fault_of_ours(client: FlaskClient, body: bytes, kind: str) -> None:
    assert client.post("/settings", data=body, content_type=kind).status_code in (302, 400, 413)
