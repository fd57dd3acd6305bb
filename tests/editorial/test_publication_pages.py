"""Publishing, planning, archiving and binning over the web; and what readers of an archived address meet."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from editorial import services
from editorial.models import State
from editorial.views.typed import moment_of
from sportello.accounts.models import Person
from sportello.core.db import Database
from tests.browsing import ask, client_for
from tests.editorial.pages import NEW, OLD, Desk, make_desk
from tests.kb.articles import write
from tests.people import Cast
from tests.work import work_off

ROME = ZoneInfo("Europe/Rome")


@pytest.fixture
def desk(app: Flask, database: Database, cast: Cast) -> Desk:
    return make_desk(app, database, cast.sara, waiting=False)


@pytest.fixture
def sara(desk: Desk) -> FlaskClient:
    return desk.client(desk.sara)


def local(moment: datetime) -> str:
    """As the field of date and time sends it from Rome."""
    return f"{moment.astimezone(ROME):%Y-%m-%dT%H:%M}"


def test_publishing_now_gives_readers_the_change(desk: Desk, sara: FlaskClient) -> None:
    answer = sara.post(f"/kb/{desk.slug}/publish")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/kb/{desk.slug}")
    assert desk.read() == NEW


def test_an_agent_may_not_publish_beyond_their_level(desk: Desk) -> None:
    """The article is validated: agents publish up to what the settings say, which is less."""
    gino = desk.client(desk.gino)
    assert "Publish now" not in gino.get(f"/kb/{desk.slug}/review").text
    assert gino.post(f"/kb/{desk.slug}/publish").status_code == 403
    assert desk.read() == OLD


def test_a_time_is_meant_in_the_persons_own_zone_and_the_worker_keeps_it(desk: Desk, sara: FlaskClient) -> None:
    at = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=3)
    assert sara.post(f"/kb/{desk.slug}/schedule", data={"at": local(at)}).status_code == 303
    change = desk.change()
    assert change is not None
    assert (change.state, change.publish_at) == (State.SCHEDULED, at)
    assert f'value="{local(at)}"' in sara.get(f"/kb/{desk.slug}/review").text
    with time_machine.travel(at - timedelta(minutes=1)):
        work_off(desk.app)
        assert desk.read() == OLD
    with time_machine.travel(at + timedelta(minutes=1)):
        work_off(desk.app)
        assert desk.read() == NEW


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("2020-01-01T10:00", "Choose a time in the future."),
        ("tomorrow", "Write date and time like this"),
        ("9999-12-31T23:59+99:00", "Write date and time like this"),
    ],
)
def test_a_time_that_has_passed_or_is_none_is_refused_at_its_field(
    desk: Desk, sara: FlaskClient, typed: str, message: str
) -> None:
    for address, field in (("schedule", "schedule"), ("unpublish", "unpublish")):
        answer = sara.post(f"/kb/{desk.slug}/{address}", data={"at": typed})
        assert answer.status_code == 400
        assert message in answer.text
        assert f'id="{field}-error"' in answer.text
        assert f'value="{typed}"'.replace("+", "+") in answer.text
    assert desk.state() == State.DRAFT


def test_a_planned_time_can_be_taken_away(desk: Desk, sara: FlaskClient) -> None:
    at = local(datetime.now(UTC) + timedelta(days=1))
    sara.post(f"/kb/{desk.slug}/schedule", data={"at": at})
    sara.post(f"/kb/{desk.slug}/schedule", data={"at": at, "clear": "1"})
    change = desk.change()
    assert change is not None
    assert change.publish_at is None
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2)):
        work_off(desk.app)
        assert desk.read() == OLD


def test_an_article_goes_from_its_readers_at_the_time_that_was_chosen(desk: Desk, sara: FlaskClient) -> None:
    at = datetime.now(UTC) + timedelta(hours=1)
    assert sara.post(f"/kb/{desk.slug}/unpublish", data={"at": local(at)}).status_code == 303
    nobody = client_for(desk.app, None)
    assert nobody.get(f"/kb/{desk.slug}").status_code == 200
    with time_machine.travel(at + timedelta(minutes=2)):
        work_off(desk.app)
        assert nobody.get(f"/kb/{desk.slug}").status_code == 404


def test_hours_that_a_zone_leaves_out_or_has_twice_are_understood(app: Flask, cast: Cast) -> None:
    with app.test_request_context():  # nobody is signed in: the site's own zone, Rome
        assert moment_of("2027-03-28T02:30") == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
        assert moment_of("2027-07-01 12:00") == datetime(2027, 7, 1, 10, 0, tzinfo=UTC)
        assert moment_of("  ") is None


def test_before_archiving_one_sees_what_points_here_and_what_may_replace_it(
    desk: Desk, sara: FlaskClient, app: Flask
) -> None:
    with desk.database.write() as session:
        write(session, "Totals differ again", "public", markdown=OLD)
        write(session, "Points there", "public", markdown=f"See [it](/kb/{desk.slug}).")
    work_off(app)
    page = sara.get(f"/kb/{desk.slug}/archive").text
    assert "Points there" in page
    assert "1 article links to this one." in page
    assert "Totals differ again" in page
    assert "Nothing was found" in sara.get(f"/kb/{desk.slug}/archive?q=zzz+qqq").text


def test_archiving_sends_readers_to_the_successor_with_a_word(desk: Desk, sara: FlaskClient) -> None:
    with desk.database.write() as session:
        successor = write(session, "The new way", "public").slug
    form = {"choice": "", "successor": f"http://localhost/kb/{successor}"}
    assert sara.post(f"/kb/{desk.slug}/archive", data=form).status_code == 303
    answer = client_for(desk.app, None).get(f"/kb/{desk.slug}", follow_redirects=True)
    assert answer.request.path == f"/kb/{successor}"
    assert "This article replaces it." in answer.text


@pytest.mark.parametrize("successor", ["never-was-abcde", "http://", "itself"])
def test_a_successor_that_is_none_is_refused_and_stays_typed(desk: Desk, sara: FlaskClient, successor: str) -> None:
    typed = desk.slug if successor == "itself" else successor
    answer = sara.post(f"/kb/{desk.slug}/archive", data={"successor": typed})
    assert answer.status_code == 400
    assert f'value="{typed}"' in answer.text
    assert 'id="successor-error"' in answer.text
    assert client_for(desk.app, None).get(f"/kb/{desk.slug}").status_code == 200


def test_an_archived_address_says_so_to_those_whom_its_audience_admits(desk: Desk, cast: Cast) -> None:
    """Elite could read it, and is told; for anybody else it is as if it had never been."""
    with desk.database.write() as session:
        elite = write(session, "Elite only", "elite").slug
    desk.do(services.archive, desk.sara, elite)

    def answer(person: Person | None, slug: str) -> tuple[int, bytes]:
        found = ask(client_for(desk.app, person), f"/kb/{slug}")
        return found.status, found.body.replace(slug.encode(), b"-")

    status, body = answer(cast.elena, elite)
    assert status == 410
    assert b"Elite only" in body
    for person in (None, cast.anna, cast.piero, cast.ezio):
        assert answer(person, elite) == answer(person, "never-was-abcde")
        assert answer(person, elite)[0] == 404


def test_a_successor_that_a_reader_may_not_read_is_not_named(desk: Desk, cast: Cast) -> None:
    with desk.database.write() as session:
        successor = write(session, "Canary successor", "elite").slug
    desk.do(services.archive, desk.sara, desk.slug, successor)
    for person in (None, cast.anna, cast.piero, cast.ezio):
        told = ask(client_for(desk.app, person), f"/kb/{desk.slug}")
        assert told.status == 410
        assert b"anary" not in told.body
        assert successor.encode() not in told.body + repr(told.headers).encode()
    elena = ask(client_for(desk.app, cast.elena), f"/kb/{desk.slug}")
    assert dict(elena.headers)["location"].endswith(successor)


def test_a_binned_or_unpublished_article_leaves_no_word_behind(desk: Desk, sara: FlaskClient) -> None:
    nobody = client_for(desk.app, None)
    desk.do(services.archive, desk.sara, desk.slug)
    assert nobody.get(f"/kb/{desk.slug}").status_code == 410
    sara.post(f"/kb/{desk.slug}/bin")
    assert nobody.get(f"/kb/{desk.slug}").status_code == 404


def test_drafts_that_were_never_read_are_archived_without_a_trace(desk: Desk, cast: Cast) -> None:
    from tests.editorial.writing import begin, viewer

    with desk.database.write() as session:
        slug = begin(session, viewer(desk.gino), "Never read").slug
    desk.do(services.archive, desk.sara, slug)
    assert client_for(desk.app, cast.elena).get(f"/kb/{slug}").status_code == 404


def test_reviewers_are_chosen_product_by_product(desk: Desk, sara: FlaskClient) -> None:
    page = sara.get("/staff/reviewers").text
    for name in ("Ledger", "Foundry", "Harbor", "Gino Test"):
        assert name in page
    assert sara.post("/staff/reviewers/ledger", data={"reviewers": [desk.gino.email]}).status_code == 303
    assert f'value="{desk.gino.email}" checked' in sara.get("/staff/reviewers").text
    refused = sara.post("/staff/reviewers/ledger", data={"reviewers": ["anna@xtreme.example"]})
    assert refused.status_code == 400
    assert 'id="ledger-error"' in refused.text
    assert sara.post("/staff/reviewers/absent").status_code == 404
    assert desk.client(desk.gino).get("/staff/reviewers").status_code == 404
