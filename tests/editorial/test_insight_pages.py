"""How an article does: openings are counted after the answer, votes by the revision read, searches without names."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from kb.models import ArticleViews, ArticleVote
from kb.queries.insight import views_by_week, worst
from kb.services import revise
from kb.services.views_count import count_view, purge_views
from search_index.led_here import led_here
from search_index.models import SearchLog
from sportello.core import clock
from sportello.core.db import Database
from sportello.core.types import Ref
from sportello.web.gather import write_out
from tests.kb.articles import SYSTEM, write
from tests.people import Cast

SignIn = Callable[[str], FlaskClient]
BROWSER = {"User-Agent": "Mozilla/5.0"}


@pytest.fixture
def written(database: Database, cast: Cast) -> tuple[str, str]:
    """Slug and key of an article."""
    with database.write() as session:
        row = write(session, "Totals differ", it="I totali", votes=(1, 9))
        return row.slug, row.article.key


def views(database: Database) -> dict[str, int]:
    write_out()
    with database.counters() as session:
        return {row.audience: row.count for row in session.scalars(select(ArticleViews))}


def test_openings_are_counted_by_class_of_reader(sign_in: SignIn, written: tuple[str, str], database: Database) -> None:
    slug, _ = written
    for name in ("anonymous", "anonymous", "anna", "elena", "ezio", "sara"):
        sign_in(name).get(f"/kb/{slug}", headers=BROWSER).close()
    assert views(database) == {"anonymous": 3, "xtreme": 1, "elite": 1, "staff": 1}


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"User-Agent": "Googlebot/2.1"}),
        ("GET", {"User-Agent": ""}),
        ("GET", {**BROWSER, "Sec-Purpose": "prefetch;prerender"}),
        ("HEAD", BROWSER),
    ],
)
def test_programs_and_pages_fetched_ahead_are_not_counted(
    sign_in: SignIn, written: tuple[str, str], database: Database, method: str, headers: dict[str, str]
) -> None:
    sign_in("anonymous").open(f"/kb/{written[0]}", method=method, headers=headers).close()
    sign_in("anonymous").get(f"/kb/{written[0]}.md", headers=BROWSER).close()
    sign_in("anonymous").get("/kb/absent-abcde", headers=BROWSER).close()
    assert views(database) == {}


def test_weeks_begin_on_monday_and_none_is_left_out(database: Database) -> None:
    with database.counters() as session:
        for _ in range(3):
            count_view(session, "abcdefghjk", "premium")
        count_view(session, "abcdefghjk", "staff")
        for day in (clock.today() - timedelta(days=7), date(2020, 1, 1)):
            session.add(ArticleViews(article_key="abcdefghjk", day=day, audience="elite", count=5))
    with database.counters() as session:
        weeks = views_by_week(session, "abcdefghjk")
    assert len(weeks) == 26
    assert {week.monday.weekday() for week in weeks} == {0}
    assert [(week.readers, week.staff) for week in weeks[-3:]] == [(0, 0), (5, 0), (3, 1)]
    with database.counters() as session:
        assert purge_views(session) == 1


def test_a_vote_belongs_to_the_revision_that_was_read(
    sign_in: SignIn, written: tuple[str, str], database: Database, cast: Cast
) -> None:
    slug, _ = written
    anna, piero = sign_in("anna"), sign_in("piero")
    seen = anna.get(f"/kb/{slug}").text.split('name="seen" value="')[1].split('"')[0]
    with database.write() as session:
        revise(session, SYSTEM, slug, title="Totals differ", markdown="Better now.")
    anna.post(f"/kb/{slug}/vote", data={"v": "no", "seen": seen})
    piero.post(f"/kb/{slug}/vote", data={"v": "yes"})
    with database.read() as session:
        revisions = {vote.person_id: vote.revision_id for vote in session.scalars(select(ArticleVote))}
    assert revisions[cast.anna.id] != revisions[cast.piero.id]
    page = sign_in("sara").get(f"/kb/{slug}/insight").text
    assert "English, revision 2</th><td>1</td><td>0</td>" in page
    assert "English, revision 1</th><td>0</td><td>1</td>" in page


def search(database: Database, query: str, people: int, key: str, audience: str = "premium") -> None:
    with database.counters() as session:
        for number in range(people):
            entry = SearchLog(asked_at=clock.now(), month="2026-11", actor=f"{query}{number}"[-32:], query=query)
            entry.language, entry.audience, entry.total = "en", audience, 3
            entry.clicked, entry.opened = 1, f"article:{key}"
            session.add(entry)


def test_searches_are_told_by_words_only_when_enough_people_used_them(
    sign_in: SignIn, written: tuple[str, str], database: Database
) -> None:
    slug, key = written
    search(database, "invoice total", 3, key)
    search(database, "secret wording", 2, key)
    search(database, "mario@rossi.example", 4, key)
    search(database, "robot words", 5, key, audience="bot")
    search(database, "elsewhere", 5, "otherarticl")
    with database.counters() as session:
        found = led_here(session, Ref("article", key))
    assert [(wording.query, wording.searches) for wording in found.wordings] == [("invoice total", 3)]
    assert found.others == 6
    page = sign_in("sara").get(f"/kb/{slug}/insight").text
    assert "invoice total" in page
    for words in ("secret wording", "rossi", "robot words", "elsewhere"):
        assert words not in page


def test_what_is_read_much_and_helps_few_is_listed(
    sign_in: SignIn, written: tuple[str, str], database: Database, cast: Cast
) -> None:
    _, key = written
    with database.write() as session:
        good = write(session, "Fine", votes=(9, 1)).article.key
        unread = write(session, "Unread", votes=(0, 9)).article.key
    with database.counters() as session:
        for _ in range(4):
            count_view(session, key, "premium")
            count_view(session, good, "premium")
            count_view(session, unread, "staff")
    with database.read() as session, database.counters() as counters:
        (poor,) = worst(session, counters, SYSTEM)
    assert (poor.title, poor.share, poor.views) == ("Totals differ", 10, 4)
    assert "10 % say yes" in sign_in("sara").get("/queues/feedback").text


def test_links_from_other_articles_stand_there(
    sign_in: SignIn, written: tuple[str, str], database: Database, app: object
) -> None:
    from flask import Flask

    from tests.work import work_off

    assert isinstance(app, Flask)
    with database.write() as session:
        write(session, "See also", markdown=f"[that](/kb/{written[0]})")
    work_off(app)
    assert "See also" in sign_in("sara").get(f"/kb/{written[0]}/insight").text


@pytest.mark.parametrize("name", ["anonymous", "anna", "piero", "elena", "ezio"])
def test_nobody_else_has_this_page(sign_in: SignIn, written: tuple[str, str], name: str) -> None:
    assert sign_in(name).get(f"/kb/{written[0]}/insight").status_code == 404


def test_an_article_that_nobody_opened_has_a_page_too(sign_in: SignIn, database: Database, cast: Cast) -> None:
    with database.write() as session:
        slug = write(session, "Alone").slug
    page = sign_in("sara").get(f"/kb/{slug}/insight").text
    for words in ("Nobody has answered yet.", "Nobody came here from a search yet.", "No comment and no report."):
        assert words in page
