"""The queues: what waits for whom, oldest first, with its figures; each row one decision."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from editorial import services
from editorial.queries import duties
from sportello.core.audience import Role
from sportello.core.db import Database
from tests.browsing import client_for
from tests.editorial.pages import NEW, Desk, make_desk
from tests.editorial.writing import begin, viewer
from tests.kb.articles import write
from tests.people import Cast, make_person


@pytest.fixture
def desk(app: Flask, database: Database, cast: Cast) -> Desk:
    return make_desk(app, database, cast.sara)


@pytest.fixture
def sara(desk: Desk) -> FlaskClient:
    return desk.client(desk.sara)


def titles(page: str) -> list[str]:
    """The titles of the rows, in order."""
    return re.findall(r'entry__title"[^>]*>(?:<a[^>]*>)?([^<]+)', page)


def hand_in(desk: Desk, title: str, product: str = "harbor") -> str:
    """A new article of Gino's that waits for a review."""
    with desk.database.write() as session:
        gino = viewer(desk.gino)
        slug = begin(session, gino, title, products=(product,)).slug
        services.submit(session, gino, slug)
    return slug


def test_the_queues_open_where_work_waits(desk: Desk, cast: Cast, sara: FlaskClient) -> None:
    assert sara.get("/queues").headers["Location"] == "/queues/review"
    assert desk.client(desk.gino).get("/queues").headers["Location"] == "/queues/drafts"


def test_the_oldest_stands_first_with_what_changed(desk: Desk, sara: FlaskClient) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2, hours=1)):
        hand_in(desk, "Move a calendar")
        page = desk.client(desk.sara).get("/queues/review").text
    assert titles(page) == ["Totals differ", "Move a calendar"]
    assert "2 articles wait for your review." in page
    assert "<ins>rounding </ins>" in page
    assert 'state--due">2 days' in page
    assert re.search(r"Good (morning|afternoon|evening), Sara\.", page)


def test_a_row_is_approved_where_it_stands(desk: Desk, sara: FlaskClient) -> None:
    page = sara.get("/queues/review").text
    row = page[page.index('class="entry__do"') : page.index("Send back")]
    form = dict(re.findall(r'name="(change|revision|verdict|back)" value="([^"]+)"', row))
    answer = sara.post(f"/kb/{desk.slug}/review/decide", data=form)
    assert answer.headers["Location"] == "/queues/review"
    assert desk.read() == NEW
    assert "Nothing waits for your review." in sara.get("/queues/review").text


def test_own_work_does_not_wait_for_oneself(desk: Desk, cast: Cast) -> None:
    gino = desk.client(desk.gino)
    assert titles(gino.get("/queues/review").text) == []
    assert titles(gino.get("/queues/drafts").text) == ["Totals differ"]
    desk.save(desk.sara, markdown=NEW + "\nSara too.\n")
    assert titles(desk.client(desk.sara).get("/queues/review").text) == []
    assert titles(desk.client(cast.ada).get("/queues/review").text) == ["Totals differ"]


def test_an_agent_reviews_their_products_and_sees_those_first(desk: Desk, cast: Cast) -> None:
    with desk.database.write() as session:
        rita = make_person(session, "rita", None, Role.AGENT)
        session.flush()
    hand_in(desk, "Move a calendar", "foundry")
    client = desk.client(rita)
    assert titles(client.get("/queues/review").text) == []
    desk.do(services.set_reviewers, cast.sara, "foundry", [rita.email])
    assert titles(client.get("/queues/review").text) == ["Move a calendar"]
    desk.do(services.set_reviewers, cast.sara, "foundry", [cast.sara.email])
    sara = desk.client(cast.sara)
    assert titles(sara.get("/queues/review").text) == ["Move a calendar"]
    assert len(titles(sara.get("/queues/review?product=all").text)) == 2
    assert titles(sara.get("/queues/review?product=ledger").text) == ["Totals differ"]
    assert titles(sara.get("/queues/review?product=absent").text) == []


def test_drafts_are_mine_or_everybodys(desk: Desk, sara: FlaskClient) -> None:
    with desk.database.write() as session:
        begin(session, viewer(desk.sara), "Sara's own")
    assert titles(sara.get("/queues/drafts").text) == ["Sara&#39;s own"]
    assert titles(sara.get("/queues/drafts?whose=all").text) == ["Sara&#39;s own", "Totals differ"]


def test_changes_that_were_asked_for_stand_in_the_authors_drafts(desk: Desk) -> None:
    desk.do(services.decide, desk.sara, desk.key(), "changes-asked", "Say which rule.")
    assert "Changes asked" in desk.client(desk.gino).get("/queues/drafts").text


