"""W4 on the wire: limits are exact, say when to come back, and hold for all worker processes together."""

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlencode

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from sportello.core.db import Database
from sportello.core.settings import Settings
from tests import people
from tests.browser.live import LiveSite
from tests.databases import Databases
from tests.people import Cast
from tests.web.test_csrf import TOKEN

NOON = datetime(2026, 11, 20, 12, 0, 1, tzinfo=UTC)
MOZILLA = {"User-Agent": "Mozilla/5.0"}


def statuses(client: FlaskClient, address: str, times: int, ip: str = "192.0.2.1") -> list[int]:
    return [client.get(address, environ_overrides={"REMOTE_ADDR": ip}).status_code for _ in range(times)]


def test_the_limits_are_those_promised() -> None:
    defaults = Settings()
    assert (defaults.limit_sign_in_account, defaults.limit_sign_in_ip, defaults.limit_reset_daily) == (10, 100, 5)
    assert (defaults.limit_search_person, defaults.limit_search_ip) == (5, 30)


@pytest.mark.parametrize(("name", "count"), [("anna", 5), ("anonymous", 30)])
def test_one_search_too_many_waits_for_the_next_second(
    app: Flask, cast: Cast, sign_in: Callable[[str], FlaskClient], name: str, count: int
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client = sign_in(name)
        assert statuses(client, "/search?q=invoice", count + 1) == [200] * count + [429]
        refused = client.get("/search?q=invoice", environ_overrides={"REMOTE_ADDR": "192.0.2.1"})
        assert refused.headers["Retry-After"] == "1"
        assert refused.headers["Cache-Control"] == "no-store"
        others = statuses(client, "/search?q=invoice", 1, ip="192.0.2.2")
        assert others == [200 if name == "anonymous" else 429], "a person is limited wherever they are"
        assert client.get("/plans").status_code == 200, "only searching is limited"
        clock.shift(timedelta(seconds=1))
        assert statuses(client, "/search?q=invoice", 1) == [200]


def test_two_people_behind_one_address_do_not_share_their_searches(
    app: Flask, cast: Cast, sign_in: Callable[[str], FlaskClient]
) -> None:
    with time_machine.travel(NOON, tick=False):
        assert statuses(sign_in("anna"), "/search?q=invoice", 6) == [200] * 5 + [429]
        assert statuses(sign_in("piero"), "/search?q=invoice", 6) == [200] * 5 + [429]
        assert statuses(sign_in("anonymous"), "/search?q=invoice", 1) == [200]


def test_suggestions_come_faster_and_are_limited_too(
    app: Flask, cast: Cast, sign_in: Callable[[str], FlaskClient]
) -> None:
    with time_machine.travel(NOON, tick=False):
        found = Counter(statuses(sign_in("anna"), "/search/suggest?q=inv", 25))
        assert found == {200: 20, 429: 5}


def test_nobody_pesters_strangers_with_our_mails(
    app: Flask, with_passwords: Cast, sign_in: Callable[[str], FlaskClient]
) -> None:
    """Confirmations of a change of address and invitations go where somebody says: so many a day."""
    with time_machine.travel(NOON, tick=False):
        client = sign_in("anna")
        form = {"email-current": people.PASSWORD}
        asked = [
            client.post("/settings/security/email", data={**form, "email-email": f"stranger-{n}@else.example"})
            for n in range(6)
        ]
        assert [answer.status_code for answer in asked] == [302] * 5 + [429]
        assert int(asked[-1].headers["Retry-After"]) > 0
        guest = {"name": "Somebody", "language": "en"}
        invited = [
            client.post("/organisation/invite", data={**guest, "email": f"guest-{n}@else.example"}).status_code
            for n in range(51)
        ]
        assert invited == [302] * 50 + [429]


class Served:
    """The running site, asked over the network."""

    def __init__(self, live: LiveSite) -> None:
        self.port = live.port

    def ask(self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None) -> HTTPResponse:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body or None, {**MOZILLA, **(headers or {})})
        answer = connection.getresponse()
        answer.text = answer.read().decode()  # type: ignore[attr-defined]
        connection.close()
        return answer

    def guess(self, email: str) -> HTTPResponse:
        """A sign-in with a wrong password, from a fresh browser."""
        door = self.ask("GET", "/sign-in")
        cookie = (door.getheader("Set-Cookie") or "").partition(";")[0]
        found = TOKEN.search(door.text)  # type: ignore[attr-defined]
        assert found
        form = urlencode({"email": email, "password": "wrong-password", "csrf_token": found.group(1)})
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", "/sign-in", form, headers)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, _databases: Databases) -> Iterator[Served]:
    """A site of two web worker processes; an account has 10 guesses, a client address 25."""
    folder = tmp_path_factory.mktemp("served")
    url = _databases.empty()
    live = LiveSite(folder, database_url=url or "", limit_sign_in_ip="25", max_body_kib="64")
    live.run("migrate")
    database = Database(url or f"sqlite:///{folder / 'sportello.sqlite'}")
    with database.write() as session:
        people.make_cast(session)
    database.dispose()
    live.start()
    yield Served(live)
    live.stop()
    _databases.drop(url or "")


