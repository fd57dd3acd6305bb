"""Links between articles: kept for what readers have, told to whoever writes, and what is wrong with them."""

from collections.abc import Mapping

import pytest
from flask import Flask
from sqlalchemy import select

from kb.models import Article, ArticleLink
from kb.queries.pointers import Fault, broken_links, covers, links_to
from kb.services import change_audience, change_slug, publish, revise, unpublish
from kb.services.links import keep_links
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.db import Database
from sportello.core.errors import NotFound
from tests.kb.articles import LADDER, SYSTEM, customer, write
from tests.people import Cast
from tests.work import work_off


def test_links_follow_the_text_that_readers_have(app: Flask, database: Database, cast: Cast) -> None:
    with database.write() as session:
        target = write(session, "Target")
        page = write(session, "Page", markdown=f"[a](/kb/{target.slug}#u-x) ![p](/kb/files/abcdefghjk/p.png) text")
        target_slug, slug = target.slug, page.slug
    work_off(app)

    def links() -> set[tuple[str, str]]:
        with database.read() as session:
            return {(row.kind, row.target) for row in session.scalars(select(ArticleLink))}

    assert links() == {("article", target_slug), ("attachment", "abcdefghjk")}
    with database.write() as session:
        revise(session, SYSTEM, slug, title="Page", markdown="[other](/kb/never-was-abcde)")
    work_off(app)
    assert links() == {("article", "never-was-abcde")}
    with database.write() as session:
        unpublish(session, SYSTEM, slug)
    work_off(app)
    assert links() == set()
    with database.write() as session:
        publish(session, SYSTEM, slug)
    work_off(app)
    work_off(app)
    assert links() == {("article", "never-was-abcde")}


def test_what_points_here_is_told_within_what_the_asker_reads(database: Database, cast: Cast) -> None:
    with database.write() as session:
        target = write(session, "Target", it="Meta")
        old = target.slug
        open_ = write(session, "Open", markdown=f"[t](/kb/{old})")
        elite = write(session, "Elite", "elite", markdown=f"[t](/kb/{old}) [t](/kb/{old}#u-a)")
        write(session, "Elsewhere", markdown="[t](/kb/other-abcde)")
        own = revise(session, SYSTEM, old, title="Target", markdown=f"[self](/kb/{old})")
        keys = session.scalars(Article.visible_to(SYSTEM, Article.key)).all()
        slug = change_slug(session, SYSTEM, own.slug).slug
        names = [open_.slug, elite.slug]
    keep_links(database, keys)
    with database.read() as session:
        assert {row.slug for row in links_to(session, SYSTEM, slug)} == set(names)
        assert [row.slug for row in links_to(session, customer("xtreme"), slug)] == names[:1]
        with pytest.raises(NotFound):
            links_to(session, SYSTEM, "never-was-abcde")


def test_every_fault_is_found_and_sound_links_are_not(database: Database, cast: Cast) -> None:
    with database.write() as session:
        titles = ("binned", "archived", "unpublished", "narrower", "wider", "moved")
        keys = {name: "elite" if name == "narrower" else "public" for name in titles}
        made = {name: write(session, name, key) for name, key in keys.items()}
        text = " ".join(f"[x](/kb/{row.slug})" for row in made.values())
        text += " [x](/kb/never-was-abcde) ![x](/kb/files/abcdefghjk/a)"
        page = write(session, "Page", "premium", markdown=text)
        write(session, "For staff", "staff", markdown=f"[x](/kb/{made['narrower'].slug})")
        hidden = write(session, "Not read", markdown="[x](/kb/never-was-abcde)")
        unpublish(session, SYSTEM, hidden.slug)
        unpublish(session, SYSTEM, made["unpublished"].slug)
        change_slug(session, SYSTEM, made["moved"].slug)
        made["binned"].article.binned_at = made["archived"].article.archived_at = clock.now()
        made["binned"].published_at = made["archived"].published_at = None
        slug, every = page.slug, session.scalars(Article.visible_to(SYSTEM, Article.key)).all()
    keep_links(database, every)
    with database.read() as session:
        found = broken_links(session, SYSTEM, LADDER)
    assert {(link.fault, link.target_title) for link in found} == {
        (Fault.MISSING, None), (Fault.BINNED, "binned"), (Fault.ARCHIVED, "archived"),
        (Fault.UNPUBLISHED, "unpublished"), (Fault.NARROWER, "narrower")}  # fmt: skip
    assert {link.slug for link in found} == {slug}
    assert [link.kind for link in found if link.fault == Fault.MISSING] == ["attachment", "article"]
    with database.write() as session:
        change_audience(session, SYSTEM, slug, "elite", ladder=LADDER)
    with database.read() as session:
        assert Fault.NARROWER not in {link.fault for link in broken_links(session, SYSTEM, LADDER)}
        outsider = Viewer(audiences=frozenset({"public"}))
        assert broken_links(session, outsider, LADDER) == []


HELD: Mapping[str, frozenset[str]] = {
    "org:acme": frozenset({"public", "xtreme", "premium", "premium@ledger", "org:acme"})
}


@pytest.mark.parametrize(
    ("source", "target", "well"),
    [
        ("public", "public", True), ("public", "xtreme", False), ("xtreme", "public", True),
        ("premium", "xtreme", True), ("xtreme", "premium", False), ("elite@ledger", "premium", True),
        ("elite@ledger", "premium@ledger", True), ("elite@ledger", "premium@foundry", False),
        ("elite", "premium@ledger", False), ("staff", "elite", True), ("elite", "staff", False),
        ("org:acme", "premium@ledger", True), ("org:acme", "elite", False), ("org:acme", "org:other", False),
        ("org:gone", "xtreme", False), ("elite", "org:acme", False), ("gold", "xtreme", False),
    ],
)  # fmt: skip
def test_a_target_covers_a_source_when_every_reader_of_one_reads_the_other(
    source: str, target: str, well: bool
) -> None:
    assert covers(target, source, LADDER, HELD) is well
