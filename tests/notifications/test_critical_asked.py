"""Who may let a critical notice go out hears at once that one waits for them."""

from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage

import pytest
from flask import Flask

from sportello.accounts.models import Person
from sportello.core import clock
from sportello.core.audience import Role
from sportello.core.db import Database
from sportello.core.handling import Site
from sportello.core.mail import stored_mails
from sportello.core.settings import Settings
from sportello.notifications.delivery.critical_mails import on_critical_asked
from sportello.notifications.events import CriticalAsked
from sportello.notifications.services.critical import change, draft
from sportello.notifications.services.critical.held import stamp
from tests.notifications.alarms import WHY, WORDS, closing, colleague, drafted, sent, set_roles, viewer, work
from tests.people import Cast

Box = Callable[[], dict[str, EmailMessage]]


@pytest.fixture
def box(settings: Settings) -> Box:
    """The mails about what waits, by the first part of their address."""

    def read() -> dict[str, EmailMessage]:
        mails = [one.mail for one in stored_mails(settings.mail_dir)]
        return {mail["To"].partition("@")[0]: mail for mail in mails if "/staff/critical/" in text_of(mail)}

    return read


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def test_everybody_who_may_send_is_told_what_it_says_but_who_asked(
    app: Flask, database: Database, cast: Cast, box: Box
) -> None:
    with database.write() as session:
        colleague(session, "Agnese", None, Role.AGENT)
        colleague(session, "Edda", None, Role.EDITOR).language = "it"
        colleague(session, "Gone", None, Role.EDITOR).active = False
        notice = drafted(session, viewer(cast.sara), closing(session))
        draft.ask(session, viewer(cast.sara), notice.key)
    work(app)
    mails = {name.lower(): mail for name, mail in box().items()}
    assert sorted(mails) == ["ada", "edda"]
    text = text_of(mails["ada"])
    assert mails["ada"]["Subject"] == "To confirm: Year-end closing posts twice"
    assert "asks you to read a critical notice, and to send it." in text
    assert WORDS.consequence["en"] in text
    assert WORDS.action["en"] in text
    assert f"/staff/critical/{notice.key}" in text
    assert WORDS.consequence["it"] in text_of(mails["edda"])


def test_a_correction_and_a_withdrawal_say_why(app: Flask, database: Database, cast: Cast, box: Box) -> None:
    with database.write() as session:
        notice = sent(session, viewer(cast.ada), closing(session))
        change.withdraw(session, viewer(cast.sara), notice.key, WHY, two_people=True)
    work(app)
    (mail,) = box().values()
    assert mail["To"].startswith("ada@"), "who sent it may well confirm that it goes"
    assert "asks you to read why a critical notice is withdrawn" in text_of(mail)
    assert WHY["en"] in text_of(mail)
    assert WORDS.consequence["en"] not in text_of(mail)


def test_what_was_taken_back_meanwhile_asks_nobody(app: Flask, database: Database, cast: Cast, box: Box) -> None:
    with database.write() as session:
        notice = drafted(session, viewer(cast.sara), closing(session))
        draft.ask(session, viewer(cast.sara), notice.key)
        draft.take_back(session, viewer(cast.sara), notice.key)
    work(app)
    assert box() == {}


def test_who_may_not_send_any_more_is_not_asked(app: Flask, database: Database, cast: Cast, box: Box) -> None:
    with database.write() as session:
        notice = drafted(session, viewer(cast.sara), closing(session))
        draft.ask(session, viewer(cast.sara), notice.key)
    with database.write() as session:
        set_roles(session, session.get_one(Person, cast.ada.id), Role.AGENT)
    work(app)
    assert box() == {}


def test_staff_without_the_second_factor_that_they_must_have_read_nothing_by_mail_either(
    app: Flask, database: Database, cast: Cast, box: Box
) -> None:
    site: Site = app.extensions["sportello.site"]
    with database.write() as session:
        notice = drafted(session, viewer(cast.sara), closing(session))
        draft.ask(session, viewer(cast.sara), notice.key)
        session.get_one(Person, cast.ada.id).totp_confirmed_at = None
        asked = CriticalAsked(notice.key, stamp(notice), cast.ada.id)
    strict = replace(site, settings=replace(site.settings, require_staff_totp=True))
    on_critical_asked(strict, asked)
    assert box() == {}
    with database.write() as session:
        session.get_one(Person, cast.ada.id).totp_confirmed_at = clock.now()
    on_critical_asked(strict, asked)
    assert sorted(box()) == ["ada"]
