"""Reporting a problem in a paragraph: who may, what is refused, and that nobody but writers ever sees it."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from kb.models import ProblemReport
from kb.services import revise
from sportello.core.db import Database
from sportello.core.settings import Settings
from tests.browsing import ask
from tests.kb.articles import SYSTEM, write

SignIn = Callable[[str], FlaskClient]
CANARY = "zqreportvory"


@pytest.fixture
def slug(database: Database, cast: object) -> str:
    with database.write() as session:
        return write(session, "Totals differ", "premium", products=("ledger",)).slug


def report(client: FlaskClient, slug: str, **form: str) -> int:
    return client.post(f"/kb/{slug}/report", data={"quote": "The total is off.", **form}).status_code


def reports(database: Database) -> list[ProblemReport]:
    with database.read() as session:
        return list(session.scalars(select(ProblemReport).order_by(ProblemReport.id)))


def test_a_reader_reports_a_paragraph(sign_in: SignIn, slug: str, database: Database) -> None:
    answer = sign_in("piero").post(
        f"/kb/{slug}/report", data={"quote": "The   total\nis off", "comment": CANARY}, follow_redirects=True
    )
    assert answer.status_code == 200
    assert "The editors have your report" in answer.text
    (made,) = reports(database)
    assert (made.quote, made.comment, made.handled_at) == ("The total is off", CANARY, None)
    assert made.revision_id is not None


def test_words_that_do_not_stand_there_are_refused_and_what_was_typed_stays(
    sign_in: SignIn, slug: str, database: Database
) -> None:
    client = sign_in("piero")
    answer = client.post(f"/kb/{slug}/report", data={"quote": "No such words", "comment": CANARY})
    assert answer.status_code == 400
    assert "do not stand in the article" in answer.text
    assert "No such words</textarea>" in answer.text
    assert f"{CANARY}</textarea>" in answer.text
    assert report(client, slug, comment="  ") == 400
    assert report(client, slug, comment="x" * 2001) == 400
    assert report(client, slug, quote="x" * 1001, comment="x") == 400
    assert reports(database) == []


def test_an_empty_quote_means_the_whole_article(sign_in: SignIn, slug: str, database: Database) -> None:
    assert report(sign_in("elena"), slug, quote="", comment="It is out of date") == 303
    assert reports(database)[0].quote == ""


def test_who_may_not_read_the_article_cannot_report_it(sign_in: SignIn, slug: str, database: Database) -> None:
    client = sign_in("anna")
    gated = ask(client, f"/kb/{slug}/report", "POST")
    absent = ask(client, "/kb/absent-abcde/report", "POST")
    assert (gated.status, gated.headers) == (absent.status, absent.headers)
    assert gated.body.replace(slug.encode(), b"absent-abcde") == absent.body
    assert sign_in("anonymous").post(f"/kb/{slug}/report", data={"comment": "x"}).status_code == 404
    assert reports(database) == []


def test_reports_of_a_day_are_limited_and_refused_ones_do_not_count(
    app: Flask, settings: Settings, sign_in: SignIn, slug: str, database: Database
) -> None:
    client = sign_in("piero")
    assert report(client, slug, comment="") == 400
    sent = [report(client, slug, comment="It is wrong") for _ in range(settings.limit_reports_daily + 1)]
    assert sent[:-1] == [303] * settings.limit_reports_daily
    assert sent[-1] == 429
    assert report(sign_in("elena"), slug, comment="Another person may") == 303


def test_a_report_belongs_to_the_revision_that_was_read(sign_in: SignIn, slug: str, database: Database) -> None:
    client = sign_in("piero")
    page = client.get(f"/kb/{slug}").text
    seen = page.split('name="seen" value="')[1].split('"')[0]
    with database.write() as session:
        before = revise(session, SYSTEM, slug, title="Totals differ", markdown="Other words").revision_id
    assert report(client, slug, comment="read before", seen=seen) == 303
    assert report(client, slug, comment="cannot be read now") == 400
    assert report(client, slug, quote="Other words", comment="read now", seen="forged") == 303
    old, new = reports(database)
    assert old.revision_id != new.revision_id
    assert before is not None


@pytest.mark.parametrize("name", ["anna", "piero", "elena", "anonymous"])
def test_no_reader_ever_sees_what_was_reported(sign_in: SignIn, database: Database, cast: object, name: str) -> None:
    with database.write() as session:
        slug = write(session, "Open").slug
    before = ask(sign_in(name), f"/kb/{slug}")
    assert report(sign_in("ezio"), slug, comment=CANARY) == 303
    assert ask(sign_in(name), f"/kb/{slug}") == before
    assert sign_in(name).get("/queues/feedback").status_code == 404
    assert sign_in(name).get(f"/kb/{slug}/insight").status_code == 404


def test_hostile_words_stand_as_text(sign_in: SignIn, slug: str) -> None:
    evil = "<script>alert(1)</script>"
    assert report(sign_in("piero"), slug, quote="", comment=evil) == 303
    page = sign_in("sara").get("/queues/feedback").text
    assert evil not in page
    assert "&lt;script&gt;alert(1)" in page
