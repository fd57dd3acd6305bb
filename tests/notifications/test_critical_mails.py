"""What mails and calls about critical notices say, to whom, in which language; and two who confirm at once."""

from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sportello.accounts.models import Person
from sportello.core import clock, keys
from sportello.core.db import Database
from sportello.core.errors import Conflict, SportelloError
from sportello.core.mail import stored_mails
from sportello.core.settings import Settings
from sportello.core.types import Ref
from sportello.notifications.critical import more, stands
from sportello.notifications.models import (
    Acknowledgement,
    CriticalMessage,
    CriticalNotice,
    Delivery,
    Notice,
    RegisteredAddress,
)
from sportello.notifications.queries.critical.reach import reached
from sportello.notifications.queries.critical.subjects import abouts
from sportello.notifications.registry import subject_of
from sportello.notifications.services.critical import change, draft, send
from sportello.notifications.services.critical.acknowledge import acknowledge
from sportello.notifications.services.critical.words import Words
from tests.notifications import alarms
from tests.notifications.alarms import PLANS, WHY, as_now, closing, drafted, sent, viewer, work
from tests.people import Cast


def mail_to(settings: Settings, who: str) -> EmailMessage:
    """The one mail that somebody got, by the first part of their address."""
    (found,) = [one.mail for one in stored_mails(settings.mail_dir) if f"{who}@" in one.mail["To"]]
    return found


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def register(session: Session, cast: Cast, organisation: str, email: str, *products: str) -> None:
    """A confirmed address without an account."""
    row = RegisteredAddress(key=email[:10], organisation_id=cast.organisations[organisation].id, email=email, name="")
    row.products, row.language, row.created_at, row.confirmed_at = list(products), "it", clock.now(), clock.now()
    session.add(row)
    session.flush()


def test_each_reads_it_in_their_language_with_the_way_to_acknowledge(
    app: Flask, database: Database, cast: Cast, settings: Settings
) -> None:
    with database.write() as session:
        session.get_one(Person, cast.piero.id).language = "it"
        notice = sent(session, viewer(cast.sara), closing(session, it="La chiusura registra due volte"))
    work(app)
    english, italian = mail_to(settings, "anna"), mail_to(settings, "piero")
    assert english["Subject"] == "Critical: Year-end closing posts twice"
    assert "Year-end closing can post twice. Close from one session only." in text_of(english)
    assert "It concerns Ledger 15.1." in text_of(english)
    assert text_of(english).startswith("CRITICAL SOLUTION Year-end")
    assert f"/critical/{notice.key}" in text_of(english)
    assert "La chiusura registra due volte" in italian["Subject"]
    assert "La chiusura può registrare due volte. Chiudere da una sola sessione." in text_of(italian)
    assert english["Importance"] == "high"


def test_an_address_without_an_account_is_led_to_the_solution(
    app: Flask, database: Database, cast: Cast, settings: Settings
) -> None:
    with database.write() as session:
        register(session, cast, "xtreme", "desk@xtreme.example")
        article = closing(session)
        notice = sent(session, viewer(cast.sara), article)
    work(app)
    text = text_of(mail_to(settings, "desk"))
    assert f"/kb/{article.slug}" in text
    assert f"/critical/{notice.key}" not in text
    assert "acknowledge" not in text


def test_the_preview_counts_exactly_the_addresses_that_are_told(app: Flask, database: Database, cast: Cast) -> None:
    with database.write() as session:
        register(session, cast, "xtreme", "desk@xtreme.example")
        register(session, cast, "xtreme", "anna@xtreme.example")  # hears of it as a person
        register(session, cast, "premium", "stock@premium.example", "harbor")
        register(session, cast, "premium", "books@premium.example", "ledger", "harbor")
        register(session, cast, "elite", "desk@elite.example")
        register(session, cast, "expired", "desk@expired.example")
        notice = drafted(session, viewer(cast.sara), closing(session))
        who = reached(session, PLANS, notice.products, abouts(session, [notice])[notice.subject])
        send.send(session, viewer(cast.sara), notice.key, plans=PLANS, two_people=False)
    work(app)
    with database.read() as session:
        told = session.scalar(select(func.count()).where(Delivery.address_id.is_not(None)))
    assert (who.people, who.addresses, told) == (2, 2, 2)


