"""Lists, counts and neighbours come from the visible set only, at a known cost."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import event
from sqlalchemy.orm import Session

from kb.queries import (
    Order,
    Scope,
    article_count,
    articles_for_products,
    category_tree,
    critical_articles,
    list_articles,
    places_of,
    product_shelves,
    related_articles,
    tags_of,
)
from kb.queries.articles import get_article, read_article
from kb.queries.lists import _listed
from kb.services import ensure_category, unpublish
from sportello.core import clock
from sportello.core.audience import anonymous
from sportello.core.db import Database
from sportello.core.errors import NotFound
from tests.kb.articles import SYSTEM, customer, write
from tests.people import Cast

VIEWERS = {
    "anonymous": anonymous(),
    "xtreme": customer("xtreme", "ledger"),
    "premium": customer("premium", "ledger", "harbor"),
    "elite without ledger": customer("elite", "harbor"),
    "staff": SYSTEM,
}
KEYS = ("public", "xtreme", "premium", "elite", "staff", "premium@ledger", "xtreme@harbor", "org:acme", "org:other")


@pytest.fixture
def shelf(session: Session, cast: Cast) -> dict[str, str]:
    """Three articles for each audience key; slug to key."""
    for number in range(3):
        ensure_category(session, SYSTEM, f"c{number}", parent="top")
    found = {}
    for number in range(3 * len(KEYS)):
        key = KEYS[number % len(KEYS)]
        tags, products = ("common", f"t{number % 4}"), ("ledger", "harbor")[: 1 + number % 2]
        row = write(
            session, f"Article {number}", key, it=f"Articolo {number}" if number % 2 else None,
            products=products, category=f"c{number % 3}", tags=tags,
            codes=("LDG-1",), votes=(number, 0), critical="Stop." if number % 5 == 0 else None,
        )  # fmt: skip
        found[row.slug] = key
    session.commit()
    session.expunge_all()
    return found


def readable(shelf: dict[str, str], name: str) -> set[str]:
    audiences = VIEWERS[name].audiences
    return {slug for slug, key in shelf.items() if key in audiences or "*" in audiences}


@pytest.mark.parametrize("name", VIEWERS)
def test_every_list_shows_exactly_what_the_viewer_may_read(session: Session, shelf: dict[str, str], name: str) -> None:
    viewer, mine = VIEWERS[name], readable(shelf, name)
    for order in Order:
        assert {row.slug for row in list_articles(session, viewer, order=order, limit=100).items} == mine
    assert article_count(session, viewer) == len(mine)
    assert sum(branch.count for branch in category_tree(session, viewer)) == len(mine)
    ledger = next(row for row in product_shelves(session, viewer) if row.code == "ledger")
    assert ledger.count == len(mine)
    in_ledger = list_articles(session, viewer, Scope(product_id=ledger.id), limit=100).items
    assert {row.slug for row in in_ledger} == mine
    assert {row.slug for row in articles_for_products(session, viewer, {"ledger"}, limit=100)} == mine
    assert {row.slug for row in critical_articles(session, viewer, limit=100)} <= mine
    for slug in mine:
        article = get_article(session, viewer, slug).article
        near = {row.slug for row in related_articles(session, viewer, article, limit=100)}
        assert near == mine - {slug}


def test_neighbours_share_codes_categories_and_tags_before_products(session: Session, cast: Cast) -> None:
    ensure_category(session, SYSTEM, "vat")
    here = write(session, "Here", codes=("LDG-1",), category="vat", tags=("a",), products=("ledger",))
    write(session, "Same product", products=("ledger",))
    write(session, "Same category and tag", category="vat", tags=("a",))
    write(session, "Same code", codes=("LDG-1",))
    write(session, "Stranger")
    session.flush()
    near = related_articles(session, anonymous(), here.article)
    assert [row.title for row in near] == ["Same category and tag", "Same code", "Same product"]


def test_an_article_stands_once_in_the_language_of_the_reader(session: Session, shelf: dict[str, str]) -> None:
    italian = list_articles(session, customer("xtreme", language="it"), limit=100).items
    assert len({row.article_id for row in italian}) == len(italian)
    assert {row.language for row in italian} == {"it", "en"}
    assert all(row.language == "en" or row.title.startswith("Articolo") for row in italian)


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements sent within."""
    sent: list[str] = []

    def note(connection: object, cursor: object, statement: str, *more: object) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.engine, "before_cursor_execute", note)


def test_the_cost_of_a_list_does_not_grow_with_it(database: Database, shelf: dict[str, str]) -> None:
    viewer = VIEWERS["premium"]
    with database.read() as session:
        article_count(session, viewer)  # what is asked once for a state of the content
    costs = []
    for limit in (2, 15):
        with database.read() as session, counted(database) as sent:
            list_articles(session, viewer, limit=limit)
            costs.append(len(sent))
    assert costs == [2, 2], "the stamp and the list"
    with database.read() as session, counted(database) as sent:
        category_tree(session, viewer)
        product_shelves(session, viewer)
        list_articles(session, viewer, limit=15)
    assert len(sent) == 4, "the stamp, two for the tree and one for the shelves; the list is remembered"
    with database.read() as session, counted(database) as sent:
        item = read_article(session, viewer, next(iter(readable(shelf, "premium"))))
        near = related_articles(session, viewer, item.article)
        places = places_of(session, viewer, [item.article.id, *(card.article_id for card in near)])
        assert [place.name for place in places[item.article.id]][-1] == "Ledger"
        assert tags_of(session, viewer, item.article.id)[0] == "common"
    assert len(sent) <= 6


def test_naughty_strings_go_through_every_field_unchanged(database: Database, cast: Cast, data_folder: Path) -> None:
    strings = json.loads((data_folder / "security" / "blns" / "blns.json").read_text("utf-8"))
    usable = [text for text in strings if text.strip() and len(text) <= 300 and "\x00" not in text]
    with database.write() as session:
        written = [write(session, text, markdown=text, summary=text, critical=text) for text in usable]
        slugs = {row.slug: text for row, text in zip(written, usable, strict=True)}
    with database.read() as session:
        for slug, text in slugs.items():
            item = read_article(session, anonymous(), slug)
            assert (item.title, item.summary, item.article.critical) == (text, text, text)


def test_a_kept_statement_asks_the_clock_and_the_database_each_time(database: Database, cast: Cast) -> None:
    with database.write() as session:
        slug = write(session, "Now", products=("ledger",)).slug
        article = get_article(session, SYSTEM, slug).article
    viewer = anonymous()

    def seen() -> tuple[int, ...]:
        with database.read() as session:
            pages = 0
            with suppress(NotFound):
                pages += bool(read_article(session, viewer, slug))
            return pages, len(list_articles(session, viewer).items), len(places_of(session, viewer, [article.id]))

    assert seen() == (1, 1, 1)
    with time_machine.travel(clock.now() - timedelta(hours=1), tick=False):
        assert seen() == (0, 0, 0)
    assert seen() == (1, 1, 1)
    with database.write() as session:
        unpublish(session, SYSTEM, slug)
    assert seen() == (0, 0, 0)


def test_people_of_one_audience_share_a_statement_and_others_never(session: Session) -> None:
    shape = ((False, False, False, False), Order.NEWEST, False)
    first, second = customer("premium", "ledger", person_id=1), customer("premium", "ledger", person_id=2)
    assert _listed(first, *shape) is _listed(second, *shape)
    others = [*VIEWERS.values(), customer("premium", "ledger", language="it"), customer("xtreme", "harbor")]
    assert len({id(_listed(viewer, *shape)) for viewer in others}) == len(others)
