"""One call: to the address that was checked, within its time, whatever the system at the other end does."""

import base64
import hashlib
import hmac
import os
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from sportello.notifications.calls import post as posting
from sportello.notifications.calls import sign
from sportello.notifications.calls.hosts import NotCallable, Target, check
from sportello.notifications.calls.post import CallFailed, post
from tests.notifications.systems import LOOPBACK, answering, pouring, rude, silent, system, trickling

BODY = b'{"type":"test"}'


def to(port: int, **changes: object) -> Target:
    values: dict[str, object] = {"scheme": "http", "host": "127.0.0.1", "port": port, "path": "/hook"}
    return Target(**{**values, "addresses": ("127.0.0.1",), **changes})  # type: ignore[arg-type]


def test_the_signature_is_that_of_the_standard() -> None:
    """The example of the specification."""
    secret, message = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    made = sign.signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, message)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_every_secret_is_new_and_long_enough() -> None:
    secrets = {sign.new_secret() for _ in range(50)}
    assert len(secrets) == 50
    assert all(len(base64.b64decode(secret.removeprefix("whsec_"))) == 32 and len(secret) <= 80 for secret in secrets)


def test_a_call_brings_the_body_and_what_proves_it() -> None:
    secret = sign.new_secret()
    with system(answering()) as there:
        target = check(there.url, LOOPBACK)
        answer = post(target, BODY, {"Content-Type": "application/json", **sign.headers([secret], "msg_1", 1700, BODY)})
    assert (answer.status, answer.body) == (200, b"thanks")
    [request] = there.requests
    assert (request.line, request.body) == ("POST /hook?from=sportello HTTP/1.1", BODY)
    assert request.headers["host"] == f"127.0.0.1:{there.port}"
    assert request.headers["content-type"] == "application/json"
    assert {"cookie", "authorization"}.isdisjoint(request.headers)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = hmac.new(key, b"msg_1.1700." + BODY, hashlib.sha256).digest()
    assert request.headers["webhook-signature"] == "v1," + base64.b64encode(expected).decode()
    assert (request.headers["webhook-id"], request.headers["webhook-timestamp"]) == ("msg_1", "1700")


def test_the_checked_address_is_the_connected_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that was public when it was checked and leads inside a moment later: it is not asked for a second time."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: str, *args: object, **kwargs: object) -> object:
        asked.append(host)
        return real("127.0.0.2" if asked.count("rebind.example") > 1 else "127.0.0.1", *args, **kwargs)  # type: ignore[arg-type]

    with system(answering()) as first, system(answering(), "127.0.0.2") as second:
        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        target = check(f"http://rebind.example:{first.port}/", LOOPBACK)
        post(target, BODY, {})
        assert asked.count("rebind.example") == 1
    assert (first.connections, second.connections) == (1, 0)
    assert first.requests[0].headers["host"] == f"rebind.example:{first.port}"


def test_a_name_that_turned_private_before_the_call_is_not_connected_to() -> None:
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])
    with system(answering()) as there:
        url = f"https://rebind.example:{there.port}/"
        resolve = lambda host, port: next(answers)  # noqa: E731
        check(url, resolve=resolve)
        with pytest.raises(NotCallable):
            check(url, resolve=resolve)
    assert there.connections == 0


def test_no_proxy_of_the_surroundings_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with system(answering()) as there, system(answering()) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        post(check(there.url, LOOPBACK), BODY, {})
    assert (there.connections, proxy.connections) == (1, 0)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_an_answer_and_is_not_followed(status: str) -> None:
    with system(answering()) as inside:
        elsewhere = answering(status, b"", f"Location: http://127.0.0.1:{inside.port}/latest/meta-data")
        with system(elsewhere) as there:
            assert post(check(there.url, LOOPBACK), BODY, {}).status == int(status[:3])
    assert (there.connections, inside.connections) == (1, 0)


OK = b"HTTP/1.1 200 OK\r\n"
SLOW = {
    "says nothing": silent,
    "trickles its status": trickling(b"HTTP/1.1 2"),
    "trickles a header": trickling(OK + b"X-Slow: "),
    "trickles headers": trickling(OK, b"X: 1\r\n"),
    "says to go on for ever": trickling(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.001),
}


@pytest.mark.parametrize("how", SLOW)
def test_a_system_that_is_slow_is_left_when_the_time_is_over(how: str) -> None:
    with system(SLOW[how]) as there:
        began = time.monotonic()
        with pytest.raises(CallFailed) as failed:
            post(check(there.url, LOOPBACK), BODY, {}, seconds=0.6)
        assert time.monotonic() - began < 3
    assert str(failed.value) == posting.TOO_SLOW


