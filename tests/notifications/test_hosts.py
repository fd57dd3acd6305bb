"""Which addresses may be called: nothing that only the site's own machine can reach, however it is written."""

import ipaddress
import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sportello.core.settings import Settings, SettingsError
from sportello.notifications.calls import hosts
from sportello.notifications.calls.hosts import NotCallable, check, is_public

PUBLIC = "93.184.216.34"
PRIVATE = [
    "127.0.0.1", "127.8.9.10", "0.0.0.0", "0.1.2.3", "10.0.0.7", "172.16.3.4", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "169.254.1.1", "192.0.0.8", "198.18.0.1", "192.0.2.5", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "100.100.100.200",
    "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "100::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.7", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "::127.0.0.1", "::7f00:1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1",
    "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]  # fmt: skip


def resolving(*addresses: str) -> hosts.Resolve:
    return lambda host, port: list(addresses)


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    written = f"[{address}]" if ":" in address else address
    with pytest.raises(NotCallable):
        check(f"https://{written}/hook")


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_resolves_there_is_refused_without_saying_where_it_leads(address: str) -> None:
    with pytest.raises(NotCallable) as refused:
        check("https://inner.customer.example/hook", resolve=resolving(address))
    assert address not in str(refused.value)


@pytest.mark.parametrize("address", PRIVATE)
def test_one_private_address_among_public_ones_is_enough_to_refuse(address: str) -> None:
    for found in ((PUBLIC, address), (address, PUBLIC)):
        with pytest.raises(NotCallable):
            check("https://both.customer.example/", resolve=resolving(*found))


def embeddings(address: ipaddress.IPv4Address) -> list[str]:
    """Ways to write an IPv4 address as an IPv6 one that leads to it."""
    number = int(address)
    return [
        f"::ffff:{address}",
        f"::{address}",
        str(ipaddress.IPv6Address((0x0064FF9B << 96) | number)),
        str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1)),
        str(ipaddress.IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF))),
    ]


@given(st.ip_addresses(v=4))
def test_what_is_not_public_stays_so_inside_another_address(address: ipaddress.IPv4Address) -> None:
    for written in embeddings(address):
        if not is_public(address):
            assert not is_public(ipaddress.ip_address(written)), written
            with pytest.raises(NotCallable):
                check(f"https://[{written}]/")


@given(st.ip_addresses(v=6))
def test_of_ipv6_only_global_unicast_is_public(address: ipaddress.IPv6Address) -> None:
    """Or what a gateway turns into public IPv4."""
    ranges = [ipaddress.ip_network(one) for one in ("2000::/3", "64:ff9b::/96", "::ffff:0:0/96")]
    assert any(address in network for network in ranges) or not is_public(address)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_taken_or_refused_and_never_breaks(text: str) -> None:
    for url in (text, f"https://{text}", f"https://{text}/hook", f"https://customer.example/{text}"):
        try:
            target = check(url, resolve=resolving(PUBLIC))
        except NotCallable:
            continue
        assert target.path.startswith("/")
        assert target.addresses == (PUBLIC,) or is_public(ipaddress.ip_address(target.host))


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2606:4700::1111", "2a00:1450:4001:81b::200e"])
def test_a_public_address_is_taken(address: str) -> None:
    target = check("https://System.Customer.example/hook?x=1&y=/../2", resolve=resolving(address, address))
    assert (target.scheme, target.host, target.port) == ("https", "system.customer.example", 443)
    assert (target.path, target.addresses) == ("/hook?x=1&y=/../2", (address,))
    assert target.authority == "system.customer.example"


@pytest.mark.parametrize(
    "host",
    [
        "2130706433", "017700000001", "0x7f000001", "0x7f.1", "127.1", "127.0.1", "0177.0.0.1", "0x7f.0.0.1",
        "127.0.0.01", "127.0.0.1.", "1.2.3", "1.2.3.4.5", "256.1.1.1", "0", "00", "0x", "customer.0x7f", "customer.1",
        "169.254.43518", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "[::ffff:7f00:1]", "[::1%25lo]",
        "[fe80::1%25eth0]", "[127.0.0.1]", "[v1.x]", "[]",
    ],
)  # fmt: skip
def test_numbers_that_resolvers_take_for_an_address_are_refused(host: str) -> None:
    """Whatever the machine's resolver makes of them, here even a public address."""
    with pytest.raises(NotCallable):
        check(f"https://{host}/hook", resolve=resolving(PUBLIC))


