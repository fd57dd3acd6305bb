"""A link to what one may not read becomes its words, in whatever form it was written, and costs no time."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from kb.exporter import ExportOptions, run_export
from kb.models import ArticleLink
from kb.queries import (
    linked_slugs,
    own_addresses,
    pictures_without_alt,
    without_hidden_files,
    without_hidden_links,
    without_hidden_markdown_files,
    without_hidden_markdown_links,
)
from kb.services import revise
from sportello.core.db import Database
from sportello.core.settings import Settings
from sportello.core.storage import FolderStorage
from tests.kb.articles import SYSTEM, customer, write
from tests.kb.filing import give
from tests.people import Cast
from tests.work import work_off

FORMS = (
    "[here](/kb/{slug})",
    '[here](/kb/{slug} "A title")',
    "[here](/kb/{slug} 'A title')",
    "[here](</kb/{slug}>)",
    "[here]( /kb/{slug}#u-x )",
    "[here](/kb/{slug}/)",
    "[here](/kb/{slug}/history)",
    "[he [re]](/kb/{slug})",
    '[here][there]\n\n[there]: /kb/{slug} "A title"',
    '<a title="a > b" href="/kb/{slug}">here</a>',
    "<a href='/kb/{slug}'>here</a>",
    "[here]({base}/kb/{slug})",
    '[here]({base}/kb/{slug}?from=mail "A title")',
    "[here][there]\n\n[there]: <{base}/kb/{slug}>",
)


@pytest.mark.parametrize("form", FORMS)
def test_no_form_of_a_link_names_what_is_hidden(
    database: Database, cast: Cast, settings: Settings, sign_in: Callable[[str], FlaskClient], form: str
) -> None:
    with database.write() as session:
        hidden = write(session, "Merger canary", "elite").slug
        text = "See " + form.format(slug=hidden, base=settings.base_url.rstrip("/"))
        slug = write(session, "Open", markdown=text).slug
    for path in (f"/kb/{slug}", f"/kb/{slug}.md"):
        low, high = sign_in("anna").get(path).text, sign_in("elena").get(path).text
        assert "canary" not in low, path
        assert hidden in high, path
        assert "he" in low


def test_links_to_other_pages_and_to_other_sites_stay() -> None:
    text = "[all](/kb/all) [p](/kb/products/ledger) [web](https://example.org/kb/aa-22222) [f](/kb/feed.atom)"
    html = '<a href="/kb/all">a</a> <a href="/kb/tags/x">t</a> <a href="https://example.org/kb/aa-22222">w</a>'
    assert without_hidden_markdown_links(text, ()) == text
    assert without_hidden_links(html, ()) == html
    assert not linked_slugs(text + html)
    assert own_addresses(text, "https://example.com") == text
    assert own_addresses("[a](https://x.example/help/kb/a-abcde)", "https://x.example/help") != "[a](/kb/a-abcde)"
    assert own_addresses("[a](https://x.example/kb/a-abcde)", "https://x.example/") == "[a](/kb/a-abcde)"


def test_a_full_address_of_this_site_counts_as_a_link(app: Flask, database: Database, settings: Settings) -> None:
    with database.write() as session:
        write(session, "Page", markdown=f"[a]({settings.base_url}/kb/never-was-abcde)")
    work_off(app)
    with database.read() as session:
        assert [row.target for row in session.scalars(select(ArticleLink))] == ["never-was-abcde"]


def test_an_export_for_a_reader_names_no_file_that_they_may_not_have(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    storage = FolderStorage(settings.media_dir)
    with database.write() as session:
        hidden = write(session, "Hidden", "elite").slug
        file = give(session, storage, hidden, b"some words", "canary.txt")
        revise(session, SYSTEM, hidden, title="Hidden", markdown=file.markdown)
        write(session, "Open", markdown=f"[a file]({file.address}) and [again][f]\n\n[f]: {file.address}")
    run_export(database, storage, customer("xtreme"), tmp_path / "out", ExportOptions())
    found = [path.read_text("utf-8") for path in (tmp_path / "out").glob("*.md")]
    assert len(found) == 1
    assert "a file" in found[0]
    assert "canary" not in found[0]


@pytest.mark.parametrize(
    "piece",
    ["\\[", "[a](/kb/x?", '[a](/kb/x-abcde "', "[a](/kb/files/aaaaaaaaaa/x (", "![a](/kb/files/aaaaaaaaaa/", "<img ",
     '<a href="/kb/x">', '<a href="/kb/files/aaaaaaaaaa/x">', "`", "` ``", "]: ", "href = "],
)  # fmt: skip
def test_the_hardest_texts_take_no_time(piece: str) -> None:
    text = "a /kb/ /kb/files/ " + piece * (100_000 // len(piece)) + "a"
    started = time.process_time()
    linked_slugs(text)
    without_hidden_markdown_files(without_hidden_markdown_links(text, ()), ())
    without_hidden_files(without_hidden_links(text, ()), ())
    pictures_without_alt(text)
    assert time.process_time() - started < 5