def test_a_body_that_trickles_ends_with_the_time_and_the_status_stands() -> None:
    with system(trickling(OK + b"Content-Length: 100000\r\n\r\n")) as there:
        began = time.monotonic()
        assert post(check(there.url, LOOPBACK), BODY, {}, seconds=0.6).status == 200
        assert time.monotonic() - began < 3


HUGE = {
    "of known length": OK + b"Content-Length: 99999999999\r\n\r\n",
    "without a length": OK + b"\r\n",
    "said to be compressed": OK + b"Content-Encoding: gzip\r\nContent-Length: 99999999999\r\n\r\n",
}


@pytest.mark.parametrize("how", HUGE)
def test_of_a_huge_answer_only_the_beginning_is_read(how: str) -> None:
    with system(pouring(HUGE[how])) as there:
        began = time.monotonic()
        answer = post(check(there.url, LOOPBACK), BODY, {}, seconds=5)
        assert time.monotonic() - began < 3
    assert (answer.status, len(answer.body)) == (200, posting.READ_BYTES)


@pytest.mark.parametrize("begin", [b"HTTP/1.1 200 " + b"o" * 70000, OK + b"X: " + b"y" * 70000, OK + b"X: 1\r\n" * 500])
def test_endless_headers_are_no_answer(begin: bytes) -> None:
    with system(pouring(begin)) as there, pytest.raises(CallFailed, match="not HTTP"):
        post(check(there.url, LOOPBACK), BODY, {}, seconds=5)


def test_what_is_not_http_or_nobody_is_told_in_a_sentence_without_addresses() -> None:
    with system(rude) as there, pytest.raises(CallFailed) as odd:
        post(check(there.url, LOOPBACK), BODY, {}, seconds=5)
    with pytest.raises(CallFailed) as nobody:
        post(to(there.port), BODY, {}, seconds=5)
    assert (str(odd.value), str(nobody.value)) == (posting.NO_HTTP, posting.NO_CONNECTION)
    with system(lambda connection, over: None) as there, pytest.raises(CallFailed):  # hangs up
        post(check(there.url, LOOPBACK), BODY, {}, seconds=5)


def test_the_next_checked_address_is_tried_when_the_first_takes_no_connection() -> None:
    with system(answering(), "127.0.0.3") as there:
        target = to(there.port, addresses=("127.0.0.2", "127.0.0.3"))
        assert post(target, BODY, {}).status == 200


def test_a_system_may_say_when_to_come_again() -> None:
    for header, seconds in (
        ("120", 120),
        ("999999999", posting.LONGEST_WAIT),
        ("-1", None),
        ("soon", None),
        ("²", None),
    ):
        with system(answering("503 Away", b"", f"Retry-After: {header}")) as there:
            assert post(check(there.url, LOOPBACK), BODY, {}).retry_after == seconds


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of `hooks.example`, made now, and its key: one PEM file."""
    folder = tmp_path_factory.mktemp("certificate")
    made = folder / "hooks.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=hooks.example"
    )
    names = ["-addext", "subjectAltName=DNS:hooks.example", "-keyout", str(made), "-out", str(folder / "only.pem")]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    made.write_bytes(made.read_bytes() + (folder / "only.pem").read_bytes())
    return made


def serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_the_certificate_must_be_of_the_name_that_was_typed_not_of_the_address(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "SSL_CERT_FILE", str(certificate))
    with system(answering(), context=serving(certificate)) as there:
        right = to(there.port, scheme="https", host="hooks.example")
        assert post(right, BODY, {}).status == 200
        for wrong in ("other.example", "127.0.0.1"):
            with pytest.raises(CallFailed) as refused:
                post(to(there.port, scheme="https", host=wrong), BODY, {})
            assert str(refused.value) == posting.NO_TRUST
    assert [request.headers["host"] for request in there.requests] == [f"hooks.example:{there.port}"]


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    with system(answering(), context=serving(certificate)) as there, pytest.raises(CallFailed) as refused:
        post(to(there.port, scheme="https", host="hooks.example"), BODY, {})
    assert str(refused.value) == posting.NO_TRUST
    assert there.requests == []


def test_a_handshake_that_never_ends_is_left() -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        target = to(mute.getsockname()[1], scheme="https", host="hooks.example")
        began = time.monotonic()
        with pytest.raises(CallFailed) as failed:
            post(target, BODY, {}, seconds=0.6)
    assert time.monotonic() - began < 3
    assert str(failed.value) == posting.TOO_SLOW
