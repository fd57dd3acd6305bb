"""The review page: what changed is shown, lines are commented on, others decide, and nobody on their own work."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from editorial import services
from editorial.models import ReviewNote, State
from sportello.core.audience import system
from sportello.core.db import Database
from tests.browsing import client_for
from tests.editorial.pages import NEW, OLD, Desk, make_desk
from tests.people import Cast

LINE = 1 + NEW.split("\n").index("2. Send the documents again.")


@pytest.fixture
def desk(app: Flask, database: Database, cast: Cast) -> Desk:
    return make_desk(app, database, cast.sara)


@pytest.fixture
def sara(desk: Desk) -> FlaskClient:
    return desk.client(desk.sara)


@pytest.fixture
def gino(desk: Desk) -> FlaskClient:
    return desk.client(desk.gino)


def notes(desk: Desk) -> list[ReviewNote]:
    with desk.database.read() as session:
        return list(session.scalars(ReviewNote.visible_to(system()).order_by(ReviewNote.id)))


def decide(client: FlaskClient, desk: Desk, verdict: str, text: str = "", revision: int = 2) -> int:
    form = {"change": desk.key(), "revision": revision, "verdict": verdict, "text": text}
    return client.post(f"/kb/{desk.slug}/review/decide", data=form).status_code


def test_the_page_shows_the_words_that_changed(desk: Desk, sara: FlaskClient) -> None:
    page = sara.get(f"/kb/{desk.slug}/review").text
    assert "<ins>rounding </ins>" in page
    assert "2. Send the documents again." in page
    assert "In review" in page
    assert "The rule has a name now" in page


@pytest.mark.parametrize("view", ["changes", "side", "preview", "nonsense"])
def test_every_view_of_a_change_opens(desk: Desk, sara: FlaskClient, view: str) -> None:
    answer = sara.get(f"/kb/{desk.slug}/review?view={view}")
    assert answer.status_code == 200
    assert "Send the documents again." in answer.text


def test_the_preview_is_the_text_as_readers_would_see_it(desk: Desk, sara: FlaskClient) -> None:
    page = sara.get(f"/kb/{desk.slug}/review?view=preview").text
    assert "<li>Send the documents again.</li>" in page


def test_approving_gives_readers_the_change(desk: Desk, sara: FlaskClient) -> None:
    assert desk.read() == OLD
    assert decide(sara, desk, "approved") == 303
    assert desk.read() == NEW
    assert desk.state() == ""


def test_nobody_approves_their_own_work_and_sees_no_button_for_it(desk: Desk, gino: FlaskClient, app: Flask) -> None:
    assert 'name="verdict"' not in gino.get(f"/kb/{desk.slug}/review").text
    assert decide(gino, desk, "approved") == 403
    assert desk.read() == OLD


def test_an_editor_who_wrote_some_of_it_does_not_decide_either(desk: Desk, sara: FlaskClient) -> None:
    desk.save(desk.sara, markdown=NEW + "\nMore.\n")
    assert 'name="verdict"' not in sara.get(f"/kb/{desk.slug}/review").text
    assert decide(sara, desk, "approved", revision=3) == 403


def test_an_agent_decides_as_reviewer_of_the_product_only(desk: Desk, cast: Cast) -> None:
    with desk.database.write() as session:
        from sportello.core.audience import Role
        from tests.people import make_person

        rita = make_person(session, "rita", None, Role.AGENT)
        session.flush()
    client = desk.client(rita)
    assert 'name="verdict"' not in client.get(f"/kb/{desk.slug}/review").text
    assert decide(client, desk, "approved") == 403
    desk.do(services.set_reviewers, cast.sara, "ledger", [rita.email])
    assert 'name="verdict"' in client.get(f"/kb/{desk.slug}/review").text
    assert decide(client, desk, "approved") == 303


@pytest.mark.parametrize(("verdict", "state"), [("changes-asked", State.DRAFT), ("rejected", "")])
def test_sending_back_and_rejecting_need_words(desk: Desk, sara: FlaskClient, verdict: str, state: str) -> None:
    assert decide(sara, desk, verdict) == 400
    assert desk.state() == State.IN_REVIEW
    assert decide(sara, desk, verdict, "Say which rule.") == 303
    assert desk.state() == state
    assert desk.read() == OLD


def test_the_editor_of_a_text_that_was_sent_back_says_what_was_asked_for(
    desk: Desk, sara: FlaskClient, gino: FlaskClient
) -> None:
    form = {"change": desk.key(), "revision": 2, "line": LINE, "text": "To whom?"}
    assert sara.post(f"/kb/{desk.slug}/review/note", data=form).status_code == 303
    assert "A reviewer asks for changes" not in gino.get(f"/kb/{desk.slug}/edit").text
    assert decide(sara, desk, "changes-asked", "Say which <b>rule</b>.") == 303
    page = gino.get(f"/kb/{desk.slug}/edit").text
    assert "A reviewer asks for changes" in page
    assert "Say which &lt;b&gt;rule&lt;/b&gt;." in page
    assert "To whom?" in page
    desk.do(services.resolve_note, desk.gino, notes(desk)[0].key)
    page = gino.get(f"/kb/{desk.slug}/edit").text
    assert "To whom?" not in page
    assert "Say which" in page
    assert gino.post(f"/kb/{desk.slug}/review/submit").status_code == 303
    assert "A reviewer asks for changes" not in gino.get(f"/kb/{desk.slug}/edit").text


def test_what_was_typed_stays_when_a_decision_is_refused(desk: Desk, sara: FlaskClient) -> None:
    form = {"change": desk.key(), "revision": 2, "verdict": "nonsense", "text": "My careful words"}
    answer = sara.post(f"/kb/{desk.slug}/review/decide", data=form)
    assert answer.status_code == 400
    assert "My careful words</textarea>" in answer.text
    assert "Choose what shall become of the change." in answer.text


def test_a_text_that_came_after_reading_is_not_approved(desk: Desk, sara: FlaskClient) -> None:
    desk.save(desk.gino, markdown=NEW + "\nUnread.\n")
    answer = sara.post(
        f"/kb/{desk.slug}/review/decide",
        data={"change": desk.key(), "revision": 2, "verdict": "approved"},
        follow_redirects=True,
    )
    assert "A newer text was saved while you read." in answer.text
    assert desk.read() == OLD


def test_a_comment_stands_at_its_line(desk: Desk, sara: FlaskClient, gino: FlaskClient) -> None:
    form = {"change": desk.key(), "revision": 2, "line": LINE, "text": "Which <documents>?"}
    answer = sara.post(f"/kb/{desk.slug}/review/note", data=form)
    (note,) = notes(desk)
    assert answer.headers["Location"].endswith(f"#note-{note.key}")
    assert (note.line, note.quote) == (LINE, "2. Send the documents again.")
    page = gino.get(f"/kb/{desk.slug}/review").text
    after = page[page.index(f'id="line-{LINE}"') :]
    assert "Which &lt;documents&gt;?" in after[: after.index("</form>")]


def test_a_comment_moves_with_its_line_and_is_kept_when_the_line_goes(desk: Desk, sara: FlaskClient) -> None:
    sara.post(f"/kb/{desk.slug}/review/note", data={"change": desk.key(), "line": LINE, "text": "Which?"})
    desk.save(desk.gino, markdown="## Environment\n\nAny.\n\n" + NEW)
    page = sara.get(f"/kb/{desk.slug}/review").text
    assert 0 < page.index(f'id="line-{LINE + 4}"') < page.index("Which?") < page.index('id="said"')
    desk.save(desk.gino, markdown=OLD.replace("Change", "Turn"))
    page = sara.get(f"/kb/{desk.slug}/review").text
    assert page.index('id="said"') < page.index("Which?")
    assert "On a line that is no longer there:" in page


def test_without_script_a_line_number_opens_the_form_at_its_line(desk: Desk, sara: FlaskClient) -> None:
    page = sara.get(f"/kb/{desk.slug}/review?line={LINE}").text
    form = page[page.index('id="line-comment-form"') :]
    assert re.search(rf'name="line" value="{LINE}"', form[: form.index("</form>")])


def test_a_comment_without_words_or_on_no_line_is_refused_where_it_was_typed(desk: Desk, sara: FlaskClient) -> None:
    address = f"/kb/{desk.slug}/review/note"
    empty = sara.post(address, data={"change": desk.key(), "line": LINE, "text": " "})
    assert empty.status_code == 400
    assert 'aria-invalid="true"' in empty.text
    assert sara.post(address, data={"change": desk.key(), "line": 4000, "text": "Where?"}).status_code == 400
    assert sara.post(address, data={"change": "absent", "text": "Where?"}).status_code == 404
    assert notes(desk) == []


def test_a_comment_is_resolved_and_reopened(desk: Desk, sara: FlaskClient, gino: FlaskClient) -> None:
    sara.post(f"/kb/{desk.slug}/review/note", data={"change": desk.key(), "text": "All of it?"})
    (note,) = notes(desk)
    address = f"/kb/{desk.slug}/review/note/{note.key}"
    assert gino.post(address).status_code == 303
    assert notes(desk)[0].resolved_at is not None
    assert "Reopen" in gino.get(f"/kb/{desk.slug}/review").text
    gino.post(address, data={"reopen": "1"})
    assert notes(desk)[0].resolved_at is None
    assert gino.post(f"/kb/{desk.slug}/review/note/absent").status_code == 404


def test_a_change_is_taken_back_handed_in_again_and_given_up(desk: Desk, gino: FlaskClient) -> None:
    for act, state in (("withdraw", State.DRAFT), ("submit", State.IN_REVIEW), ("discard", "")):
        assert gino.post(f"/kb/{desk.slug}/review/{act}").status_code == 303
        assert desk.state() == state
    told = gino.post(f"/kb/{desk.slug}/review/submit", follow_redirects=True)
    assert "There is no open change here any more." in told.text
    assert "No change is open." in told.text


def test_a_wider_audience_is_said_in_plain_words(desk: Desk, sara: FlaskClient) -> None:
    desk.save(desk.gino, markdown=NEW, audience="premium@ledger")
    page = sara.get(f"/kb/{desk.slug}/review").text
    assert "Settings that change" in page
    assert "Premium and Elite customers licensed for Ledger: 1 organisation." in page


@pytest.mark.parametrize("name", ["anonymous", "anna", "elena"])
def test_for_readers_there_is_no_review(desk: Desk, cast: Cast, name: str) -> None:
    client = client_for(desk.app, cast.people.get(name))
    absent = client.get("/kb/never-was-abcde")
    for address in ("review", "history", "history/1", "compare", "archive"):
        answer = client.get(f"/kb/{desk.slug}/{address}")
        assert answer.status_code == absent.status_code == 404, address
    assert "documents again" not in client.get(f"/kb/{desk.slug}").text
