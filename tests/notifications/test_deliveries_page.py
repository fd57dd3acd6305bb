"""The staff page of deliveries: what it shows of each part, and that its buttons do what they say."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from sportello.core import clock, keys, outbox
from sportello.core.db import Database
from sportello.core.types import Ref
from sportello.notifications.events import NoticePosted
from sportello.notifications.models import Delivery, DeliveryChannel, DeliveryState, SuppressedAddress, Webhook
from sportello.notifications.queries.deliveries import PAGE
from tests.kb.articles import write
from tests.notifications.leaving import a_delivery, a_notice, waiting_events
from tests.people import Cast

SignIn = Callable[[str], FlaskClient]
PAGE_OF = "/staff/deliveries"


def failed(database: Database, cast: Cast, **more: object) -> tuple[str, int]:
    with database.write() as session:
        article = write(session, "Rounding stops invoices", "elite").article
        notice = a_notice(session, Ref("article", article.key), "article-published")
        made = a_delivery(
            session, person_id=cast.anna.id, notice_id=notice.id, error="554 <b>refused</b>", attempts=3, **more
        )  # type: ignore[arg-type]
        return made.key, made.id


def test_a_site_where_nothing_left_yet_says_so(sign_in: SignIn) -> None:
    ada = sign_in("ada")
    page = ada.get(PAGE_OF).text
    assert "Nothing was given up." in page
    assert page.count("Well") == 4
    assert "Try all again" not in page
    for show, words in {
        "queued": "Nothing waits.",
        "sent": "Nothing was sent in the last 90 days.",
        "dropped": "Everything that was asked for was sent.",
        "suppressed": "Mail goes to every address.",
        "nonsense": "Nothing was given up.",
    }.items():
        assert words in ada.get(f"{PAGE_OF}?show={show}").text


def test_a_dead_letter_says_who_what_and_why(database: Database, cast: Cast, sign_in: SignIn) -> None:
    failed(database, cast)
    page = sign_in("ada").get(PAGE_OF).text
    for words in ("Rounding stops invoices", "anna@xtreme.example", "Xtreme", "3 attempts", "554 &lt;b&gt;refused"):
        assert words in page, words


def test_a_servers_answer_is_shown_as_it_is(database: Database, cast: Cast, sign_in: SignIn) -> None:
    with database.write() as session:
        a_delivery(session, person_id=cast.anna.id, error="452 disk 100% full %(name)s <script>alert(1)</script>")
    page = sign_in("ada").get(PAGE_OF).text
    assert "452 disk 100% full %(name)s &lt;script&gt;" in page


def test_a_test_call_of_a_system_is_called_so(database: Database, cast: Cast, sign_in: SignIn) -> None:
    with database.write() as session:
        home = cast.organisations["xtreme"].id
        hook = Webhook(key=keys.new_key(), organisation_id=home, name="Tickets", url="https://t.example", secret="s")
        hook.events, hook.created_at = [], clock.now()
        session.add(hook)
        session.flush()
        a_delivery(session, webhook_id=hook.id, channel=DeliveryChannel.WEBHOOK, error="500", attempts=1)
    page = sign_in("ada").get(PAGE_OF).text
    for words in ("Test call", "Tickets", "Answer 500"):
        assert words in page, words


def test_it_is_tried_again_by_its_button(database: Database, cast: Cast, sign_in: SignIn) -> None:
    key, number = failed(database, cast)
    answer = sign_in("ada").post(f"{PAGE_OF}/{key}/retry", data={"back": f"{PAGE_OF}?q=anna"}, follow_redirects=True)
    assert answer.request.full_path == f"{PAGE_OF}?q=anna"
    assert "It will be tried again at once." in answer.text
    with database.read() as session:
        assert waiting_events(session, "MailDue") == [{"delivery": number}]
    assert sign_in("ada").post(f"{PAGE_OF}/{key}/retry").status_code == 409


def test_all_are_tried_again_of_the_channel_that_is_shown(database: Database, cast: Cast, sign_in: SignIn) -> None:
    failed(database, cast)
    failed(database, cast, channel=DeliveryChannel.DIGEST)
    ada = sign_in("ada")
    assert 'name="channel" value="digest"' in ada.get(f"{PAGE_OF}?channel=digest").text
    answer = ada.post(f"{PAGE_OF}/retry", data={"channel": "digest"}, follow_redirects=True)
    assert "Dead letters that will be tried again: 1." in answer.text
    assert "tried again: 1." in ada.post(f"{PAGE_OF}/retry", data={"channel": ""}, follow_redirects=True).text
    assert "tried again: 0." in ada.post(f"{PAGE_OF}/retry", data={"channel": "odd"}, follow_redirects=True).text


def test_a_dead_letter_is_let_go_by_its_button(database: Database, cast: Cast, sign_in: SignIn) -> None:
    key, number = failed(database, cast)
    ada = sign_in("ada")
    assert "Nothing was given up." in ada.post(f"{PAGE_OF}/{key}/let-go", follow_redirects=True).text
    assert "Rounding stops invoices" in ada.get(f"{PAGE_OF}?show=dropped").text
    with database.read() as session:
        assert session.get_one(Delivery, number).state == DeliveryState.DROPPED


def test_other_work_that_was_given_up_is_shown_and_tried_again(database: Database, sign_in: SignIn) -> None:
    with database.write() as session:
        row = outbox.emit(session, NoticePosted("one"))
        row.parked_at, row.error = clock.now(), "RuntimeError: broke"
        session.flush()
        number = row.id
    ada = sign_in("ada")
    assert "RuntimeError: broke" in ada.get(PAGE_OF).text
    answer = ada.post(f"{PAGE_OF}/events/{number}/retry", follow_redirects=True)
    assert "RuntimeError: broke" not in answer.text
    assert ada.post(f"{PAGE_OF}/events/{number}/retry").status_code == 404


def test_a_suppressed_address_is_shown_and_lifted(database: Database, sign_in: SignIn) -> None:
    with database.write() as session:
        session.add(SuppressedAddress(email="a@b.example", reason="550 5.1.1 no such user", since=clock.now()))
    ada = sign_in("ada")
    page = ada.get(f"{PAGE_OF}?show=suppressed").text
    assert "550 5.1.1 no such user" in page
    assert "1 mail came back" in page
    answer = ada.post(f"{PAGE_OF}/lift", data={"email": "a@b.example", "back": "https://evil.example"})
    assert answer.headers["Location"] == PAGE_OF
    assert "Mail goes to every address." in ada.get(f"{PAGE_OF}?show=suppressed").text
    assert ada.post(f"{PAGE_OF}/lift", data={"email": "a@b.example"}).status_code == 404
    assert ada.post(f"{PAGE_OF}/lift").status_code == 404


def test_long_lists_are_paged(database: Database, cast: Cast, sign_in: SignIn) -> None:
    with database.write() as session:
        for number in range(PAGE + 1):
            a_delivery(session, person_id=cast.anna.id)
            session.add(SuppressedAddress(email=f"{number:02}@b.example", reason="550", since=clock.now()))
    ada = sign_in("ada")
    for show in ("failed", "suppressed"):
        page = ada.get(f"{PAGE_OF}?show={show}").text
        assert page.count("entry--act") == PAGE
        following = page.split('rel="next"')[0].rpartition('href="')[2].split('"')[0].replace("&amp;", "&")
        assert ada.get(following).text.count("entry--act") == 1
    assert ada.get(f"{PAGE_OF}?before=neverwas00").status_code == 404


@pytest.mark.parametrize("name", ["anonymous", "anna", "elena", "ezio", "sara"])
def test_for_everybody_else_there_is_no_such_page(database: Database, cast: Cast, sign_in: SignIn, name: str) -> None:
    key, _ = failed(database, cast)
    client = sign_in(name)
    absent = 302 if name == "anonymous" else 404
    assert client.get(PAGE_OF).status_code in (404, absent)
    for path in (f"{key}/retry", f"{key}/let-go", "retry", "events/1/retry", "lift"):
        assert client.post(f"{PAGE_OF}/{path}", data={"email": "a@b.example"}).status_code in (404, absent), path
    assert "Deliveries" not in client.get("/staff").text


def test_in_italian_every_word_of_the_frame_is_there(sign_in: SignIn) -> None:
    ada = sign_in("ada")
    ada.set_cookie("language", "it")
    assert ada.get(PAGE_OF).status_code == 200
