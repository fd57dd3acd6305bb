"""Systems of customers on loopback that answer as they like: well, slowly, endlessly, elsewhere, or not at all."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

LOOPBACK = ("127.0.0.0/8", "::1/128")
"""What a site must be allowed so that these may be called."""
Behaviour = Callable[[socket.socket, threading.Event], None]


@dataclass
class Request:
    """What arrived."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class System:
    """A server; `behaviour` answers the next requests. `connections` counts also those that say nothing."""

    port: int = 0
    behaviour: Behaviour = lambda connection, over: None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?from=sportello"


def answering(status: str = "200 OK", body: bytes = b"thanks", *headers: str) -> Behaviour:
    """A well-behaved answer."""

    def answer(connection: socket.socket, over: threading.Event) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        connection.sendall("\r\n".join(lines).encode() + body)

    return answer


def trickling(begin: bytes, piece: bytes = b"a", every: float = 0.05) -> Behaviour:
    """A little now and then, for ever: each packet is in time, the whole never."""

    def answer(connection: socket.socket, over: threading.Event) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(begin)
            while not over.wait(every):
                connection.sendall(piece)

    return answer


def pouring(begin: bytes) -> Behaviour:
    """As much as the line takes, for ever."""
    return trickling(begin, b"x" * 65536, 0)


def silent(connection: socket.socket, over: threading.Event) -> None:
    """Takes the request and says nothing."""
    over.wait(30)


def rude(connection: socket.socket, over: threading.Event) -> None:
    """Something that is not HTTP."""
    connection.sendall(b"220 mail.example ESMTP\r\n")


@contextlib.contextmanager
def system(behaviour: Behaviour, host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> Iterator[System]:
    """A system that listens until the block ends."""
    over, made = threading.Event(), System(behaviour=behaviour)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.bind((host, 0))
        listener.listen(20)
        made.port = listener.getsockname()[1]
        thread = threading.Thread(target=_listen, args=(listener, made, over, context), daemon=True)
        thread.start()
        try:
            yield made
        finally:
            over.set()
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def _listen(listener: socket.socket, made: System, over: threading.Event, context: ssl.SSLContext | None) -> None:
    while not over.is_set():
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        made.connections += 1
        threading.Thread(target=_serve, args=(connection, made, over, context), daemon=True).start()


def _serve(raw: socket.socket, made: System, over: threading.Event, context: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError), contextlib.closing(raw):
        connection = context.wrap_socket(raw, server_side=True) if context else raw
        with contextlib.closing(connection):
            _answer(connection, made, over)


def _answer(connection: socket.socket, made: System, over: threading.Event) -> None:
    reader = connection.makefile("rb")
    if not (line := reader.readline().decode().strip()):
        return  # a caller who hung up
    headers: dict[str, str] = {}
    while (header := reader.readline().decode().strip()) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    body = reader.read(int(headers.get("content-length", "0")))
    made.requests.append(Request(line, headers, body))
    made.behaviour(connection, over)
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
