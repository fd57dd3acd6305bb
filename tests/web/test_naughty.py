"""W7: naughty strings through every field of the web: no error of ours, and what is stored is what was typed."""

import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from kb.models import ArticleVote
from sportello.accounts.models import Organisation, Person
from sportello.core.db import Database
from sportello.core.settings import Settings
from sportello.portal.app import create_app
from tests.browsing import client_for
from tests.kb.articles import write
from tests.people import PASSWORD, Cast

OWN = (
    "plain", "  spaces  around  ", "a\0b", "\0", "\ufeffbom", "tab\there", "line\nbreak", "\u202eright to left",
    "e\u0301", "<script>alert(1)</script>", "%s %(name)s %d %", "{{ 7*7 }}{% x %}", "${7*7}",
    "'; DROP TABLE person; --", "\x7f\x1b[31m",
    "\U0001f468‍\U0001f469‍\U0001f467", "a" * 201, "a" * 3000, "\ud7ff\ue000", "\x85\u2028\u2029", "%", "\\", "",
)  # fmt: skip


@pytest.fixture(scope="module")
def naughty() -> list[str]:
    """Ours and, where the data is, the collected ones: every third, each kind of trouble stands there many times."""
    from tests.conftest import DATA

    collected = json.loads((Path(DATA) / "security" / "blns" / "blns.json").read_text("utf-8")) if DATA else []
    return [*OWN, *collected[::3]]


def one_line(text: str) -> str:
    """A name as it is stored: NFC, on one line."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def control(text: str) -> bool:
    return any(unicodedata.category(character) == "Cc" for character in text)


def test_a_display_name_is_stored_as_typed_or_refused(
    database: Database, cast: Cast, sign_in: Callable[[str], FlaskClient], naughty: list[str]
) -> None:
    client, form = sign_in("anna"), {"language": "en", "timezone": "Europe/Rome", "theme": "auto"}
    for text in naughty:
        status = client.post("/settings", data={**form, "name": text}).status_code
        line = one_line(text)
        if "\0" in text or not line or control(line) or len(line) > 200:
            assert status in (200, 400), repr(text)
            continue
        assert status == 302, repr(text)
        with database.read() as session:
            assert session.get_one(Person, cast.anna.id).name == line
        assert client.get("/settings").status_code == 200, repr(text)


def test_an_organisation_name_is_stored_as_typed_or_refused(
    database: Database, cast: Cast, sign_in: Callable[[str], FlaskClient], naughty: list[str]
) -> None:
    ada, key = sign_in("ada"), cast.organisations["xtreme"].key
    form = {"plan": "xtreme", "coverage_start": "2026-01-01", "coverage_end": "2027-12-31"}
    for text in naughty[::2]:
        status = ada.post(f"/staff/organisations/{key}", data={**form, "name": text}).status_code
        line = one_line(text)
        if "\0" in text or not line or control(line) or len(line) > 200:
            assert status in (200, 400), repr(text)
            continue
        assert status == 302, repr(text)
        with database.read() as session:
            assert session.scalars(select(Organisation).where(Organisation.key == key)).one().name == line
        assert ada.get("/staff/organisations").status_code == 200


def test_a_comment_is_stored_as_typed_or_refused(
    app: Flask, database: Database, cast: Cast, sign_in: Callable[[str], FlaskClient], naughty: list[str]
) -> None:
    with database.write() as session:
        slug = write(session, "Rounding").slug
    client = sign_in("anna")
    for text in naughty:
        status = client.post(f"/kb/{slug}/vote", data={"v": "yes", "comment": text}).status_code
        if "\0" in text or len(text) > 2000:
            assert status == 400, repr(text)
            continue
        assert status == 303, repr(text)
        if text:
            with database.read() as session:
                assert session.scalars(select(ArticleVote)).one().comment == text
        assert client.get(f"/kb/{slug}").status_code == 200, repr(text)


def test_sign_in_fields_take_anything(app: Flask, database: Database, cast: Cast, naughty: list[str]) -> None:
    client = client_for(app, None)
    for text in naughty[::4]:
        for data in ({"email": text, "password": PASSWORD}, {"email": "x@y.example", "password": text}):
            assert client.post("/sign-in", data=data).status_code in (200, 400, 429), repr(text)
        assert client.post("/password/forgotten", data={"email": text}).status_code in (200, 400, 429), repr(text)
        assert client.post("/preferences", data={"language": text}).status_code == 400, repr(text)
        assert client.post("/preferences", data={"theme": text}).status_code == 400, repr(text)


def test_addresses_take_anything(
    app: Flask, cast: Cast, sign_in: Callable[[str], FlaskClient], naughty: list[str]
) -> None:
    """Path segments: what does not exist is 404, never an error."""
    ada = sign_in("ada")
    paths = ("/{}", "/kb/{}", "/kb/{}.md", "/kb/tags/{}", "/kb/products/{}", "/staff/people/{}", "/password/set/{}")
    for number, text in enumerate(naughty):
        if not (segment := quote(text[:1000], safe="")) or set(text) <= {"."}:
            continue
        path = paths[number % len(paths)].format(segment)
        assert ada.get(path).status_code in (404, 308, 302), path


def test_searches_take_anything(settings: Settings, database: Database, cast: Cast, naughty: list[str]) -> None:
    """And the page repeats what was typed, as text."""
    client = client_for(create_app(replace(settings, limit_search_person=0), database), cast.sara)
    for text in naughty:
        answer = client.get("/search", query_string={"q": text})
        assert answer.status_code == (400 if "\0" in text else 200), repr(text)
        assert "<script>alert" not in answer.text, repr(text)
        assert client.get("/search/suggest", query_string={"q": text}).status_code in (200, 400), repr(text)


def test_a_nul_is_refused_with_words(app: Flask, cast: Cast, sign_in: Callable[[str], FlaskClient]) -> None:
    """PostgreSQL would refuse it; a file name or a C library would end there."""
    client = sign_in("anna")
    answer = client.post("/settings", data={"name": "Anna\0Test", "language": "en", "timezone": "UTC", "theme": "auto"})
    assert answer.status_code == 400
    assert "(NUL)" in answer.text
    assert "(NUL)" in client.get("/search?q=a%00b").text
    assert client.get("/kb/a%00b").status_code == 404
    assert client.get("/kb/tags/a%00b").status_code == 404
