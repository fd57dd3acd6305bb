"""Importing: what becomes of links, fragments, images, products and front matter."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from kb.importer import load_folder
from kb.models import Article, ArticleTranslation, Category
from kb.queries import read_markdown
from sportello.accounts.models import Product
from sportello.core import audience
from sportello.core.db import Database
from tests.kb.articles import LADDER, SYSTEM
from tests.kb.importing import Importer, article, found, markdown, record
from tests.people import Cast


def test_links_between_articles_are_rewritten_and_counted(load: Importer, lines: Any, database: Database) -> None:
    body = (
        "[later](two.md#the-part) and [up](../b/three.md 'T') and [gone](nowhere.md) and [self](#here)\n\n"
        "`[code](two.md)`\n\n```\n[fenced](two.md)\n```\n\n[web](https://example.org/two.md)\n\n"
        "[named][n]\n\n[n]: ./two.md\n"
    )
    report = load(lines(record("a/one", body_markdown=body), record("a/two"), record("b/three")))
    assert (report.texts.linked, report.texts.plain) == (3, 1)
    with database.read() as session:
        two, three = found(session, "a/two").slug, found(session, "b/three").slug
    text = markdown(database, "a/one")
    assert f"[later](/kb/{two}#u-the-part) and [up](/kb/{three}) and gone and [self](#here)" in text
    assert "`[code](two.md)`" in text
    assert "\n[fenced](two.md)\n" in text
    assert "[web](https://example.org/two.md)" in text
    assert f"[n]: /kb/{two}" in text


def test_what_did_not_come_along_leaves_its_words(load: Importer, lines: Any, database: Database) -> None:
    body = (
        "# Title of a/one\n\n[!INCLUDE[archive-banner](includes/archive-banner.md)]\n\n"
        "In [!INCLUDE[prod](i/prod.md)], see "
        '![the menu](media/menu.png) or :::image type="content" source="m/x.png" alt-text="the button":::.\n\n'
        "> [!NOTE]\n> Stay.\n"
    )
    report = load(lines(record("a/one", body_markdown=body, kb_number=815174)))
    text = markdown(database, "a/one")
    assert text.strip().startswith("In prod, see the menu or the button.")
    assert "Title of" not in text
    assert "archive-banner" not in text
    assert "> [!NOTE]" in text
    assert (report.texts.includes.total(), report.texts.images.total()) == (2, 2)
    with database.read() as session:
        assert [row.code for row in article(session, "a/one").codes] == ["KB815174"]


def test_products_are_created_only_when_asked(load: Importer, lines: Any, database: Database) -> None:
    path = lines(record("x", product="windows-server"), record("y", product="Ledger"))
    assert load(path).missing_products == {"windows-server": 1}
    with database.read() as session:
        assert [product.code for product in article(session, "y").products] == ["ledger"]
        assert article(session, "x").products == []
    report = load(path, create_products=True)
    assert (report.created_products, report.changed) == (["windows-server"], 1)
    with database.read() as session:
        assert session.scalars(select(Product.name).where(Product.code == "windows-server")).one() == "Windows Server"
        assert [product.code for product in article(session, "x").products] == ["windows-server"]


def test_a_folder_of_markdown_with_front_matter(load: Importer, tmp_path: Path, database: Database) -> None:
    folder = tmp_path / "docs"
    (folder / "sub" / "includes").mkdir(parents=True)
    front = "---\ntitle: Reset the counter\ndescription: How to reset.\nms.date: 03/31/2021\nms.topic: how-to\n"
    front += "product: ledger\nauthor: sara@support.example\nms.reviewer: x\naudience: itpro\ntags: [a, b]\n---\n"
    (folder / "Réset – l'été (2).md").write_text(front + "# Reset the counter\n\nSee [it](sub/b.md).\n", "utf-8")
    (folder / "sub" / "b.md").write_text("# Only a heading\n\nText\n", "utf-8")
    (folder / "sub" / "b.it.md").write_text("---\ntitle: Solo un titolo\n---\nTesto\n", "utf-8")
    (folder / "sub" / "includes" / "part.md").write_text("A fragment\n", "utf-8")
    (folder / "toc.yml").write_text("- name: x\n", "utf-8")
    (folder / "broken.md").write_text("---\ntitle: [unclosed\n---\ntext\n", "utf-8")
    (folder / "latin.md").write_bytes("---\ntitle: è\n---\n".encode("latin-1"))
    (folder / "nothing.md").write_text("no title at all\n", "utf-8")
    (folder / b"odd-\xff.md".decode("utf-8", "surrogateescape")).write_text("# Odd name\n\nx\n", "utf-8")
    report = load(folder)
    assert report.new == 3
    assert sorted(bad.where for bad in report.bad) == ["broken.md", "latin.md", "nothing.md"]
    assert report.unknown_keys == {"ms.reviewer": 1}
    with database.read() as session:
        row = found(session, "Réset – l'été (2)")
        shared = article(session, "Réset – l'été (2)")
        assert (row.title, row.summary, shared.kind) == ("Reset the counter", "How to reset.", "how-to")
        assert shared.updated_at.date().isoformat() == "2021-03-31"
        assert shared.owner_id is not None
        languages = ArticleTranslation.visible_to(SYSTEM, ArticleTranslation.language, ArticleTranslation.slug)
        slugs = dict(session.execute(languages.where(Article.source_id == "sub/b")).all())  # type: ignore[arg-type]
        assert sorted(slugs) == ["en", "it"]
        assert read_markdown(session, SYSTEM, row.slug)[1] == f"See [it](/kb/{slugs['en']}).\n"
    assert load(folder).unchanged == 3


def test_the_demo_folder_brings_everything_its_front_matter_says(
    tmp_path: Path, database: Database, cast: Cast
) -> None:
    (tmp_path / "one.md").write_text(
        "---\nkey: the-one\ntitle: One\nsummary: S.\nkind: solution\naudience: xtreme\nproducts: [ledger]\n"
        'versions: ["15.0", "15.1"]\ncategory: invoicing\ntags: [vat]\ncodes: [LDG-1]\ncritical: Stop.\n'
        "verified_days_ago: 11\nupdated_days_ago: 6\nvotes: [214, 17]\n---\n## Symptoms\n\n[two](two.md)\n",
        "utf-8",
    )
    (tmp_path / "one.it.md").write_text("---\ntitle: Uno\ncritical: Fermi.\n---\n[due](two.md)\n", "utf-8")
    (tmp_path / "two.md").write_text("---\nkey: two\ntitle: Two\naudience: public\n---\nx\n", "utf-8")
    assert load_folder(database, SYSTEM, tmp_path, ladder=LADDER).new == 2
    assert load_folder(database, SYSTEM, tmp_path, ladder=LADDER).unchanged == 2
    with database.read() as session:
        one = article(session, "the-one")
        assert (one.votes_yes, one.votes_no, one.critical, one.audience) == (214, 17, "Stop.", "xtreme")
        assert one.verified_at is not None
        assert [version.name for version in one.versions] == ["15.0", "15.1"]
        assert session.scalars(select(Category.code)).all() == ["invoicing"]
        row = session.scalars(
            ArticleTranslation.visible_to(audience.system()).where(ArticleTranslation.title == "Uno")
        ).one()
        assert row.critical == "Fermi."
        assert "(/kb/" in read_markdown(session, SYSTEM, row.slug)[1]


@pytest.mark.data
@pytest.mark.slow
def test_real_articles_come_in_and_a_second_time_nothing_changes(
    data_folder: Path, tmp_path: Path, load: Importer
) -> None:
    path = tmp_path / "part.jsonl"
    with gzip.open(data_folder / "kb" / "ms-alchemy-it.jsonl.gz", "rb") as file, path.open("wb") as part:
        part.writelines(file.readline() for _ in range(300))
    report = load(path, create_products=True)
    assert (report.new, report.bad) == (300, [])
    assert report.unknown_keys == {"title_en": 300}
    assert load(path).unchanged == 300
