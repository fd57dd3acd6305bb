"""The pages of critical notices: writing and sending one, the banner, acknowledging, the report."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from sportello.core.audience import Role
from sportello.core.db import Database
from sportello.core.settings import Settings
from sportello.notifications.models import Acknowledgement, CriticalNotice, CriticalState
from sportello.notifications.services.critical.held import stamp
from tests.browsing import client_for
from tests.notifications import alarms
from tests.notifications.alarms import closing, colleague, set_roles, work
from tests.people import Cast

Browser = Callable[[str], FlaskClient]
FORM = {
    "products": ["ledger"],
    "versions": ["ledger 15.1"],
    "consequence_en": "Year-end closing can post twice.",
    "action_en": "Close from one session only.",
    "remind_days": "3",
}
BANNER = 'class="notice alarm'


@dataclass
class Desk:
    """One article, and the notice about it as it stands in the database."""

    app: Flask
    database: Database
    cast: Cast
    ref: str
    slug: str

    @property
    def notice(self) -> CriticalNotice:
        with self.database.read() as session:
            return session.scalars(select(CriticalNotice)).one()

    @property
    def page(self) -> str:
        return f"/staff/critical/{self.notice.key}"

    @property
    def shown(self) -> str:
        return f"/critical/{self.notice.key}"

    def act(self, client: FlaskClient, what: str, **form: object) -> int:
        return client.post(f"{self.page}/{what}", data={"seen": stamp(self.notice), **form}).status_code

    def send(self, client: FlaskClient) -> None:
        """From the article to everybody."""
        client.post("/staff/critical", data={"about": self.ref})
        assert self.act(client, "edit", **FORM) == 303
        assert self.act(client, "send") == 303
        work(self.app)

    def acknowledge(self, client: FlaskClient, **form: str) -> int:
        return client.post(f"{self.shown}/acknowledge", data={"version": "1", **form}).status_code


@pytest.fixture
def desk(app: Flask, database: Database, cast: Cast) -> Desk:
    with database.write() as session:
        article = closing(session, it="La chiusura registra due volte")
        return Desk(app, database, cast, str(alarms.about(article)), article.slug)


@pytest.fixture
def two_people(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    object.__setattr__(settings, "critical_confirmation", True)


def test_a_notice_goes_from_the_article_to_everybody_concerned(desk: Desk, sign_in: Browser) -> None:
    sara = sign_in("sara")
    assert "Critical notice…" in sara.get(f"/kb/{desk.slug}").text
    begun = sara.post("/staff/critical", data={"about": desk.ref})
    assert begun.headers["Location"] == f"{desk.page}/edit"
    form = sara.get(f"{desk.page}/edit").text
    assert 'value="ledger" checked' in form
    saved = sara.post(f"{desk.page}/edit", data={**FORM, "seen": stamp(desk.notice)})
    assert (saved.status_code, saved.headers["Location"]) == (303, desk.page)
    preview = sara.get(desk.page).text
    assert "2 people" in preview
    assert "in 2 organisations" in preview
    assert "Send to 2 people now" in preview
    assert desk.act(sara, "send") == 303
    work(desk.app)
    assert BANNER in sign_in("anna").get("/plans").text
    assert "Close from one session only." in sign_in("piero").get("/").text


@pytest.mark.parametrize("name", ["anonymous", "elena", "ezio", "sara"])
def test_the_banner_is_for_those_who_license_the_product_and_are_covered(
    desk: Desk, sign_in: Browser, name: str
) -> None:
    desk.send(sign_in("sara"))
    for address in ("/", "/plans", f"/kb/{desk.slug}", "/no-such-page"):
        assert BANNER not in sign_in(name).get(address).text, address


def test_the_banner_stays_on_every_page_until_it_is_acknowledged(desk: Desk, sign_in: Browser) -> None:
    desk.send(sign_in("sara"))
    anna = sign_in("anna")
    pages = ("/", "/kb", "/search?q=invoice", "/settings", "/notifications", f"/kb/{desk.slug}", "/no-such-page")
    assert [address for address in pages if anna.get(address).text.count(BANNER) != 1] == []
    assert anna.get("/").text.count("Close from one session only.") == 1, "not a second time as a critical article"
    answer = anna.post(f"{desk.shown}/acknowledge", data={"version": "1", "back": "/kb?x=1"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/kb?x=1")
    assert [address for address in pages if BANNER in anna.get(address).text] == []
    assert "Close from one session only." not in anna.get("/").text
    assert BANNER in sign_in("piero").get("/kb").text, "Piero has not"


def test_the_banner_speaks_italian(desk: Desk, sign_in: Browser) -> None:
    desk.send(sign_in("sara"))
    with desk.database.write() as session:
        session.get_one(type(desk.cast.anna), desk.cast.anna.id).language = "it"
    page = sign_in("anna").get("/kb").text
    assert "La chiusura registra due volte" in page
    assert '<p class="notice__text" lang="en">' in page, "what is not translated says its language"


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere"])
def test_after_acknowledging_nobody_is_led_elsewhere(desk: Desk, sign_in: Browser, back: str) -> None:
    desk.send(sign_in("sara"))
    answer = sign_in("anna").post(f"{desk.shown}/acknowledge", data={"version": "1", "back": back})
    assert answer.headers["Location"] == desk.shown


def test_a_contact_answers_for_everybody_of_the_organisation(desk: Desk, sign_in: Browser) -> None:
    with desk.database.write() as session:
        rita = colleague(session, "rita", desk.cast.organisations["xtreme"])
    desk.send(sign_in("sara"))
    hers = client_for(desk.app, rita)
    assert BANNER in hers.get("/kb").text
    assert "For all of" not in hers.get("/kb").text
    assert desk.acknowledge(hers, **{"for": "organisation"}) == 403
    anna = sign_in("anna")
    assert "For all of Xtreme" in anna.get("/kb").text
    assert desk.acknowledge(anna, **{"for": "organisation"}) == 303
    assert BANNER not in hers.get("/kb").text
    assert BANNER in sign_in("piero").get("/kb").text


@pytest.mark.parametrize("version", ["", "x", "-1", "1e3", "99999999", "²"])
def test_a_version_that_is_none_is_refused(desk: Desk, sign_in: Browser, version: str) -> None:
    desk.send(sign_in("sara"))
    assert desk.acknowledge(sign_in("anna"), version=version) == 400


def test_who_acknowledges_what_was_corrected_meanwhile_reads_it_first(desk: Desk, sign_in: Browser) -> None:
    sara, anna = sign_in("sara"), sign_in("anna")
    desk.send(sara)
    assert (
        desk.act(sara, "correct", **{**FORM, "action_en": "Do not close at all.", "reason_en": "One is not safe."})
        == 303
    )
    answer = anna.post(f"{desk.shown}/acknowledge", data={"version": "1"})
    assert answer.status_code == 409
    assert "Do not close at all." in answer.text
    assert desk.acknowledge(anna, version="2") == 303
    page = anna.get(desk.shown).text
    assert "One is not safe." in page
    assert "Close from one session only." in page, "what was said before stands below"


@pytest.mark.parametrize(("name", "status"), [("elena", 403), ("ezio", 403), ("sara", 403), ("anonymous", 302)])
def test_who_is_not_concerned_reads_the_notice_of_a_public_article_and_answers_nothing(
    desk: Desk, sign_in: Browser, name: str, status: int
) -> None:
    desk.send(sign_in("sara"))
    client = sign_in(name)
    assert client.get(desk.shown).status_code == (302 if name == "anonymous" else 200)
    assert desk.acknowledge(client) == status
    with desk.database.read() as session:
        assert session.scalars(select(Acknowledgement)).all() == []


def test_a_draft_and_a_notice_that_never_was_are_the_same_to_a_customer(desk: Desk, sign_in: Browser) -> None:
    sign_in("sara").post("/staff/critical", data={"about": desk.ref})
    anna = sign_in("anna")
    for address in (desk.shown, "/critical/neverwas00", desk.page, "/staff/critical"):
        assert anna.get(address).status_code == 404
    assert desk.acknowledge(anna) == 404


def test_the_list_of_a_customer_says_what_is_left_to_acknowledge(desk: Desk, sign_in: Browser) -> None:
    anna, elena = sign_in("anna"), sign_in("elena")
    assert "Nothing critical stands" in anna.get("/critical").text
    desk.send(sign_in("sara"))
    assert "Year-end closing posts twice" in anna.get("/critical").text
    assert "Nothing critical stands" in elena.get("/critical").text
    desk.acknowledge(anna)
    assert "Acknowledged" in anna.get("/critical").text


def test_an_agent_asks_and_an_editor_lets_go(desk: Desk, sign_in: Browser) -> None:
    with desk.database.write() as session:
        aldo = colleague(session, "aldo", None, Role.AGENT)
    agent = client_for(desk.app, aldo)
    agent.post("/staff/critical", data={"about": desk.ref})
    assert desk.act(agent, "edit", **FORM) == 303
    page = agent.get(desk.page).text
    assert "Ask for confirmation" in page
    assert "Send to" not in page
    assert desk.act(agent, "send") == 403
    assert desk.act(agent, "ask") == 303
    assert "Waits for a second person" in sign_in("sara").get("/staff/critical").text
    assert desk.act(sign_in("sara"), "send") == 303
    assert desk.notice.state == CriticalState.SENT
    for act in ("close", "remind"):
        assert desk.act(agent, act) in (403, 404)


def test_where_two_are_needed_the_page_of_the_first_offers_no_sending(
    desk: Desk, sign_in: Browser, two_people: None
) -> None:
    sara, ada = sign_in("sara"), sign_in("ada")
    sara.post("/staff/critical", data={"about": desk.ref})
    desk.act(sara, "edit", **FORM)
    assert "Send to" not in sara.get(desk.page).text
    assert desk.act(sara, "ask") == 303
    assert "Somebody else who may send" in sara.get(desk.page).text
    assert desk.act(sara, "send") == 403
    assert "Send to 2 people now" in ada.get(desk.page).text
    assert desk.act(ada, "send") == 303
    work(desk.app)
    assert desk.act(sara, "withdraw", reason_en="It was a test.") == 303
    assert desk.notice.state == CriticalState.SENT, "the withdrawal waits"
    assert "A withdrawal waits" in sara.get(desk.page).text
    assert desk.act(sara, "confirm") == 403
    assert desk.act(ada, "confirm") == 303
    assert desk.notice.state == CriticalState.WITHDRAWN


def test_a_form_that_is_refused_keeps_what_was_typed(desk: Desk, sign_in: Browser) -> None:
    sara = sign_in("sara")
    sara.post("/staff/critical", data={"about": desk.ref})
    typed = {**FORM, "consequence_en": "x" * 301, "action_it": "Chiudere tutto.", "remind_days": "soon"}
    answer = sara.post(f"{desk.page}/edit", data={**typed, "seen": stamp(desk.notice)})
    assert answer.status_code == 400
    assert "x" * 301 in answer.text
    assert "Chiudere tutto." in answer.text
    assert 'value="soon"' in answer.text
    assert "Use at most 300 characters." in answer.text


def test_a_form_that_somebody_was_faster_with_is_a_conflict(desk: Desk, sign_in: Browser) -> None:
    sara, ada = sign_in("sara"), sign_in("ada")
    sara.post("/staff/critical", data={"about": desk.ref})
    seen = stamp(desk.notice)
    assert desk.act(ada, "edit", **FORM) == 303
    answer = sara.post(f"{desk.page}/edit", data={**FORM, "consequence_en": "Mine.", "seen": seen})
    assert answer.status_code == 409
    assert "Mine." in answer.text
    assert desk.notice.consequence == {"en": FORM["consequence_en"]}
    assert sara.post(f"{desk.page}/send", data={"seen": seen}).status_code == 409
    assert sara.post(f"{desk.page}/send").status_code == 409, "who has read nothing sends nothing"


@pytest.mark.parametrize("about", ["", "nothing", "article:neverwas00", "critical:x", "person:1"])
def test_nothing_begins_about_nothing(desk: Desk, sign_in: Browser, about: str) -> None:
    assert sign_in("sara").post("/staff/critical", data={"about": about}).status_code == 404


def test_the_report_says_who_has_not(desk: Desk, sign_in: Browser) -> None:
    sara = sign_in("sara")
    desk.send(sara)
    page = sara.get(desk.page).text
    assert "Nobody has acknowledged" in page
    assert "Anna Test" in page
    assert "Piero Test" in page
    desk.acknowledge(sign_in("anna"))
    page = sara.get(desk.page).text
    assert "Anna Test" not in page
    assert "Piero Test" in page
    assert "Anna Test" in sara.get(f"{desk.page}?show=all").text
    desk.acknowledge(sign_in("piero"), **{"for": "organisation"})
    assert "Every organisation has acknowledged." in sara.get(desk.page).text
    assert "Piero Test for everybody" in sara.get(f"{desk.page}?show=all").text


def test_the_table_has_a_line_for_everybody(desk: Desk, sign_in: Browser) -> None:
    with desk.database.write() as session:
        session.get_one(type(desk.cast.anna), desk.cast.anna.id).name = "=HYPERLINK(1)"
    sara = sign_in("sara")
    desk.send(sara)
    desk.acknowledge(sign_in("piero"), **{"for": "organisation"})
    answer = sara.get(f"{desk.page}/report.csv")
    assert answer.mimetype == "text/csv"
    assert "no-store" in answer.headers["Cache-Control"]
    rows = {row["email"]: row for row in csv.DictReader(StringIO(answer.text))}
    assert set(rows) == {"anna@xtreme.example", "piero@premium.example"}
    assert rows["anna@xtreme.example"]["name"] == "'=HYPERLINK(1)"
    assert rows["anna@xtreme.example"]["acknowledged_at"] == ""
    assert rows["piero@premium.example"]["for_organisation"] == "yes"
    assert rows["piero@premium.example"]["told_at"]


def test_a_draft_has_no_table(desk: Desk, sign_in: Browser) -> None:
    sign_in("sara").post("/staff/critical", data={"about": desk.ref})
    assert sign_in("sara").get(f"{desk.page}/report.csv").status_code == 404


def test_a_closed_notice_has_no_banner_and_stays_readable(desk: Desk, sign_in: Browser) -> None:
    sara, anna = sign_in("sara"), sign_in("anna")
    desk.send(sara)
    assert desk.act(sara, "close") == 303
    assert BANNER not in anna.get("/kb").text
    assert "This notice is closed" in anna.get(desk.shown).text
    assert desk.act(sara, "close") == 409


def test_a_withdrawn_notice_says_so_and_why(desk: Desk, sign_in: Browser) -> None:
    sara, anna = sign_in("sara"), sign_in("anna")
    desk.send(sara)
    assert desk.act(sara, "withdraw") == 400
    assert desk.act(sara, "withdraw", reason_en="It was another product.") == 303
    assert BANNER not in anna.get("/kb").text
    page = anna.get(desk.shown).text
    assert "This notice was withdrawn" in page
    assert "It was another product." in page
    assert desk.acknowledge(anna) == 409


def test_moderators_have_no_such_pages(desk: Desk, sign_in: Browser) -> None:
    with desk.database.write() as session:
        set_roles(session, desk.cast.sara, Role.MODERATOR)
    assert sign_in("sara").get("/staff/critical").status_code == 404


def test_the_list_of_staff_is_empty_at_first(app: Flask, sign_in: Browser) -> None:
    assert "No critical notice yet." in sign_in("sara").get("/staff/critical").text
    assert sign_in("sara").get("/staff/critical?after=x").status_code == 404


def test_below_a_folder_of_the_web_server_the_banner_leads_into_it(desk: Desk, sign_in: Browser) -> None:
    desk.send(sign_in("sara"))
    there = "http://localhost/portal"
    anna = sign_in("anna")
    assert f'href="/portal/kb/{desk.slug}"' in anna.get("/plans", base_url=there).text
    assert f'href="/portal/kb/{desk.slug}"' in anna.get(desk.shown, base_url=there).text
    assert anna.get(f"/kb/{desk.slug}", base_url=there).text.count("Close from one session only.") == 1


def test_what_is_lacking_is_said_with_its_language(desk: Desk, sign_in: Browser) -> None:
    sara = sign_in("sara")
    sara.post("/staff/critical", data={"about": desk.ref})
    assert "<span>Say what happens, in at least one language.</span>" in sara.get(desk.page).text
    desk.act(sara, "edit", **FORM, consequence_it="La chiusura registra due volte.")
    assert "Italiano: Say what to do at once, in this language too." in sara.get(desk.page).text


def test_discarding_and_closing_ask_once(desk: Desk, sign_in: Browser) -> None:
    sara = sign_in("sara")
    sara.post("/staff/critical", data={"about": desk.ref})
    assert "Discard…</summary>" in sara.get(desk.page).text
    assert desk.act(sara, "edit", **FORM) == 303
    assert desk.act(sara, "send") == 303
    page = sara.get(desk.page).text
    assert "It is over…</summary>" in page
    assert "An hour after each message they can be reminded by hand" in page