def test_addresses_hear_of_the_withdrawal_too(app: Flask, database: Database, cast: Cast, settings: Settings) -> None:
    with database.write() as session:
        register(session, cast, "xtreme", "desk@xtreme.example")
        notice = sent(session, viewer(cast.sara), closing(session))
    work(app)
    for path in settings.mail_dir.glob("*.eml"):
        path.unlink()
    with database.write() as session:
        register(session, cast, "xtreme", "late@xtreme.example")
        change.withdraw(session, viewer(cast.sara), notice.key, {"it": "Era un errore di stampa."}, two_people=False)
    work(app)
    assert "Era un errore di stampa." in text_of(mail_to(settings, "desk"))
    assert len(list(settings.mail_dir.glob("*.eml"))) == 3, "Anna, Piero and the desk; not who was never told"


def test_a_system_gets_the_words_and_none_that_is_withdrawn(database: Database, cast: Cast) -> None:
    with database.write() as session:
        notice = sent(session, viewer(cast.sara), closing(session))
        posted = session.scalars(select(Notice)).one()
        subject = subject_of(session, Ref.parse(posted.subject))
        assert subject is not None
        anna, elena = viewer(cast.anna), viewer(cast.elena)
        told = more(session, anna, posted, subject)["critical"]
        assert (told["version"], told["action"]["en"]) == (1, "Close from one session only.")
        assert stands(session, posted, anna)
        assert not stands(session, posted, elena), "Harbor is another product"
        change.withdraw(session, viewer(cast.sara), notice.key, WHY, two_people=False)
        assert not stands(session, posted, anna)


def test_two_who_confirm_at_once_send_it_once(database: Database, cast: Cast) -> None:
    with database.write() as session:
        bea = viewer(alarms.colleague(session, "bea", None, *cast.sara.roles))
        notice = drafted(session, bea, closing(session))
        draft.ask(session, bea, notice.key)

    def confirm(name: str) -> str:
        try:
            with database.write() as session:
                send.send(session, viewer(cast.people[name]), notice.key, plans=PLANS, two_people=True)
        except SportelloError as error:
            return type(error).__name__
        return "sent"

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(confirm, ["sara", "ada"])) == [Conflict.__name__, "sent"]
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(CriticalMessage)) == 1


def test_two_drafts_about_one_article_sent_at_once_are_one_notice(database: Database, cast: Cast) -> None:
    """Two people who begin at once may each have a draft; only one of them goes out."""
    with database.write() as session:
        article = closing(session)
        drafts = [drafted(session, viewer(cast.sara), article)]
        drafts.append(CriticalNotice(key=keys.new_key(), created_at=clock.now(), changed_at=clock.now()))
        for name in ("subject", "products", "consequence", "action", "state", "version", "author_id"):
            setattr(drafts[1], name, getattr(drafts[0], name))
        session.add(drafts[1])

    def go(notice: CriticalNotice) -> str:
        try:
            with database.write() as session:
                send.send(session, viewer(cast.sara), notice.key, plans=PLANS, two_people=False)
        except SportelloError as error:
            return type(error).__name__
        return "sent"

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(go, drafts)) == [Conflict.__name__, "sent"]


def test_one_who_acknowledges_twice_at_once_has_done_so_once(database: Database, cast: Cast) -> None:
    with database.write() as session:
        notice = sent(session, viewer(cast.sara), closing(session))
    anna = as_now(database, cast.anna)

    def say(everybody: bool) -> str:
        with database.write() as session:
            return acknowledge(session, anna, notice.key, 1, for_organisation=everybody).key

    with ThreadPoolExecutor(2) as both:
        assert list(both.map(say, [True, False])) == [notice.key] * 2
    with database.read() as session:
        (row,) = session.scalars(select(Acknowledgement)).all()
    assert row.for_organisation, "whichever came first"


@pytest.mark.parametrize("language", ["en", "it", "de"])
def test_a_notice_in_one_language_is_told_in_it(
    app: Flask, database: Database, cast: Cast, settings: Settings, language: str
) -> None:
    with database.write() as session:
        session.get_one(Person, cast.anna.id).language = language
        words = Words({"ledger": []}, {"it": "Registra due volte."}, {"it": "Fermarsi."})
        sent(session, viewer(cast.sara), closing(session), words)
    work(app)
    assert "Registra due volte. Fermarsi." in text_of(mail_to(settings, "anna"))