def test_words_that_were_typed_and_not_saved_are_not_forgotten(desk: Desk, sara: FlaskClient) -> None:
    desk.do(services.autosave, desk.sara, desk.slug, {"markdown": "Half a sen"})
    page = sara.get("/queues/drafts").text
    assert "not saved as a revision yet" in page
    assert f"/kb/{desk.slug}/edit" in page


def test_what_nobody_publishes_or_works_on_is_listed(desk: Desk, sara: FlaskClient) -> None:
    from kb.services import unpublish

    with desk.database.write() as session:
        resting = write(session, "Resting", "public").slug
        unpublish(session, viewer(desk.sara), resting)
    assert "Resting" in titles(sara.get("/queues/drafts?whose=all").text)


def test_a_long_queue_goes_on_without_a_row_lost_or_twice(desk: Desk, sara: FlaskClient) -> None:
    made = [hand_in(desk, f"Article {number:02}") for number in range(duties.PAGE + 3)]
    assert len(made) == duties.PAGE + 3
    first = sara.get("/queues/review").text
    following = re.search(r'href="([^"]+after=[^"]+)"', first)
    assert following
    second = sara.get(following[1].replace("&amp;", "&")).text
    assert titles(first) + titles(second) == ["Totals differ", *(f"Article {n:02}" for n in range(duties.PAGE + 3))]
    assert sara.get("/queues/review?after=absent").status_code == 404


def test_what_was_put_away_is_brought_back_from_its_queue(desk: Desk, sara: FlaskClient) -> None:
    desk.do(services.archive, desk.sara, desk.slug)
    assert titles(sara.get("/queues/archived").text) == ["Totals differ"]
    sara.post(f"/kb/{desk.slug}/bin")
    assert titles(sara.get("/queues/archived").text) == []
    page = sara.get("/queues/bin").text
    assert titles(page) == ["Totals differ"]
    assert "30 days left" in page
    sara.post(f"/kb/{desk.slug}/unbin")
    assert titles(sara.get("/queues/archived").text) == ["Totals differ"]
    sara.post(f"/kb/{desk.slug}/unarchive")
    assert titles(sara.get("/queues/archived").text) == []
    assert client_for(desk.app, None).get(f"/kb/{desk.slug}").status_code == 200


def test_what_lies_in_the_bin_waits_for_nobody(desk: Desk, sara: FlaskClient) -> None:
    desk.do(services.bin_article, desk.sara, desk.slug)
    for address in ("/queues/review", "/queues/drafts?whose=all"):
        assert titles(sara.get(address).text) == []


def test_agents_see_the_archive_and_change_nothing_in_it(desk: Desk) -> None:
    desk.do(services.archive, desk.sara, desk.slug)
    gino = desk.client(desk.gino)
    assert "Bring back" not in gino.get("/queues/archived").text
    for act in ("unarchive", "bin", "unbin"):
        assert gino.post(f"/kb/{desk.slug}/{act}").status_code == 404


@pytest.mark.parametrize("name", ["anonymous", "anna", "elena"])
def test_for_readers_there_are_no_queues(desk: Desk, cast: Cast, name: str) -> None:
    client = client_for(desk.app, cast.people.get(name))
    for address in ("/queues", "/queues/review", "/queues/drafts", "/queues/archived", "/queues/bin"):
        assert client.get(address).status_code == 404
    assert "/queues" not in client.get("/").text


def test_the_queues_are_in_the_navigation_of_those_who_write(desk: Desk, sara: FlaskClient) -> None:
    assert 'href="/queues"' in sara.get("/").text
    assert 'href="/queues"' in sara.get("/staff").text


def test_a_queue_costs_the_same_with_one_row_and_with_many(desk: Desk, sara: FlaskClient) -> None:
    from sqlalchemy import event

    def statements() -> int:
        seen: list[str] = []

        def note(*args: object) -> None:
            seen.append(str(args[2]))

        event.listen(desk.database.engine, "before_cursor_execute", note)
        sara.get("/queues/review")
        event.remove(desk.database.engine, "before_cursor_execute", note)
        return len(seen)

    statements()
    hand_in(desk, "First")
    one = statements()
    for number in range(4):
        hand_in(desk, f"Article {number}")
    assert statements() == one


def test_a_saved_change_is_touched_last_and_stands_first_among_drafts(desk: Desk, sara: FlaskClient) -> None:
    with desk.database.write() as session:
        slug = begin(session, viewer(desk.gino), "Second").slug
    assert titles(sara.get("/queues/drafts?whose=all").text) == ["Second", "Totals differ"]
    desk.save(desk.gino, markdown=NEW + "\nAgain.\n")
    assert titles(sara.get("/queues/drafts?whose=all").text) == ["Totals differ", "Second"]
    assert slug
