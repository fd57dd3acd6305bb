"""Importing a Help Center: sections, segments, drafts, translations, HTML to Markdown, votes, links."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from kb.importer import HelpCenter, Options, Report, Segments, run_import
from kb.importer.html import MAX_HTML, to_markdown
from kb.models import ArticleTranslation, Category
from kb.queries import languages_of, read_article, read_markdown
from sportello.core.audience import anonymous
from sportello.core.db import Database
from sportello.core.errors import Invalid, NotFound
from sportello.core.settings import Settings
from sportello.core.shell import Shell
from tests.kb.articles import LADDER, SYSTEM
from tests.kb.help_center import FIRST, article, library, translation, write_pages
from tests.kb.importing import article as imported
from tests.kb.importing import found
from tests.people import Cast

MAPPING = Segments({"everyone": "public", "900": "premium", "901": "elite"})
Load = Callable[..., Report]


@pytest.fixture
def load_center(database: Database, cast: Cast) -> Load:
    def run(path: Path, segments: Segments = MAPPING, **options: Any) -> Report:
        return run_import(database, SYSTEM, HelpCenter(path, segments), Options(ladder=LADDER, **options))

    return run


def text_of(database: Database, id: int, language: str = "en") -> str:
    with database.read() as session:
        rows = languages_of(session, SYSTEM, imported(session, str(id)).id)
        slug = next(row.slug for row in rows if row.language == language)
        return read_markdown(session, SYSTEM, slug)[1]


def test_a_whole_center_comes_in_with_drafts_segments_translations_and_links(
    load_center: Load, tmp_path: Path, database: Database
) -> None:
    path = write_pages(tmp_path / "center", library(30), size=8, packed=True)
    report = load_center(path)
    assert (report.new, report.bad, report.drafts) == (30, [], 2)
    with database.read() as session:
        assert imported(session, str(FIRST)).audience == "public"
        assert [imported(session, str(FIRST + n)).audience for n in (4, 9, 14)] == ["elite", "premium", "staff"]
        first = next(row for row in languages_of(session, SYSTEM, imported(session, str(FIRST)).id))
        second = found(session, str(FIRST + 1)).slug
        page = read_article(session, anonymous(), first.slug)
        with pytest.raises(NotFound):
            read_article(session, anonymous(), found(session, str(FIRST + 13)).slug)
    assert f'href="/kb/{second}"' in page.html
    assert "<td>LDG-0</td>" in page.html
    assert text_of(database, FIRST, "it").strip() == "Caso 0."
    again = load_center(path)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 30)


def test_sections_stand_in_their_categories_under_names_of_their_own(
    load_center: Load, tmp_path: Path, database: Database
) -> None:
    articles = [article(1, "a", section_id=12), article(2, "b", section_id=21), article(3, "c", section_id=99),
                article(4, "d", section_id=31)]  # fmt: skip
    assert load_center(write_pages(tmp_path / "c", articles)).bad == []
    with database.read() as session:
        rows = {row.id: row for row in session.scalars(select(Category))}
        here = imported(session, "1").category
        assert here is not None
        assert here.parent_id is not None
        above = rows[here.parent_id]
        assert (here.code, above.names, rows[above.parent_id or 0].code) == (
            "rounding", {"en": "Invoices", "it": "Fatture"}, "accounting")  # fmt: skip
        other = imported(session, "2").category
        assert other is not None
        assert (other.names["en"], other.code) == ("Invoices", "invoices-21")
        assert imported(session, "3").category is None
        assert imported(session, "4").category is not None


def test_translations_come_nested_at_the_top_or_as_pages_of_their_own(
    load_center: Load, tmp_path: Path, database: Database
) -> None:
    folder = tmp_path / "c"
    write_pages(folder, [article(1, "Nested", translations=[translation("it", "Annidata"), translation("de", "Nein")]),
                         article(2, "Top"), article(3, "Paged"), article(4, "Nur", locale="de")])  # fmt: skip
    top = {"translations": [{**translation("it", "In cima", draft=True), "source_id": 2, "source_type": "Article"},
                            {**translation("it", "Sezione"), "source_id": 2, "source_type": "Section"},
                            {**translation("it", "Orfana"), "source_id": 77, "source_type": "Article"}]}  # fmt: skip
    (folder / "top.json").write_text(json.dumps(top), "utf-8")
    (folder / "it.json").write_text(json.dumps({"articles": [article(3, "Impaginata", locale="it")]}), "utf-8")
    reader = HelpCenter(folder, MAPPING)
    report = run_import(database, SYSTEM, reader, Options(ladder=LADDER))
    assert report.new == 3
    assert {bad.where for bad in report.bad} == {"articles-0001.json: articles[3]", "top.json: translations[2]"}
    assert reader.skipped == {"de": 1}
    with database.read() as session:
        for id, title in ((1, "Annidata"), (2, "In cima"), (3, "Impaginata")):
            rows = {row.language: row for row in languages_of(session, SYSTEM, imported(session, str(id)).id)}
            assert rows["it"].title == title
        top_it = next(r for r in languages_of(session, SYSTEM, imported(session, "2").id) if r.language == "it")
        assert top_it.published_at is None


def test_without_a_mapping_nobody_but_staff_reads_and_segments_are_never_widened(
    load_center: Load, tmp_path: Path, database: Database
) -> None:
    path = write_pages(tmp_path / "c", [article(1, "Open"), article(2, "Closed", user_segment_id=5),
                                        article(3, "Both", user_segment_ids=[900, 901]),
                                        article(4, "Same", user_segment_ids=[900, 900])])  # fmt: skip
    none = Segments()
    load_center(path, none, audience="public")
    with database.read() as session:
        assert [imported(session, n).audience for n in "1234"] == ["public", "staff", "staff", "staff"]
    assert none.unmapped == {"5": 1, "900": 3, "901": 1}
    load_center(path)
    with database.read() as session:
        assert [imported(session, n).audience for n in "1234"] == ["public", "staff", "staff", "premium"]


def test_votes_labels_dates_and_what_changed_at_its_origin(
    load_center: Load, tmp_path: Path, database: Database
) -> None:
    one = article(1, "A", vote_sum=3, vote_count=9, label_names=["tax", "tax", " "])
    path = write_pages(tmp_path / "c", [one, article(2, "B", vote_sum=-2, vote_count=None)])
    load_center(path)
    with database.read() as session:
        row = imported(session, "1")
        assert (row.votes_yes, row.votes_no, [tag.tag for tag in row.tags]) == (6, 3, ["tax"])
        assert (row.updated_at.year, found(session, "1").published_at.year) == (2025, 2024)  # type: ignore[union-attr]
        assert imported(session, "2").votes_no == 2
    report = load_center(write_pages(path, [{**one, "draft": True}, article(2, "B", vote_sum=-2, vote_count=None)]))
    assert (report.changed, report.unchanged) == (1, 1)
    with database.read() as session:
        assert found(session, "1").published_at is None


def test_bad_pages_and_records_are_named_and_the_rest_comes_in(load_center: Load, tmp_path: Path) -> None:
    path = write_pages(tmp_path / "c", [article(1, "Good"), article(2, " "), {"title": "no id"}, 5,  # type: ignore[list-item]
                                        article(3, "x", updated_at="yesterday", edited_at=None),
                                        article(4, "deep", "<div>" * 5000), article(5, "big", "x" * (MAX_HTML + 1)),
                                        article(6, "list", body=["x"])])  # fmt: skip
    (path / "broken.json").write_text("{not json", "utf-8")
    (path / "list.json").write_text("[]", "utf-8")
    (path / "other.json").write_text('{"tickets": []}', "utf-8")
    (path / "cut.json.gz").write_bytes(b"\x1f\x8b\x08broken")
    (path / "outside.json").symlink_to("/etc/hostname")
    report = load_center(path)
    assert report.new == 1 + ("articles-0001.json: articles[5]" not in {bad.where for bad in report.bad})
    assert {bad.where for bad in report.bad} >= {
        "broken.json", "list.json", "other.json", "cut.json.gz", "articles-0001.json: articles[1]",
        "articles-0001.json: articles[2]", "articles-0001.json: articles[3]", "articles-0001.json: articles[4]",
        "articles-0001.json: articles[6]", "articles-0001.json: articles[7]"}  # fmt: skip
    assert all(bad.reason for bad in report.bad)


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<h2>A &amp; <em>b</em></h2><p>c</p>", "## A & *b*\n\nc"),
        ("<ul><li>a<ul><li>b<ol><li>c</li></ol></li></ul></li><li>d</li></ul>",
         "- a\n    - b\n        1. c\n- d"),
        ("<ol start='3'><li><p>a</p><pre>x\n y</pre></li><li>b</li></ol>",
         "3. a\n\n    ```\n    x\n     y\n    ```\n4. b"),
        ('<pre class="brush: SQL"><code>select *\n\n\n\nfrom t</code></pre>', "```sql\nselect *\n\n\n\nfrom t\n```"),
        ("<table><tr><td>A|B</td><td>x<br>y</td></tr></table>", "| A\\|B | x y |\n| --- | --- |"),
        ("<p>1. *no* # `list` &lt;b&gt; [x] snake_case _u_</p>",
         "1\\. \\*no\\* # \\`list\\` &lt;b> \\[x\\] snake_case \\_u\\_"),
        ("<p># no</p><p>- no</p><p>&gt; no</p>", "\\# no\n\n\\- no\n\n\\> no"),
        ("<script>alert(1)</script><style>p{}</style><!-- c --><p onclick='x'>a<svg></svg></p>", "a"),
        ("<a href='javascript:x'>a</a> <a href='https://e.example/ (x)'>b</a>", "a [b](https://e.example/%20%28x%29)"),
        ("<details><summary>More</summary><p>x</p></details>", "**More**\n\nx"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
    ],
)  # fmt: skip
def test_html_becomes_the_markdown_that_says_the_same(html: str, markdown: str) -> None:
    assert to_markdown(html).strip() == markdown


def test_a_long_numbered_list_takes_no_long_time() -> None:
    text = to_markdown("<ol>" + "<li>x</li>" * 20_000 + "</ol>")
    assert text.splitlines()[-1] == "20000. x"


@pytest.mark.parametrize("text", ["everyone = 'gold'", "everyone = 5", "[", "everyone"])
def test_a_mapping_that_cannot_be_is_refused_before_anything_happens(tmp_path: Path, text: str) -> None:
    path = tmp_path / "segments.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(Invalid):
        Segments.load(path, LADDER)


def test_the_command_says_what_it_did_and_what_it_left(settings: Settings, database: Database, tmp_path: Path) -> None:
    from sportello.portal.cli import cli

    path = write_pages(tmp_path / "c", [*library(5), article(77, "F", translations=[translation("fr", "Non")])])
    mapping = tmp_path / "segments.json"
    mapping.write_text(json.dumps({"everyone": "public", "segments": {"5": "elite"}}), "utf-8")
    command = ["import", "zendesk", str(path), "--segments", str(mapping)]
    dry = CliRunner().invoke(cli, [*command, "--dry-run"], obj=Shell(settings))
    assert "6 would be new" in dry.output
    with database.read() as session:
        assert session.scalars(ArticleTranslation.visible_to(SYSTEM)).all() == []
    done = CliRunner().invoke(cli, command, obj=Shell(settings))
    assert done.exit_code == 0, done.output
    assert "6 new" in done.output
    assert "User segments without a mapping, their articles are for staff: 1, of 1 names: 901 (1)" in done.output
    assert "Texts in languages that this site does not have, left out: 1, of 1 names: fr (1)" in done.output
