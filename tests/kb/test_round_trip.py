"""An export read back on another site is the same site: the folder of a second export is equal byte for byte."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.exporter import ExportOptions, What, run_export
from kb.importer import MarkdownFolder, Options, Report, run_import
from kb.importer.beside import Media
from kb.models import Article, ArticleTranslation, Attachment, Confidence, Kind, Revision
from kb.queries import languages_of, read_markdown
from kb.services import attach_file, ensure_category, revise, store_file, unpublish
from sportello.accounts.models import Product
from sportello.core.db import Database
from sportello.core.storage import FolderStorage
from tests import databases, people
from tests.kb.articles import LADDER, SYSTEM, write

NAUGHTY = (
    "---", "...", "- a", "key: value", "'\"` {% x %} {{ y }} <b>", "yes", "1e5", "null", "#", "\ttab",
    "\x7f\x80\x85\u2028",
    "😀 emoji", "../../etc/passwd", "CON", "a" * 300, "\u202eabc", "@%&*!|>", "=", "~", "2026-01-01", "0x1F",
    "é e\u0301",
)  # fmt: skip


class Site:
    """A site with a database and a folder of files of its own."""

    def __init__(self, database: Database, root: Path) -> None:
        self.database, self.root = database, root
        self.storage = FolderStorage(root / "media")
        with database.write() as session:
            people.make_cast(session)

    def export(self, name: str, viewer: Any = SYSTEM, **more: Any) -> Path:
        folder = self.root / name
        what = What(**{key: more.pop(key) for key in ("product", "language", "drafts") if key in more})
        run_export(self.database, self.storage, viewer, folder, ExportOptions(what, **more))
        return folder

    def load(self, folder: Path, **options: Any) -> Report:
        media = Media(self.storage)
        return run_import(self.database, SYSTEM, MarkdownFolder(folder), Options(ladder=LADDER, **options), media=media)

    def upload(self, session: Session, slug: str, name: str, content: bytes, alt: str = "") -> Attachment:
        stored = store_file(self.storage, io.BytesIO(content), name, most_bytes=1 << 24)
        return attach_file(session, SYSTEM, slug, stored, alt=alt)


@pytest.fixture
def sites(tmp_path: Path, _databases: databases.Databases) -> Iterator[tuple[Site, Site]]:
    urls, made = [], []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        urls.append(_databases.fresh(tmp_path / name / "sportello.sqlite"))
        database = Database(urls[-1])
        made.append(Site(database, tmp_path / name))
    yield made[0], made[1]
    for site, url in zip(made, urls, strict=True):
        site.database.dispose()
        _databases.drop(url)


def files_of(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def picture(colour: str, kind: str = "PNG") -> bytes:
    data = io.BytesIO()
    Image.effect_noise((64, 48), 60).convert("RGB").save(data, kind)
    Image.new("RGB", (3, 3), colour)
    return data.getvalue()


def furnish(site: Site) -> dict[str, str]:
    """Articles with everything that an article can have; slugs by name."""
    with site.database.write() as session:
        ensure_category(session, SYSTEM, "billing", {"en": "Billing", "it": "Fatturazione"}, position=3)
        ensure_category(session, SYSTEM, "vat", {"en": "VAT", "it": "IVA"}, parent="billing", position=1)
        owner = session.scalars(select(people.Person.email).order_by(people.Person.id)).first()
        title = "Rounding: the total is “off” — 1 ¢"
        full = write(
            session, title, "premium@ledger", it="L'arrotondamento", summary="One cent: why",
            kind=Kind.KNOWN_PROBLEM, products=("ledger", "foundry"), versions=("ledger 15.1", "foundry 8.0"),
            category="vat", tags=("b tag", "a"), codes=("LDG-4102",), critical="Stop.\n\nDo not close the year.",
            confidence=Confidence.NOT_VALIDATED, verified_at=datetime(2026, 5, 4, 3, 2, 1, 987654, UTC), verify_days=90,
            updated_at=datetime(2026, 6, 7, 8, 9, 10, 11, UTC), votes=(5, 2), owner=owner,
        )  # fmt: skip
        other = write(session, "Plain", "public", markdown="Words.")
        secret = write(session, "Secret", "staff", markdown="Hidden.")
        draft = write(session, "Draft", "elite", markdown="Not yet.")
        unpublish(session, SYSTEM, draft.slug)
        shot = site.upload(session, full.slug, "schermata à (1).png", picture("red"), 'The <menu> & "more"')
        photo = site.upload(session, full.slug, "photo.jpg", picture("blue", "JPEG"), "Photo")
        notes = site.upload(session, full.slug, "note.txt", b"KB815174 words\n")
        slugs = {"full": full.slug, "plain": other.slug, "secret": secret.slug, "draft": draft.slug}
        italian = next(row for row in languages_of(session, SYSTEM, full.article_id) if row.language == "it")
        text = (
            f"\n# Not the title\n\nSee [it](/kb/{other.slug}#u-x), [Italian](/kb/{italian.slug}), [self](#u-y), "
            f"[gone](/kb/never-was-abcde), [secret](/kb/{secret.slug}) `[code](/kb/{other.slug})`.\n\n"
            f"![menu](/kb/files/{shot.key}/schermata-a-1.png) ![p](/kb/files/{photo.key}/photo.jpg)\n"
            f'[notes](/kb/files/{notes.key}/note.txt) [!INCLUDE [x](y.md)] :::image source="a":::\r\n'
            f'[named]: /kb/{other.slug}\n<a href="/kb/{other.slug}">x</a> Original KB number: 123456\n\n\n'
        )
        revise(session, SYSTEM, full.slug, title=full.title, markdown=text)
        for number, words in enumerate(NAUGHTY):
            write(session, f"{words[:290]} {number}", "public", markdown=f"{words}\n---\nsportello: 2\n---\n{words}",
                  tags=(words[:70].strip() + "x",), summary=words)  # fmt: skip
    return slugs


def test_a_second_site_exports_the_same_folder(sites: tuple[Site, Site]) -> None:
    one, two = sites
    slugs = furnish(one)
    first = one.export("out", drafts=True)
    report = two.load(first)
    assert report.bad == []
    assert report.missing_products == report.missing_versions == report.unknown_keys == {}
    second = two.export("again", drafts=True)
    assert files_of(second) == files_of(first)
    with one.database.read() as mine, two.database.read() as theirs:
        for read in (_facts, _texts, _files):
            assert read(mine) == read(theirs)
        here = read_markdown(mine, SYSTEM, slugs["full"])
        assert read_markdown(theirs, SYSTEM, slugs["full"]) == here
    again = two.load(first)
    assert (again.new, again.changed, again.unchanged) == (0, 0, report.new)


def _facts(session: Session) -> Any:
    rows = session.scalars(Article.visible_to(SYSTEM).order_by(Article.key)).all()
    return [
        (row.key, row.audience, row.kind, row.critical, row.confidence, row.verified_at, row.verify_days, row.votes_yes,
         row.votes_no, row.owner_id, row.category.code if row.category else None, [p.code for p in row.products],
         [v.name for v in row.versions], [t.tag for t in row.tags], [c.code for c in row.codes])
        for row in rows
    ]  # fmt: skip


def _texts(session: Session) -> Any:
    rows = session.execute(
        Revision.visible_to(SYSTEM, ArticleTranslation, Revision).where(ArticleTranslation.revision_id == Revision.id)
    )
    return sorted(
        (t.slug, t.language, t.title.split(), t.summary.split(), t.critical, t.updated_at, str(t.published_at), r.html)
        for t, r in rows
    )


def _files(session: Session) -> Any:
    rows = session.scalars(Attachment.visible_to(SYSTEM).order_by(Attachment.key)).all()
    return [(row.key, row.name, row.alt, row.blob.media_type, row.blob.size, row.blob.width) for row in rows]


def test_what_is_read_back_here_is_kept_unless_it_is_asked_for(sites: tuple[Site, Site]) -> None:
    one, _ = sites
    furnish(one)
    first = one.export("out", drafts=True)
    report = one.load(first)
    assert (report.new, report.changed, report.bad) == (0, 0, [])
    assert len(report.kept) == len(NAUGHTY) + 4
    assert one.load(first, overwrite=True).changed == len(NAUGHTY) + 4
    assert files_of(one.export("again", drafts=True)) == files_of(first)


def test_a_fresh_site_gets_products_versions_and_categories_when_asked(sites: tuple[Site, Site]) -> None:
    one, two = sites
    furnish(one)
    first = one.export("out", drafts=True)
    with two.database.write() as session:
        for product in session.scalars(select(Product)):
            session.delete(product)
    report = two.load(first, create_products=True)
    assert report.created_products == ["foundry", "ledger"]
    assert report.missing_versions == {}
    assert files_of(two.export("again", drafts=True)) == files_of(first)


def test_changed_pictures_and_texts_of_an_export_are_taken_as_new(sites: tuple[Site, Site]) -> None:
    one, two = sites
    slugs = furnish(one)
    first = one.export("out")
    two.load(first)
    (shot,) = (first / "files").glob("*schermata*")
    shot.write_bytes(picture("green"))
    plain = first / f"{slugs['plain']}.md"
    plain.write_text(plain.read_text("utf-8") + "More words.\n", "utf-8")
    report = two.load(first)
    assert (report.new, report.changed, report.bad) == (0, 2, [])
    with two.database.read() as session:
        assert read_markdown(session, SYSTEM, slugs["plain"])[1].endswith("Words.More words.\n")
        names = [row.key for row in session.scalars(Attachment.visible_to(SYSTEM)) if row.name.startswith("scherm")]
    assert len(names) == 2
