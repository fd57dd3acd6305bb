"""The past of an article over the web: every revision has its address, two are compared, one is restored."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from editorial import queries, services
from sportello.core import clock
from sportello.core.audience import system
from sportello.core.db import Database
from tests.editorial.pages import NEW, OLD, Desk, make_desk
from tests.kb.articles import write
from tests.people import Cast


@pytest.fixture
def desk(app: Flask, database: Database, cast: Cast) -> Desk:
    return make_desk(app, database, cast.sara)


@pytest.fixture
def sara(desk: Desk) -> FlaskClient:
    return desk.client(desk.sara)


def test_the_history_says_who_wrote_what_and_which_one_readers_have(desk: Desk, sara: FlaskClient) -> None:
    page = sara.get(f"/kb/{desk.slug}/history").text
    newer, older = page.index('id="revision-2"'), page.index('id="revision-1"')
    assert newer < older
    assert "Gino Test" in page[newer:older]
    assert "The rule has a name now" in page[newer:older]
    assert "In review" in page[newer:older]
    assert "Readers have this one" in page[older:]
    assert "Readers have this one" not in page[newer:older]


def test_after_publication_the_history_says_when_and_who_approved(desk: Desk, sara: FlaskClient) -> None:
    revision = desk.change()
    assert revision is not None
    desk.do(services.decide, desk.sara, desk.key(), "approved")
    page = sara.get(f"/kb/{desk.slug}/history").text
    entry = page[page.index('id="revision-2"') : page.index('id="revision-1"')]
    for words in ("Readers have this one", "Approved by Sara Test", "Published"):
        assert words in entry


def test_a_revision_keeps_its_address_and_looks_as_for_readers(desk: Desk, sara: FlaskClient) -> None:
    desk.do(services.decide, desk.sara, desk.key(), "approved")
    old, new = (sara.get(f"/kb/{desk.slug}/history/{number}").text for number in (1, 2))
    assert "<li>Change the rule.</li>" in old
    assert "Readers have revision 2." in old
    assert "<li>Send the documents again.</li>" in new
    assert "Readers have this text." in new
    for number in (0, 3, 2**31, 10**30):
        assert sara.get(f"/kb/{desk.slug}/history/{number}").status_code == 404
        assert sara.post(f"/kb/{desk.slug}/history/{number}/restore").status_code == 404


def test_a_link_in_an_old_revision_leads_only_where_the_reader_may_go(desk: Desk, cast: Cast) -> None:
    with desk.database.write() as session:
        other = write(session, "Other", "elite").slug
    desk.save(desk.gino, markdown=f"{OLD}\nSee [the other](/kb/{other}) and [none](/kb/never-was-abcde).\n")
    page = desk.client(desk.sara).get(f"/kb/{desk.slug}/history/3").text
    assert f'href="/kb/{other}"' in page
    assert 'href="/kb/never-was-abcde"' not in page


@pytest.mark.parametrize("view", ["inline", "side", "nonsense"])
def test_two_revisions_are_compared_word_by_word(desk: Desk, sara: FlaskClient, view: str) -> None:
    page = sara.get(f"/kb/{desk.slug}/compare?from=1&to=2&view={view}").text
    assert "<ins>rounding </ins>" in page
    assert "+2 −1 lines" in page


def test_without_numbers_the_last_two_revisions_are_compared(desk: Desk, sara: FlaskClient) -> None:
    assert "<ins>rounding </ins>" in sara.get(f"/kb/{desk.slug}/compare").text


def test_the_other_way_round_what_was_inserted_is_deleted(desk: Desk, sara: FlaskClient) -> None:
    assert "<del>rounding </del>" in sara.get(f"/kb/{desk.slug}/compare?from=2&to=1").text


def test_a_revision_does_not_differ_from_itself(desk: Desk, sara: FlaskClient) -> None:
    assert "The texts are the same." in sara.get(f"/kb/{desk.slug}/compare?from=2&to=2").text


@pytest.mark.parametrize("query", ["from=x&to=2", "from=1&to=99", "from=-1", "to=1e9", "from=²"])
def test_numbers_that_are_none_are_not_found(desk: Desk, sara: FlaskClient, query: str) -> None:
    assert sara.get(f"/kb/{desk.slug}/compare?{query}").status_code == 404


def test_markup_in_a_text_is_shown_and_never_run(desk: Desk, sara: FlaskClient) -> None:
    desk.save(desk.gino, markdown=OLD + "\n<script>alert(1)</script> <img src=x onerror=alert(1)>\n")
    for address in ("compare", "compare?view=side", "review", "review?view=preview", "history/3"):
        page = sara.get(f"/kb/{desk.slug}/{address}").text
        assert "<script>alert" not in page, address
        assert "<img src=x" not in page, address


def test_restoring_makes_a_new_revision_that_readers_do_not_have_yet(desk: Desk, sara: FlaskClient) -> None:
    desk.do(services.decide, desk.sara, desk.key(), "approved")
    answer = sara.post(f"/kb/{desk.slug}/history/1/restore")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/kb/{desk.slug}/review")
    assert desk.read() == NEW
    assert desk.revision(3).markdown == OLD
    assert desk.state() == "draft"
    assert "The words of revision 1 again" in sara.get(f"/kb/{desk.slug}/history").text


def test_restoring_asks_once_and_the_newest_cannot_be_restored(desk: Desk, sara: FlaskClient) -> None:
    assert "/history/1/restore" in sara.get(f"/kb/{desk.slug}/history/1").text
    assert "/restore" not in sara.get(f"/kb/{desk.slug}/history/2").text
    assert sara.post(f"/kb/{desk.slug}/history/77/restore").status_code == 404
    assert sara.get(f"/kb/{desk.slug}/history/1/restore").status_code == 405


def test_an_archived_article_is_not_written_by_restoring(desk: Desk, sara: FlaskClient) -> None:
    desk.do(services.archive, desk.sara, desk.slug)
    told = sara.post(f"/kb/{desk.slug}/history/1/restore", follow_redirects=True)
    assert "This article is archived. Bring it back first." in told.text
    with desk.database.read() as session:
        assert len(queries.history(session, system(), desk.slug)) == 2


def test_a_text_of_very_many_lines_is_cut_and_the_page_says_so(desk: Desk, sara: FlaskClient) -> None:
    desk.save(desk.gino, markdown=OLD + "\n" + "x\n" * 6000)
    for address in ("review", "review?view=side", "compare", "compare?view=side"):
        page = sara.get(f"/kb/{desk.slug}/{address}").text
        assert "more lines are not shown here" in page, address
        assert len(page) < 3_000_000, address
    page = sara.get("/queues/review").text
    assert len(page) < 300_000


def test_an_editors_own_plan_is_not_called_an_approval(desk: Desk, sara: FlaskClient) -> None:
    desk.do(services.decide, desk.sara, desk.key(), "approved")
    desk.save(desk.sara, markdown=OLD)
    desk.do(services.schedule, desk.sara, desk.slug, clock.now() + timedelta(hours=1))
    page = sara.get(f"/kb/{desk.slug}/history").text
    entry = page[page.index('id="revision-3"') : page.index('id="revision-2"')]
    assert "Sara Test passed it without a review" in entry
    assert "Approved by" not in entry
