"""One call to a checked target: to an address that was checked, within a time, reading little of the answer.

No redirect is followed, no proxy and no cookie used, nothing is unpacked. A socket's timeout begins anew with every
packet, so a clock of our own ends a call that trickles.
"""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError, SSLError
from urllib3.util.ssl_match_hostname import CertificateError

from sportello.core.errors import N_
from sportello.notifications.calls.hosts import Target

SECONDS = 10.0
CONNECT_SECONDS = 5.0
READ_BYTES = 2048  # of an answer
LONGEST_WAIT = 86_400  # seconds that an answer may ask us to wait
TOO_SLOW = N_("No complete answer within 10 seconds.")
NO_CONNECTION = N_("No connection: the system is off, or refuses us.")
NO_TRUST = N_("The encrypted connection failed: the certificate is not valid for this name, or TLS is too old.")
NO_HTTP = N_("The answer is not HTTP, or broke off.")

# The last two are what a connection raises whose socket was ended under its hands.
_BROKEN = (HTTPError, http.client.HTTPException, OSError, ValueError, AttributeError)


class CallFailed(Exception):
    """No answer; the message is a sentence for the log, without addresses."""


@dataclass(frozen=True)
class Answer:
    """What the system answered: `body` is its beginning. `retry_after` in seconds, if it asked for that."""

    status: int
    body: bytes
    retry_after: int | None = None


class _Clock:
    """Ends the sockets of a call when its time is over, whatever they wait for."""

    def __init__(self, seconds: float) -> None:
        self.ends, self.rung = time.monotonic() + seconds, False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._ring)
        self._timer.daemon = True

    def left(self) -> float:
        return max(0.001, self.ends - time.monotonic())

    def watch(self, connected: socket.socket) -> socket.socket:
        """A copy of the descriptor is kept: TLS takes the socket itself away."""
        with self._lock:
            self._sockets.append(connected.dup())
        return connected

    def _ring(self) -> None:
        with self._lock:
            self.rung = True
            for each in self._sockets:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "_Clock":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            for each in self._sockets:
                each.close()
            self._sockets = []


class _Watched(HTTPConnection):
    clock: _Clock

    def _new_conn(self) -> socket.socket:
        return self.clock.watch(super()._new_conn())


class _WatchedTLS(HTTPSConnection):
    clock: _Clock

    def _new_conn(self) -> socket.socket:
        return self.clock.watch(super()._new_conn())


def post(target: Target, body: bytes, headers: Mapping[str, str], seconds: float = SECONDS) -> Answer:
    """POST `body` to the first address of `target` that takes a connection. Raises CallFailed."""
    with _Clock(seconds) as clock:
        try:
            with contextlib.closing(_connected(target, clock)) as connection:
                return _ask(connection, target, body, headers, clock)
        except _BROKEN as error:
            raise CallFailed(_reason(error, clock)) from error


def _connected(target: Target, clock: _Clock) -> _Watched | _WatchedTLS:
    """A connection to one of the checked addresses: the name is not asked for again, only the certificate names it."""
    failure: Exception = TimeoutError()
    for address in target.addresses:
        connection = _connection(target, address, clock)
        try:
            connection.connect()
            return connection
        except _BROKEN as error:
            connection.close()
            failure = error
            if _about_tls(error) or time.monotonic() >= clock.ends:
                break
    raise failure


def _connection(target: Target, address: str, clock: _Clock) -> _Watched | _WatchedTLS:
    timeout = min(CONNECT_SECONDS, clock.left())
    connection: _Watched | _WatchedTLS
    if target.scheme == "https":
        connection = _WatchedTLS(
            address,
            target.port,
            timeout=timeout,
            cert_reqs="CERT_REQUIRED",
            server_hostname=target.host,
            assert_hostname=target.host,
        )
    else:
        connection = _Watched(address, target.port, timeout=timeout)
    connection.clock = clock
    return connection


def _ask(connection: HTTPConnection, target: Target, body: bytes, headers: Mapping[str, str], clock: _Clock) -> Answer:
    connection.timeout = clock.left()
    asked = {
        "Host": target.authority,
        "User-Agent": "Sportello-Webhook/1",
        "Accept-Encoding": "identity",
        "Connection": "close",
        **headers,
    }
    connection.request("POST", target.path, body=body, headers=asked, preload_content=False, decode_content=False)
    response = connection.getresponse()
    if clock.rung:  # headers that were cut off look like all of them
        raise TimeoutError
    try:
        return Answer(response.status, _beginning(response), _wait(response.headers.get("Retry-After")))
    finally:
        response.close()


def _beginning(response: Any) -> bytes:
    """The first bytes of the body; if it breaks off, the status stands all the same."""
    try:
        return bytes(response.read(READ_BYTES, decode_content=False))
    except _BROKEN:
        return b""


def _wait(header: str | None) -> int | None:
    """Seconds of a Retry-After header; a date is not read."""
    text = (header or "").strip()
    return min(int(text), LONGEST_WAIT) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _about_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError | SSLError | CertificateError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _reason(error: Exception, clock: _Clock) -> str:
    if clock.rung or isinstance(error, TimeoutError) or "timed out" in str(error):
        return TOO_SLOW
    if _about_tls(error):
        return NO_TRUST
    if isinstance(error, ConnectionRefusedError | NewConnectionError):
        return NO_CONNECTION
    return NO_HTTP
