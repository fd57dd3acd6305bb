"""Articles are found by the words inside their files, and the hit says so."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from kb import services
from kb.models import Blob
from kb.queries import get_article
from kb.queries.filewords import MOST, parts_of
from kb.services.attachments import words as reading
from sportello.core.db import Database
from tests.browsing import ask
from tests.gating.reading import hits
from tests.kb.articles import SYSTEM, write
from tests.kb.filing import give
from tests.kb.pictures import docx, pdf, picture
from tests.people import Cast
from tests.web.test_statements import counted
from tests.work import work_off


@pytest.fixture
def slug(app: Flask, database: Database, cast: Cast) -> str:
    """An article with a manual, a letter, a log and a picture, read and indexed."""
    media = app.extensions["sportello.site"].media
    with database.write() as session:
        slug = write(session, "Totals differ", markdown="The total is off by a cent.").slug
        files = [
            give(session, media, slug, pdf("The zebra crosses the quagga <b>road</b>"), "manual.pdf"),
            give(session, media, slug, docx("A letter about ocelots"), "letter.docx"),
            give(session, media, slug, b"ERROR ZQX-4711 in the ledger\n", "server.log"),
            give(session, media, slug, picture(), "shot.png"),
        ]
        text = "The total is off by a cent. " + " ".join(file.markdown for file in files)
        services.revise(session, SYSTEM, slug, title="Totals differ", markdown=text)
        write(session, "Something else", markdown="Nothing of the kind.")
    work_off(app)
    return slug


def test_each_kind_of_file_is_found_and_named(slug: str, sign_in: Callable[[str], FlaskClient]) -> None:
    client = sign_in("anonymous")
    for query, name, words in (
        ("zebra", "manual.pdf", "<mark>zebra</mark>"),
        ("ocelot", "letter.docx", "<mark>ocelots</mark>"),
        ("ZQX-4711", "server.log", "4711</mark>"),
    ):
        body = ask(client, f"/search?q={query}").body.decode()
        assert hits(body.encode()) == [slug], query
        assert f"<bdi>{name}</bdi></a>: " in body or f"<bdi>{name}</bdi></a>:" in body
        assert "In the attachment" in body
        assert words in body


def test_a_hit_in_the_text_does_not_speak_of_files(slug: str, sign_in: Callable[[str], FlaskClient]) -> None:
    body = ask(sign_in("anonymous"), "/search?q=total+cent").body
    assert hits(body) == [slug]
    assert b"In the attachment" not in body


def test_words_in_both_places_are_both_shown(slug: str, sign_in: Callable[[str], FlaskClient]) -> None:
    body = ask(sign_in("anonymous"), "/search?q=cent+quagga").body.decode()
    assert "<mark>cent</mark>" in body
    assert "In the attachment" in body
    assert "<mark>quagga</mark>" in body
    assert "&lt;b&gt;road" in body, "what stands in a file is text"


def test_what_is_searched_in_files_is_asked_in_two_statements_or_none(
    slug: str, database: Database, sign_in: Callable[[str], FlaskClient]
) -> None:
    client = sign_in("anonymous")
    ask(client, "/search?q=total")
    with counted(database) as plain:
        ask(client, "/search?q=total")
    with counted(database) as inside:
        ask(client, "/search?q=zebra")
    assert len(inside) == len(plain) + 2


def test_files_are_listed_under_the_article_and_shown_pictures_are_not(
    slug: str, sign_in: Callable[[str], FlaskClient]
) -> None:
    body = ask(sign_in("anonymous"), f"/kb/{slug}").body.decode()
    listed = body[body.index('id="attachments"') : body.index("</section>", body.index('id="attachments"'))]
    for name, label in (("manual.pdf", "PDF, 1 KB"), ("letter.docx", "Word, 37 KB"), ("server.log", "LOG, 1 KB")):
        assert f"<bdi>{name}</bdi>" in listed
        assert label in listed or label.split(",")[0] in listed
    assert "shot.png" not in listed
    assert 'alt="What it shows"' in body


def test_words_come_late_and_the_index_follows(app: Flask, database: Database, cast: Cast, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """A file is read when the worker comes to it, once for its content; one that cannot be read has no words."""
    media = app.extensions["sportello.site"].media
    with database.write() as session:
        slug = write(session, "Totals").slug
        file = give(session, media, slug, b"zebras", "a.log")
        broken = give(session, media, slug, b"%PDF-1.4 nothing", "b.pdf")
        services.revise(session, SYSTEM, slug, title="T", markdown=file.markdown + broken.markdown)
    calls: list[str] = []
    real = reading.read_words
    monkeypatch.setattr(reading, "read_words", lambda kind, stream: calls.append(kind.label) or real(kind, stream))
    work_off(app)
    with database.read() as session:
        assert sorted(session.scalars(select(Blob.words)).all()) == ["", "zebras"]
    with database.write() as session:  # the same bytes elsewhere are known already
        give(session, media, write(session, "Other").slug, b"zebras", "c.log")
    work_off(app)
    assert sorted(calls) == ["", "PDF"]


def test_of_many_files_no_more_is_read_than_is_found_by(slug: str, database: Database) -> None:
    with database.write() as session:
        session.execute(update(Blob).where(Blob.words != "").values(words="zebra " * (MOST // 10)))
        key = get_article(session, SYSTEM, slug).article.key
        found = parts_of(session, SYSTEM, {key: "en"})[key]
    assert [part.name for part in found] == ["manual.pdf", "letter.docx"]
    assert parts_of(session, SYSTEM, {key: "it"}) == {}
