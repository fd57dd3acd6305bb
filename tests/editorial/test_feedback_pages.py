"""The queue of what readers wrote: handled with name and time, opened again, filtered."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from kb.models import ArticleVote, ProblemReport
from sportello.core.db import Database
from tests.kb.articles import write
from tests.people import Cast

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def slug(database: Database, cast: Cast, sign_in: SignIn) -> str:
    """Piero voted no and says why, Anna voted yes and says thanks, Elena reports a paragraph."""
    with database.write() as session:
        slug = write(session, "Totals differ", products=("ledger",)).slug
    sign_in("piero").post(f"/kb/{slug}/vote", data={"v": "no", "comment": "Nothing about Harbor"})
    sign_in("anna").post(f"/kb/{slug}/vote", data={"v": "yes", "comment": "Thank you all"})
    sign_in("ezio").post(f"/kb/{slug}/vote", data={"v": "yes", "comment": ""})
    sign_in("elena").post(f"/kb/{slug}/report", data={"quote": "The total is off", "comment": "By how much?"})
    return slug


ALL = ("Nothing about Harbor", "Thank you all", "By how much?")


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ALL),
        ("?what=comment", ALL[:2]),
        ("?what=report", ALL[2:]),
        ("?helpful=no", ALL[:1]),
        ("?helpful=yes", ALL[1:2]),
        ("?product=ledger", ALL),
        ("?product=foundry", ()),
        ("?handled=1", ()),
    ],
)
def test_the_queue_shows_what_was_asked_for(sign_in: SignIn, slug: str, query: str, shown: tuple[str, ...]) -> None:
    page = sign_in("sara").get(f"/queues/feedback{query}").text
    assert [words for words in ALL if words in page] == list(shown)
    if not shown:
        assert "Nothing" in page


def test_the_tab_counts_what_is_open(sign_in: SignIn, slug: str) -> None:
    page = sign_in("sara").get("/queues/feedback").text
    assert 'Feedback <span class="count">3</span>' in page


def test_a_report_is_handled_and_opened_again(sign_in: SignIn, slug: str, database: Database, cast: Cast) -> None:
    sara = sign_in("sara")
    with database.read() as session:
        key = session.scalars(select(ProblemReport.key)).one()
    answer = sara.post("/queues/feedback", data={"report": key, "act": "done", "back": "/queues/feedback?what=report"})
    assert answer.location == "/queues/feedback?what=report"
    assert "By how much?" not in sara.get("/queues/feedback").text
    handled = sara.get("/queues/feedback?handled=1").text
    assert "By how much?" in handled
    assert "handled by Sara Test" in handled
    sign_in("ada").post("/queues/feedback", data={"report": key, "act": "done"})
    with database.read() as session:
        assert session.scalars(select(ProblemReport)).one().handled_by_id == cast.sara.id, "the first one stays"
    sara.post("/queues/feedback", data={"report": key, "act": "undo"})
    assert "By how much?" in sara.get("/queues/feedback").text


def test_a_comment_is_handled_until_the_reader_writes_another(
    sign_in: SignIn, slug: str, database: Database, cast: Cast
) -> None:
    sara = sign_in("sara")
    page = sara.get("/queues/feedback?helpful=no").text
    article = page.split('name="article" value="')[1].split('"')[0]
    form = {"article": article, "person": cast.piero.key, "act": "done"}
    assert sara.post("/queues/feedback", data=form).status_code == 303
    assert "Nothing about Harbor" not in sara.get("/queues/feedback").text
    sign_in("piero").post(f"/kb/{slug}/vote", data={"v": "yes", "comment": "Nothing about Harbor"})
    with database.read() as session:
        vote = session.scalars(select(ArticleVote).where(ArticleVote.person_id == cast.piero.id)).one()
    assert vote.handled_by_id == cast.sara.id, "the same words stay handled"
    sign_in("piero").post(f"/kb/{slug}/vote", data={"v": "no", "comment": "And Foundry?"})
    assert "And Foundry?" in sara.get("/queues/feedback").text


@pytest.mark.parametrize("form", [{}, {"report": "absent"}, {"article": "absent", "person": "absent"}])
def test_what_is_not_there_cannot_be_handled(sign_in: SignIn, slug: str, form: dict[str, str]) -> None:
    assert sign_in("sara").post("/queues/feedback", data=form).status_code == 404


@pytest.mark.parametrize("name", ["anonymous", "anna", "piero", "elena", "ezio"])
def test_nobody_else_has_this_page(sign_in: SignIn, slug: str, database: Database, name: str) -> None:
    client = sign_in(name)
    assert client.get("/queues/feedback").status_code == 404
    with database.read() as session:
        key = session.scalars(select(ProblemReport.key)).one()
    assert client.post("/queues/feedback", data={"report": key}).status_code == 404
    with database.read() as session:
        assert session.scalars(select(ProblemReport)).one().handled_at is None


def test_a_long_queue_goes_on(sign_in: SignIn, database: Database, cast: Cast) -> None:
    from datetime import timedelta

    from sportello.core import clock, keys

    with database.write() as session:
        row = write(session, "Totals differ")
        for number in range(35):
            at = clock.now() - timedelta(minutes=number)
            session.add(ProblemReport(key=keys.new_key(), translation_id=row.id, person_id=cast.anna.id, quote="",
                                      comment=f"Report {number:02}.", created_at=at))  # fmt: skip
    sara = sign_in("sara")
    first = sara.get("/queues/feedback").text
    assert "Report 29." in first
    assert "Report 30." not in first
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = sara.get(following).text
    assert "Report 30." in second
    assert "Report 34." in second
    assert "Report 29." not in second
    assert sara.get("/queues/feedback?after=x").status_code == 400
