"""What was answered before is said again only while it is still true: for this reader, this content, this moment."""

import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete, insert, literal, select, text, update
from sqlalchemy.orm import Session

from kb.models import (
    Article,
    ArticleCode,
    ArticleTag,
    ArticleTranslation,
    Category,
    Revision,
    SlugHistory,
    article_product,
    article_version,
)
from kb.queries import article_count, get_article, list_articles, product_shelves
from kb.queries.remembered import remembered
from kb.services import change_audience, delete_article, publish, unpublish, vote
from sportello.accounts.models import Person, Product, ProductVersion
from sportello.core import clock
from sportello.core.audience import Viewer, anonymous
from sportello.core.db import ContentStamp, Database
from sportello.core.guard import UnstampedRead
from sportello.core.stamp import is_content
from tests.kb.articles import SYSTEM, customer, write
from tests.people import LADDER, Cast

ANYBODY = anonymous()
CONTENT = {
    "article", "article_translation", "revision", "slug_history", "article_product", "article_version", "article_tag",
    "article_code", "category", "product", "product_version",
}  # fmt: skip


@pytest.fixture
def slug(database: Database, cast: Cast) -> str:
    with database.write() as session:
        written: str = write(
            session, "Rounding differs", products=("ledger",), versions=("15.1",), tags=("vat",), codes=("LDG-1",)
        ).slug
    return written


def word(database: Database) -> str:
    with database.read() as session:
        return session.scalars(select(ContentStamp.word)).one_or_none() or ""


def titles(database: Database, viewer: Viewer = ANYBODY) -> list[str]:
    with database.read() as session:
        return [card.title for card in list_articles(session, viewer).items]


def test_the_second_answer_costs_the_stamp_only(database: Database, slug: str) -> None:
    asked: list[str] = []

    @remembered
    def numbers(session: Session, viewer: Viewer, shape: str) -> int:
        asked.append(shape)
        return article_count(session, viewer)

    for _ in range(2):
        with database.read() as session:
            assert (numbers(session, ANYBODY, "a"), numbers(session, ANYBODY, "a")) == (1, 1)
            assert numbers(session, customer("premium"), "a") == 1
            assert numbers(session, ANYBODY, "b") == 1
    assert asked == ["a", "a", "b"], "once for each kind of reader and each question"


