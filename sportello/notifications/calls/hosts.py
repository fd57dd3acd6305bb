"""Which addresses of others may be called: public ones, and networks that the operator names.

A customer types the address, the site's machine calls it: without this rule it would call what only that machine can
reach (itself, its network, the metadata of its cloud). The name is resolved once, every address that it has is
checked, and the call goes to one of those, never to the name again (see `post`).
"""

import ipaddress
import queue
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from sportello.core.errors import N_, Invalid

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Iterable[str]]

MAX_URL = 500
RESOLVE_SECONDS = 5.0
DEFAULT_PORTS = {"https": 443, "http": 80}
FIRST_FREE_PORT = 1024  # below it there is HTTPS, and much that is not HTTP

NEVER = tuple(
    ipaddress.ip_network(network)
    for network in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32", "0.0.0.0/8", "::/128")
)
"""Link-local addresses and the metadata services of clouds, which no setting opens."""
_SPECIAL = tuple(
    ipaddress.ip_network(network) for network in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "3fff::/20")
)
"""Set aside for protocols and documentation (IANA special-purpose registries); Python's own list varies by version."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")
_COMPATIBLE = ipaddress.ip_network("::/96")
_UNICAST = ipaddress.ip_network("2000::/3")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)


class NotCallable(Invalid):
    """The address may not be called, or cannot be. What it resolves to is not said: names of inner networks are
    nobody's business."""

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message, field="url", **params)


@dataclass(frozen=True)
class Target:
    """An address that was checked. `addresses`: where it is; the call goes to one of these."""

    scheme: str
    host: str  # as the certificate names it; an address without brackets
    port: int
    path: str  # with the query
    addresses: tuple[str, ...]

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def check(url: str, networks: Sequence[str] = (), resolve: Resolve | None = None) -> Target:
    """The target of `url`, resolved now. `networks`: what may be called besides public addresses.

    Raises NotCallable, with a sentence for whoever typed it.
    """
    parts, port = _parts(url)
    host = _host(parts)
    found = [_parsed(text) for text in _resolved(host, port, resolve or system_resolve)]
    opened = [ipaddress.ip_network(network) for network in networks]
    if not found:
        raise NotCallable(N_("There is no system called “%(host)s”."), host=host)
    named = all(_within(address, opened) for address in found)
    if not named and not all(is_public(address) or _within(address, opened) for address in found):
        raise NotCallable(N_("This address is not on the public internet; the site does not call it."))
    if parts.scheme != "https" and not named:
        raise NotCallable(N_("The address must begin with https://, so that nobody on the way can read along."))
    if not named and port != DEFAULT_PORTS["https"] and port < FIRST_FREE_PORT:
        raise NotCallable(N_("Port %(port)s is not for webhooks; use 443, or one from 1024 up."), port=port)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, tuple(str(address) for address in found))


def is_public(address: IPAddress) -> bool:
    """Whether an address, and the one that is written inside it, are of the public internet."""
    return all(_is_public(one) for one in _with_embedded(address))


def _is_public(address: IPAddress) -> bool:
    if address.version == 6 and not (address in _UNICAST or address in _NAT64):
        return False
    reserved = address.version == 4 and address.is_reserved  # of IPv6 this says something else
    return address.is_global and not (address.is_multicast or reserved or _hit(address, (*NEVER, *_SPECIAL)))


def _within(address: IPAddress, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    """Named by the operator; an address inside an address counts, so that neither notation is a way around."""
    inner = list(_with_embedded(address))
    return _hit(inner[-1], networks) and not any(_hit(one, NEVER) for one in inner)


def _hit(address: IPAddress, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _with_embedded(address: IPAddress) -> Iterator[IPAddress]:
    """The address, and the IPv4 address that it leads to: mapped, compatible, 6to4, Teredo or by a NAT64 gateway."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    if address.ipv4_mapped:
        yield address.ipv4_mapped
        return
    yield address
    if address.sixtofour:
        yield address.sixtofour
    elif address.teredo:
        yield address.teredo[1]
    elif any(address in prefix for prefix in (_NAT64, _NAT64_LOCAL, _COMPATIBLE)) and not address.is_loopback:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


def _parts(url: str) -> tuple[SplitResult, int]:
    """The URL taken apart, and its port; parsers disagree about odd ones, so those are refused."""
    odd = NotCallable(N_("This is not a web address; one looks like https://system.example.com/hooks."))
    if len(url) > MAX_URL:
        raise NotCallable(N_("Use at most %(count)s characters."), count=MAX_URL)
    if not url.isascii() or "\\" in url or any(ord(character) < 33 or ord(character) == 127 for character in url):
        raise odd
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise odd from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or port == 0:
        raise odd
    if "@" in parts.netloc:
        raise NotCallable(N_("Leave out user and password: the signature proves who calls."))
    if "#" in url:
        raise NotCallable(N_("Leave out what follows “#”: it is never sent."))
    return parts, port or DEFAULT_PORTS[parts.scheme]


def _host(parts: SplitResult) -> str:
    """The host name, or an IP address in its one usual notation: no decimal, octal, hexadecimal or short one."""
    host = (parts.hostname or "").removesuffix(".")
    if "[" in parts.netloc:
        return str(_parsed(host))
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise NotCallable(N_("“%(host)s” is not the name of a system."), host=host)
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):  # to browsers and resolvers that ends an IPv4 address
        return str(_parsed(host))
    return host


def _parsed(text: str) -> IPAddress:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise NotCallable(N_("“%(host)s” is not the name of a system."), host=text) from None
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id:
        raise NotCallable(N_("This address is not on the public internet; the site does not call it."))
    return address


def _resolved(host: str, port: int, resolve: Resolve) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        return list(dict.fromkeys(resolve(host, port)))
    except (OSError, UnicodeError):
        raise NotCallable(N_("There is no system called “%(host)s”."), host=host) from None


def system_resolve(host: str, port: int) -> list[str]:
    """Addresses of a name as the machine's resolver gives them, in its order. Raises OSError, also when it is slow."""
    answer: queue.Queue[list[str] | OSError] = queue.Queue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.put([str(entry[4][0]) for entry in found])
        except (OSError, UnicodeError) as error:
            answer.put(error if isinstance(error, OSError) else OSError(str(error)))

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        found = answer.get(timeout=RESOLVE_SECONDS)
    except queue.Empty:
        raise OSError("the resolver did not answer") from None
    if isinstance(found, OSError):
        raise found
    return found
