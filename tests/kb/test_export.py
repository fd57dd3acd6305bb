"""The export: only what its reader reads, never outside its folder, whole or not at all; files beside imports."""

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from kb.exporter import ExportOptions, What, run_export
from kb.exporter.front import dump
from kb.exporter.run import safe_name
from kb.importer import HelpCenter, MarkdownFolder, Options, Segments, run_import
from kb.importer.beside import Media
from kb.models import Attachment
from kb.queries import languages_of, read_article, readable_slugs
from kb.services import attach_file, store_file, unpublish
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_of
from sportello.core import audience, clock
from sportello.core.audience import Viewer
from sportello.core.db import Database
from sportello.core.errors import Invalid
from sportello.core.settings import Settings
from sportello.core.shell import Shell
from sportello.core.storage import FolderStorage
from tests.kb.articles import LADDER, SYSTEM, customer, write
from tests.kb.help_center import article, write_pages
from tests.kb.importing import article as imported
from tests.kb.importing import found
from tests.people import Cast

Export = Callable[..., Path]


def picture() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (8, 6), "red").save(data, "PNG")
    return data.getvalue()


@pytest.fixture
def storage(settings: Settings) -> FolderStorage:
    return FolderStorage(settings.media_dir)


@pytest.fixture
def export(database: Database, storage: FolderStorage, tmp_path: Path) -> Export:
    def run(viewer: Viewer = SYSTEM, name: str = "out", overwrite: bool = False, **what: Any) -> Path:
        run_export(database, storage, viewer, tmp_path / name, ExportOptions(What(**what), overwrite))
        return tmp_path / name

    return run


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_somebody_elses_export_is_the_same_with_and_without_what_they_may_not_read(
    database: Database, cast: Cast, export: Export, storage: FolderStorage
) -> None:
    with database.write() as session:
        write(session, "Public", products=("ledger",), category=None, tags=("open",), owner=cast.sara.email)
        open_ = write(session, "For Xtreme", "xtreme", verify_days=30)
        slug = open_.slug
    anna = customer("xtreme", "ledger")
    before = content(export(anna, "before"))
    assert len(before) == 3
    with database.write() as session:
        hidden = write(session, "zqsecret", "elite", products=("harbor",), tags=("zqtag",), markdown=f"[x](/kb/{slug})")
        stored = store_file(storage, io.BytesIO(b"zqfile words"), "zqfile.txt", most_bytes=1000)
        attach_file(session, SYSTEM, hidden.slug, stored)
        draft = write(session, "zqdraft")
        unpublish(session, SYSTEM, draft.slug)
        write(session, "zqstaff", "staff", owner=cast.sara.email)
        gone = write(session, "zqbinned")
        gone.article.binned_at, gone.published_at, gone.article.published_at = clock.now(), None, None
    assert content(export(anna, "after", drafts=True)) == before
    every = b"".join(before.values())
    for word in (b"audience", b"owner", b"support.example", b"verify_days"):
        assert word not in every


def test_a_link_to_what_the_reader_may_not_read_becomes_its_words(database: Database, export: Export) -> None:
    with database.write() as session:
        hidden = write(session, "zqsecret", "elite")
        slug = write(session, "Open", markdown=f"See [the notes](/kb/{hidden.slug}#u-x) here.").slug
    texts = content(export(customer("xtreme")))
    assert texts[f"{slug}.md"].endswith(b"See the notes here.")
    assert f"({hidden.slug}.md#u-x)" in content(export(SYSTEM, "staff"))[f"{slug}.md"].decode()


def test_product_language_and_drafts_choose(database: Database, export: Export, cast: Cast) -> None:
    with database.write() as session:
        both = write(session, "Both", it="Entrambi", products=("ledger",))
        draft = write(session, "Draft")
        unpublish(session, SYSTEM, draft.slug)
        slugs = {row.language: row.slug for row in languages_of(session, SYSTEM, both.article_id)}
        name = draft.slug
    assert set(content(export())) == {f"{slugs['en']}.md", f"{slugs['en']}.it.md", "products.yml"}
    assert set(content(export(name="it", language="it"))) == {f"{slugs['it']}.md", "products.yml"}
    assert content(export(name="none", product="harbor")) == {}
    assert f"{name}.md" in content(export(name="drafts", drafts=True))
    assert f"{name}.md" not in content(export(customer("elite"), "not", drafts=True))


def test_a_folder_with_other_things_is_never_touched(database: Database, export: Export, tmp_path: Path) -> None:
    with database.write() as session:
        write(session, "One")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(Invalid):
            export(overwrite=overwrite)
    assert content(folder) == {"thesis.txt": b"mine"}
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(folder)
    for name in ("file", "link"):
        with pytest.raises(Invalid):
            export(name=name, overwrite=True)