CHANGES: dict[str, Callable[[Session, str], object]] = {
    "unpublished": lambda session, slug: unpublish(session, SYSTEM, slug),
    "narrowed": lambda session, slug: change_audience(session, SYSTEM, slug, "elite", ladder=LADDER),
    "deleted": lambda session, slug: delete_article(session, SYSTEM, slug),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_taken_away_is_gone_at_once(database: Database, slug: str, change: str) -> None:
    def seen() -> tuple[list[str], int, int]:
        with database.read() as session:
            shelves, count = product_shelves(session, ANYBODY), article_count(session, ANYBODY)
        return titles(database), len(shelves), count

    assert seen() == (["Rounding differs"], 1, 1)
    with database.write() as session:
        CHANGES[change](session, slug)
    assert seen() == ([], 0, 0)


def test_an_article_appears_at_its_moment_and_not_before(database: Database, slug: str) -> None:
    with database.write() as session:
        later = write(session, "Tomorrow").slug
        moment = clock.now() + timedelta(days=1)
        translation = get_article(session, SYSTEM, later)
        translation.published_at = translation.article.published_at = moment
    assert titles(database) == ["Rounding differs"]
    with time_machine.travel(moment - timedelta(seconds=1), tick=False):
        assert titles(database) == ["Rounding differs"]
    with time_machine.travel(moment, tick=False):
        assert set(titles(database)) == {"Rounding differs", "Tomorrow"}
    assert titles(database) == ["Rounding differs"]


def test_a_session_that_writes_asks_anew(database: Database, slug: str) -> None:
    assert titles(database) == ["Rounding differs"]
    with database.write() as session:
        unpublish(session, SYSTEM, slug)
        session.flush()
        assert article_count(session, ANYBODY) == 0
        publish(session, SYSTEM, slug)
    assert titles(database) == ["Rounding differs"]


def test_a_change_that_was_taken_back_is_not_remembered(database: Database, slug: str) -> None:
    before = word(database)
    with database.write() as session:
        unpublish(session, SYSTEM, slug)
        session.flush()
        session.rollback()
    assert word(database) == before
    assert titles(database) == ["Rounding differs"]


def test_what_is_kept_stays_within_its_room_whatever_is_asked_for(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.queries.remembered.ROOM", 1 << 20)
    with database.write() as session:
        for number in range(20):
            write(session, f"Article {number} {'x' * 200}", markdown="Text", summary="y" * 500)
    tracemalloc.start()
    for number in range(300):
        with database.read() as session:
            after = f"20990101T000000.{number:06}Z~{'z' * 4000}"
            assert len(list_articles(session, ANYBODY, after=after).items) == 20
    assert tracemalloc.get_traced_memory()[0] < 4 << 20
    tracemalloc.stop()


def test_an_answer_over_anything_but_the_content_is_refused(database: Database, slug: str) -> None:
    @remembered
    def people(session: Session, viewer: Viewer) -> int:
        return len(session.scalars(select(Person.id)).all())

    with database.read() as session, pytest.raises(UnstampedRead, match="person"):
        people(session, ANYBODY)


def test_an_answer_does_not_see_the_person(database: Database, cast: Cast) -> None:
    @remembered
    def who(session: Session, viewer: Viewer) -> tuple[object, ...]:
        return viewer.person_id, viewer.name, viewer.organisation_id, viewer.products

    with database.read() as session:
        assert who(session, customer("premium", "ledger")) == (None, "", None, frozenset())


def _writes() -> Iterator[tuple[str, Callable[[Session], object]]]:
    version = Revision.markup_version
    yield "an object", lambda s: s.add(Category(code="new", names={}))
    yield "a vote", lambda s: vote(s, s.info["piero"], s.info["slug"], helpful=True)
    yield "an update", lambda s: s.execute(update(Article).values(votes_yes=7))
    yield "a revision", lambda s: s.execute(update(Revision).values(markup_version=version + 1))
    yield "a deletion", lambda s: s.execute(delete(ArticleTranslation))
    tagged = Article.visible_to(SYSTEM, Article.id, literal("new"))
    yield "a tag", lambda s: s.execute(insert(ArticleTag).from_select(["article_id", "tag"], tagged))
    yield "a code", lambda s: s.execute(delete(ArticleCode))
    yield "a product", lambda s: s.execute(update(Product).values(name="Renamed"))
    yield "a version", lambda s: s.execute(update(ProductVersion).values(position=9))
    yield "a shelf", lambda s: s.execute(delete(article_product))
    yield "a version's shelf", lambda s: s.execute(delete(article_version))
    yield "a former address", lambda s: s.execute(delete(SlugHistory))
    yield "plain SQL", lambda s: s.execute(text("UPDATE article SET votes_no = 3"))
    yield "the driver's SQL", lambda s: s.connection().exec_driver_sql("UPDATE article SET votes_no = 4")


WRITES = dict(_writes())


@pytest.mark.parametrize("what", WRITES)
def test_every_way_to_change_the_content_renews_the_stamp(database: Database, slug: str, cast: Cast, what: str) -> None:
    before = word(database)
    with database.write() as session:
        session.info.update(slug=slug, piero=customer("premium", person_id=cast.piero.id))
        WRITES[what](session)
    assert word(database) != before


def test_other_changes_do_not(database: Database, slug: str) -> None:
    before = word(database)
    with database.write() as session:
        session.execute(update(Person).values(name="Somebody"))
    assert word(database) == before


def test_what_readers_read_is_marked_as_content() -> None:
    tables = ContentStamp.metadata.tables.values()
    assert {table.name for table in tables if is_content(table)} == CONTENT
