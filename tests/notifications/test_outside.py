"""A critical notice reaches who has no account: a mailbox that confirmed and a system, also what follows from it."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from sportello.core import clock
from sportello.core.db import Database
from sportello.core.mail import stored_mails
from sportello.core.settings import Settings
from sportello.notifications.models import RegisteredAddress
from sportello.notifications.services.critical import change, end
from sportello.notifications.services.critical.acknowledge import acknowledge
from sportello.portal.wiring import make_worker
from tests.notifications.alarms import PLANS, WHY, WORDS, closing, sent, viewer
from tests.notifications.systems import LOOPBACK, System, answering, system
from tests.people import Cast

SignIn = Callable[[str], FlaskClient]
FAMILY = ("notice", "correction", "reminder", "withdrawal")
FORM = {"email": "night@shift.example", "name": "Night shift", "language": "it"}
WANTED = ["critical-notice"]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Of an operator who lets webhooks call this machine."""
    return replace(settings, webhook_networks=LOOPBACK)


def work(app: Flask) -> None:
    make_worker(app.extensions["sportello.site"]).run_once()


def mails_to(settings: Settings, email: str) -> list[EmailMessage]:
    return [stored.mail for stored in stored_mails(settings.mail_dir) if stored.mail["To"] == email]


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_a_mailbox_and_a_system_hear_of_it_and_of_its_end(
    app: Flask, settings: Settings, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    piero, nobody = sign_in("piero"), app.test_client()
    with system(answering()) as there:
        piero.post("/organisation/addresses", data=FORM)
        piero.post("/organisation/webhooks", data={"name": "Tickets", "url": there.url, "events": WANTED})
        work(app)
        [asked] = mails_to(settings, FORM["email"])
        found = re.search(r"/registered/confirm/\S+", text_of(asked))
        assert found
        nobody.post(found.group(0))
        with database.write() as session:
            notice = sent(session, viewer(cast.ada), closing(session, "premium"))
        work(app)
        _, told = mails_to(settings, FORM["email"])
        assert "La chiusura può registrare due volte." in text_of(told)
        assert told["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert _called(there)[0]["data"]["critical"]["consequence"]["en"] == "Year-end closing can post twice."
        with database.write() as session:
            why = {"en": "It was another version.", "it": "Era un'altra versione."}
            change.withdraw(session, viewer(cast.ada), notice.key, why, two_people=False)
        work(app)
        assert len(mails_to(settings, FORM["email"])) == 3
        assert [call["type"] for call in _called(there)] == ["critical-notice", "critical-withdrawal"]
        leave = str(told["List-Unsubscribe"]).strip("<>").partition("/registered/")[2]
        assert nobody.post(f"/registered/{leave}", data={"List-Unsubscribe": "One-Click"}).status_code == 200
    with database.read() as session:
        assert session.scalars(select(RegisteredAddress)).all() == []


def test_a_system_that_is_told_of_critical_notices_hears_how_they_go_on(
    app: Flask, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    ada = viewer(cast.ada)
    with system(answering()) as there, system(answering()) as knows, time_machine.travel(clock.now()) as clocks:
        for name, system_of in (("piero", there), ("anna", knows)):
            form = {"name": "Tickets", "url": system_of.url, "events": WANTED}
            assert sign_in(name).post("/organisation/webhooks", data=form).status_code == 200
        with database.write() as session:
            key = sent(session, ada, closing(session)).key
        work(app)
        with database.write() as session:
            change.correct(session, ada, key, replace(WORDS, products={"ledger": []}), WHY, two_people=False)
        work(app)
        with database.write() as session:
            acknowledge(session, viewer(cast.anna), key, 2)
        clocks.shift(timedelta(hours=2))
        with database.write() as session:
            end.remind(session, ada, key, plans=PLANS)
        work(app)
        with database.write() as session:
            change.withdraw(session, ada, key, WHY, two_people=False)
        work(app)
    notice, correction, reminder, withdrawal = (f"critical-{what}" for what in FAMILY)
    assert [call["type"] for call in _called(there)] == [notice, correction, reminder, withdrawal]
    assert [call["type"] for call in _called(knows)] == [notice, correction, withdrawal]
    assert _called(there)[2]["data"]["critical"]["action"]["en"] == WORDS.action["en"]


def test_a_reminder_for_somebody_who_acknowledges_meanwhile_is_not_made(
    app: Flask, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    with system(answering("500 Down")) as there, time_machine.travel(clock.now()) as clocks:
        sign_in("piero").post("/organisation/webhooks", data={"name": "Tickets", "url": there.url, "events": WANTED})
        with database.write() as session:
            key = sent(session, viewer(cast.ada), closing(session)).key
        clocks.shift(timedelta(hours=2))
        with database.write() as session:
            end.remind(session, viewer(cast.ada), key, plans=PLANS)
            acknowledge(session, viewer(cast.piero), key, 1)
        there.behaviour = answering()
        work(app)
    assert [call["type"] for call in _called(there)] == WANTED


def test_corrections_are_not_chosen_by_themselves(cast: Cast, sign_in: SignIn) -> None:
    piero = sign_in("piero")
    page = piero.get("/organisation/webhooks").text
    assert "Critical solutions" in page
    assert "Critical solution corrected" not in page
    form = {"name": "Tickets", "url": "https://93.184.216.34/", "events": ["critical-correction"]}
    assert piero.post("/organisation/webhooks", data=form).status_code == 400


def test_neither_hears_of_what_its_organisation_may_not_read(
    app: Flask, settings: Settings, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    """Anna's organisation licenses Ledger, with a plan below the article's."""
    anna = sign_in("anna")
    with system(answering()) as there:
        anna.post("/organisation/addresses", data=FORM)
        anna.post("/organisation/webhooks", data={"name": "Tickets", "url": there.url, "events": WANTED})
        work(app)
        found = re.search(r"/registered/confirm/\S+", text_of(mails_to(settings, FORM["email"])[0]))
        assert found
        app.test_client().post(found.group(0))
        with database.write() as session:
            sent(session, viewer(cast.ada), closing(session, "premium"))
        work(app)
        assert len(mails_to(settings, FORM["email"])) == 1
        assert there.connections == 0


def _called(there: System) -> list[dict[str, dict[str, dict[str, dict[str, str]]]]]:
    return [json.loads(request.body) for request in there.requests]