def in_one_window() -> None:
    """Wait for a new window of five minutes if this one is about to end."""
    if (left := 300 - time.time() % 300) < 45:
        time.sleep(left + 0.1)


@pytest.mark.slow
def test_two_workers_count_guesses_together_by_account_and_by_address(served: Served) -> None:
    """At N and N + 1, many at once: ten of an account, then what is left of the address's 25."""
    in_one_window()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(served.guess, ["anna@xtreme.example"] * 16))
        assert Counter(answer.status for answer in answers) == {400: 10, 429: 6}
        refused = next(answer for answer in answers if answer.status == 429)
        assert 1 <= int(refused.getheader("Retry-After") or 0) <= 300
        others = list(pool.map(served.guess, [f"nobody-{number}@xtreme.example" for number in range(20)]))
    assert Counter(answer.status for answer in others) == {400: 15, 429: 5}


@pytest.mark.slow
def test_addresses_and_headers_too_long_are_refused_and_the_workers_live(served: Served) -> None:
    for path in ("/search?q=" + "a" * 200_000, "/search?q=" + "%41" * 3000, "/" + "a" * 9000, "/kb/" + "a" * 4000):
        assert 400 <= served.ask("GET", path).status < 500, path[:30]
    for headers in ({"Cookie": "x" * 70_000}, {f"X-{n}": "y" for n in range(200)}, {"Host": "evil.example"}):
        assert 400 <= served.ask("GET", "/plans", headers=headers).status < 500
    assert served.ask("GET", "/search?q=" + "a" * 3900).status == 200
    assert served.ask("GET", "/plans").status == 200


RAW = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: a\x00b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
    b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"GET /\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\n" + b"8000\r\n" + b"a" * 0x8000 + b"\r\n",
)


@pytest.mark.slow
def test_what_is_no_proper_request_is_refused(served: Served) -> None:
    for number, raw in enumerate(RAW):
        body = raw
        if raw.endswith(b"a\r\n"):  # a chunked body that goes on and on: 320 KiB where 64 are allowed
            body += (b"8000\r\n" + b"a" * 0x8000 + b"\r\n") * 9 + b"0\r\n\r\n"
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
            connection.sendall(body)
            connection.settimeout(20)
            try:
                first = connection.recv(64)
            except OSError:
                first = b""
        status = first.split(b" ")[1] if first else b"closed"
        assert status in (b"closed", b"501") or status.startswith(b"4"), (number, first)
    assert served.ask("GET", "/plans").status == 200


@pytest.mark.slow
def test_the_served_site_says_nothing_of_its_software(served: Served) -> None:
    answer = served.ask("GET", "/plans")
    assert "python" not in (answer.getheader("Server") or "").lower()
    assert not any(digit in (answer.getheader("Server") or "") for digit in "0123456789")
    assert answer.getheader("X-Powered-By") is None