@pytest.mark.parametrize(
    "url",
    [
        "", "   ", "customer.example/hook", "//customer.example/", "/hook", "ftp://customer.example/", "file:///etc/passwd",
        "gopher://customer.example/", "javascript:alert(1)", "https://", "https:///hook", "https://customer.example:0/",
        "https://customer.example:99999/", "https://customer.example:x/", "https://customer.example\\@127.0.0.1/",
        "https://customer.example/\r\nX-Injected: 1", "https://customer.example/a b", "https://cust omer.example/",
        "https://customer.example/\x00", "https://customer.example/é", "https://ⓛocalhost/", "https://customer。example/",
        "https://user@customer.example/", "https://user:pass@customer.example/", "https://127.0.0.1@customer.example/",
        "https://customer.example/#x", "https://-a.example/", "https://a..example/", "https://.example/",
        "https://" + "a" * 64 + ".example/", "https://customer.example/" + "a" * 500, "https://*.example/",
        "https://customer.example%2f.other/", "https://[::1",
    ],
)  # fmt: skip
def test_what_parsers_may_disagree_about_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(NotCallable) as refused:
        check(url, resolve=resolving(PUBLIC))
    assert refused.value.field == "url"
    assert str(refused.value).endswith(".")


def test_plain_http_and_odd_ports_are_refused_on_the_public_internet() -> None:
    for url in ("http://customer.example/", "https://customer.example:25/", "https://customer.example:80/"):
        with pytest.raises(NotCallable):
            check(url, resolve=resolving(PUBLIC))
    assert check("https://customer.example:8443/", resolve=resolving(PUBLIC)).authority == "customer.example:8443"


def test_a_network_that_the_operator_names_may_be_called_by_plain_http_too() -> None:
    networks = ("10.20.0.0/16", "fd12:3456::/32")
    assert check("http://erp.inside.example/", networks, resolving("10.20.1.2")).port == 80
    assert check("http://[fd12:3456::7]:8080/", networks).authority == "[fd12:3456::7]:8080"
    assert check("http://erp.inside.example/", networks, resolving("::ffff:10.20.1.2")).host == "erp.inside.example"
    for elsewhere in (["10.21.0.1"], ["10.20.1.2", "10.21.0.1"], ["127.0.0.1"], ["::ffff:10.21.0.1"]):
        with pytest.raises(NotCallable):
            check("http://erp.inside.example/", networks, resolving(*elsewhere))
    with pytest.raises(NotCallable):  # one that is named and one that is public: not by plain HTTP
        check("http://erp.inside.example/", networks, resolving("10.20.1.2", PUBLIC))


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::254"])
def test_no_setting_opens_the_metadata_of_a_cloud(address: str) -> None:
    with pytest.raises(NotCallable):
        check("http://metadata.example/", ("0.0.0.0/0", "::/0"), resolving(address))


def test_a_name_that_nobody_knows_and_a_resolver_that_fails_are_told_apart_from_nothing_else() -> None:
    def failing(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    def odd(host: str, port: int) -> list[str]:
        raise UnicodeError("label too long")

    for resolve in (failing, odd, resolving()):
        with pytest.raises(NotCallable, match="no system called"):
            check("https://nobody.example/", resolve=resolve)


def test_a_resolver_that_hangs_does_not_hang_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "RESOLVE_SECONDS", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: time.sleep(1) or [])
    began = time.monotonic()
    with pytest.raises(NotCallable):
        check("https://slow.example/")
    assert time.monotonic() - began < 0.9


def test_the_machines_own_names_are_refused() -> None:
    """With the real resolver."""
    for host in ("localhost", "localhost.", "LOCALHOST"):
        with pytest.raises(NotCallable):
            check(f"https://{host}:8000/")


def test_the_setting_takes_networks_and_names_what_is_none() -> None:
    settings = Settings.from_env(
        {"SPORTELLO_ENVIRONMENT": "development", "SPORTELLO_WEBHOOK_NETWORKS": "10.20.0.0/16, fd12::/32"}
    )
    assert settings.webhook_networks == ("10.20.0.0/16", "fd12::/32")
    for bad in ("10.20.0.1/16", "inside", "10.20.0.0/33"):
        with pytest.raises(SettingsError, match="SPORTELLO_WEBHOOK_NETWORKS"):
            Settings.from_env({"SPORTELLO_ENVIRONMENT": "development", "SPORTELLO_WEBHOOK_NETWORKS": bad})
