"""W5: no page of anybody, in either language, carries a script or a style of its own: the policy would refuse it."""

from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from tests.gating.sites import Site
from tests.people import NAMES
from tests.web.routes import LANGUAGES, readable_addresses
from tests.web.test_csrf import token

ADDRESSES = {
    "href",
    "src",
    "action",
    "formaction",
    "srcset",
    "poster",
    "data",
    "cite",
    "background",
    "ping",
    "xlink:href",
}


class Inspector(HTMLParser):
    """Collects what the policy forbids, duplicate ids, and forms that would be refused."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self._inside = ""
        self._form: dict[str, bool] | None = None
        self._ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._inside = tag
        if tag in ("style", "iframe", "object", "embed", "base", "frame") or (tag == "script" and "src" not in values):
            self.problems.append(f"<{tag}>")
        if len(values) != len(attrs):
            self.problems.append(f"<{tag}> repeats an attribute")
        for name, value in values.items():
            if name.startswith("on") or name in ("style", "srcdoc"):
                self.problems.append(f"{name}= on <{tag}>")
            if name in ADDRESSES and urlsplit(value.strip()).scheme not in ("", "https", "http", "mailto", "tel"):
                self.problems.append(f"{name}={value}")
            if name in ("src", "action") and urlsplit(value).netloc:
                self.problems.append(f"{name} leaves the site: {value}")
        if (here := values.get("id")) and here in self._ids:
            self.problems.append(f"id {here} twice")
        self._ids.add(values.get("id", ""))
        if tag == "form":
            self._form = {"post": values.get("method", "").lower() == "post", "token": False, "sends": False}
        if tag in ("button", "input") and values.get("type", "submit") == "submit" and self._form:
            self._form["sends"] = True
        if tag == "input" and values.get("name", "").endswith("csrf_token") and self._form:
            self._form["token"] = bool(values.get("value"))

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""
        if tag == "form" and self._form is not None:
            if self._form["post"] and self._form["sends"] and not self._form["token"]:
                self.problems.append("a form that posts has no token")
            if self._form["token"] and not self._form["post"]:
                self.problems.append("a form that gets puts its token in the address")
            self._form = None

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style") and data.strip():
            self.problems.append(f"text in <{self._inside}>")


def inspect(html: str) -> list[str]:
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()
    return inspector.problems


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_no_page_carries_script_or_style(
    site: Site, browser: Callable[[str], FlaskClient], name: str, language: str
) -> None:
    client = browser(name)
    client.set_cookie("language", language)
    client.post("/preferences", data={"language": language, "csrf_token": token(client)})
    assert f'<html lang="{language}"' in client.get("/plans").text
    found, pages = {}, 0
    for address in [*readable_addresses(site), "/no-such-page", "/kb/x?a=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"]:
        answer = client.get(address, headers={"Accept-Language": language})
        if answer.mimetype == "text/html":
            pages += 1
            if problems := inspect(answer.text):
                found[address] = problems
        answer.close()
    assert found == {}
    assert pages > 20


def test_the_inspector_sees() -> None:
    """The counter-proof: each kind of problem is one."""
    for html in (
        "<style>a{}</style>", "<script>1</script>", '<p style="a:b">', '<p onclick="x()">', '<a href="javascript:x">',
        '<a href=" JavaScript:x">', '<img src="//evil.example/x">', '<img src="data:x">', '<script src="/x">1</script>',
        '<form method="post"><button></form>', '<form><input name="csrf_token" value="x"></form>',
        '<p id="a"></p><p id="a"></p>', '<form action="https://evil.example"></form>', "<iframe>",
        '<base href="/x">', '<p class="a" class="b">',
    ):  # fmt: skip
        assert inspect(html), html
    assert inspect('<form method="post"><input name="csrf_token" value="x"></form><a href="/x">x</a>') == []