def test_an_earlier_export_is_replaced_whole_and_an_interrupted_one_leaves_it(
    database: Database, export: Export, storage: FolderStorage, tmp_path: Path
) -> None:
    with database.write() as session:
        slug = write(session, "One").slug
    first = content(export())
    with database.write() as session:
        unpublish(session, SYSTEM, slug)
        write(session, "Two")
    with pytest.raises(Invalid):
        export()

    def pull(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_export(database, storage, SYSTEM, tmp_path / "out", ExportOptions(overwrite=True), pull)
    assert content(tmp_path / "out") == first
    (tmp_path / "out" / ".export").mkdir()  # what a killed one leaves
    (tmp_path / "out" / ".export" / "half.md").write_text("half")
    second = content(export(overwrite=True))
    assert len(second) == 1
    assert second.keys() != first.keys()


NAMES = ("../../etc/passwd", "a" * 200 + ".png", ".hidden", "a b\n\x00:*?.txt", "", "CON", "é" * 100 + ".jpeg", "%2e")


@pytest.mark.parametrize("name", NAMES)
def test_names_of_files_stay_in_their_folder(name: str) -> None:
    safe = safe_name(name)
    assert len(safe.encode()) <= 120
    assert os.path.basename(safe) == safe
    assert not safe.startswith(".")
    assert not set(safe) & set("/\\:*?\x00\n %")


VALUES = ("---", "\x85", "\u2028", "a\r\nb", "\ufeff", "😀", "\x07", "yes", "- a: b\n---\n", "\t")


@pytest.mark.parametrize("value", VALUES)
def test_front_matter_says_any_text(value: str) -> None:
    import yaml

    text = dump({"title": value, "tags": [value]})
    assert text.startswith("---\nsportello: 1\n")
    assert text.endswith("\n---\n")
    assert text.count("\n---\n") == 1
    assert yaml.safe_load(text[4:-4]) == {"sportello": 1, "title": value, "tags": [value]}


def test_pictures_and_files_beside_markdown_come_along(
    database: Database, cast: Cast, storage: FolderStorage, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    (folder / "media").mkdir(parents=True)
    (folder / "media" / "shot.png").write_bytes(picture())
    (folder / "notes.txt").write_text("words")
    (folder / "page.svg").write_text("<svg onload='x'/>")
    (tmp_path / "outside.png").write_bytes(picture())
    (folder / "one.md").write_text(
        "---\ntitle: One\naudience: public\n---\n![A menu](media/shot.png) [notes](notes.txt) ![bad](page.svg) "
        "![out](../outside.png) ![gone](gone.png)\n\n```\n![code](media/shot.png)\n```\n", "utf-8")  # fmt: skip

    def load() -> Any:
        reader, options = MarkdownFolder(folder), Options(ladder=LADDER)
        return run_import(database, SYSTEM, reader, options, media=Media(storage))

    report = load()
    assert (report.new, report.texts.files, list(report.texts.images)) == (1, 3, ["outside.png", "gone.png"])
    assert [name.split(":")[0] for name in report.refused_files] == ["page.svg"]
    with database.read() as session:
        page = read_article(session, audience.anonymous(), found(session, "one").slug)
        rows = {row.name: row for row in session.scalars(Attachment.visible_to(audience.anonymous()))}
    assert set(rows) == {"shot.png", "notes.txt"}
    assert rows["shot.png"].alt == "A menu"
    assert f'src="/kb/files/{rows["shot.png"].key}/shot.png"' in page.html
    assert f'href="/kb/files/{rows["notes.txt"].key}/notes.txt"' in page.html
    assert load().unchanged == 1
    (folder / "one.md").write_text((folder / "one.md").read_text("utf-8") + "\nMore.\n", "utf-8")
    assert load().changed == 1
    with database.read() as session:
        assert {row.key for row in session.scalars(Attachment.visible_to(SYSTEM))} == {row.key for row in rows.values()}
    assert len(list(storage.keys())) == 2


def test_pictures_of_a_help_center_come_along_when_they_lie_beside(
    database: Database, cast: Cast, storage: FolderStorage, tmp_path: Path
) -> None:
    address = "https://help.meridiana.example/hc/article_attachments/77/menu.png"
    body = f"<p><img src='{address}' alt='Menu'> <img src='/x/y.png' alt='Y'></p>"
    path = write_pages(tmp_path / "c", [article(1, "A", body)])
    (path / "article_attachments" / "77").mkdir(parents=True)
    (path / "article_attachments" / "77" / "menu.png").write_bytes(picture())
    reader = HelpCenter(path, Segments({"everyone": "public"}))
    report = run_import(database, SYSTEM, reader, Options(ladder=LADDER), media=Media(storage))
    assert (report.texts.files, report.texts.images) == (1, {"y.png": 1})
    with database.read() as session:
        page = read_article(session, audience.anonymous(), found(session, "1").slug)
        assert imported(session, "1").audience == "public"
    assert "/menu.png" in page.html
    assert "Y" in page.html


def test_the_command_exports_as_somebody_and_reads_back(
    settings: Settings, database: Database, cast: Cast, tmp_path: Path
) -> None:
    from sportello.portal.cli import cli

    with database.write() as session:
        write(session, "Open")
        slug = write(session, "zqsecret", "elite").slug
    viewer = viewer_of(cast.anna, Plans.load(None))
    with database.read() as session:
        assert readable_slugs(session, viewer, [slug]) == set()
    done = CliRunner().invoke(cli, ["export", str(tmp_path / "a"), "--as", cast.anna.email], obj=Shell(settings))
    assert done.exit_code == 0
    assert f"1 articles, 1 texts, 0 files: what {cast.anna.email} reads" in done.output
    every = CliRunner().invoke(cli, ["export", str(tmp_path / "b")], obj=Shell(settings))
    assert "2 articles, 2 texts, 0 files: everything, what is for staff too" in every.output
    again = CliRunner().invoke(cli, ["export", str(tmp_path / "b")], obj=Shell(settings))
    assert (again.exit_code, "is not empty" in again.output) == (1, True)
    nobody = CliRunner().invoke(cli, ["export", str(tmp_path / "c"), "--as", "nobody@x.example"], obj=Shell(settings))
    assert (nobody.exit_code, (tmp_path / "c").exists()) == (1, False)
    back = CliRunner().invoke(cli, ["import", "markdown", str(tmp_path / "b")], obj=Shell(settings))
    assert "Edited here since, kept (use --overwrite to replace): 2" in back.output
    assert json.dumps(back.exit_code) == "0"
