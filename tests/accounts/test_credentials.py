"""Invitations, resets and changes of address: links that work once, and no secret in the outbox."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from sportello.accounts import passwords
from sportello.accounts.models import OneTimeToken, Person
from sportello.accounts.plans import Plans
from sportello.accounts.services import credentials, people, tokens
from sportello.accounts.services.people import PersonData
from sportello.accounts.services.tokens import LinkExpired, Purpose
from sportello.accounts.viewer import viewer_of
from sportello.core import audience
from sportello.core.audience import Viewer
from sportello.core.db import Database
from sportello.core.errors import Invalid, TooMany
from sportello.core.mail import stored_mails
from sportello.core.outbox import OutboxRow
from sportello.core.settings import Settings
from tests.accounts.conftest import link_in
from tests.people import PASSWORD, Cast

NOON = datetime(2026, 11, 20, 12, 0, 1, tzinfo=UTC)
NEW = "quattro parole a caso"
Deliver = Callable[[], list[tuple[str, str, str]]]


@pytest.fixture
def anna(plans: Plans, with_passwords: Cast) -> Viewer:
    return viewer_of(with_passwords.anna, plans)


def _token(text: str) -> str:
    return link_in(text).rsplit("/", 1)[1]


def _hash_of(database: Database, key: str) -> str | None:
    with database.read() as session:
        return session.query(Person).filter_by(key=key).one().password_hash


def _invite(database: Database, language: str = "en") -> None:
    data = PersonData("bea@xtreme.example", "Bea Bini", ("customer",), "xtreme", language)
    with database.write() as session:
        people.create_person(session, audience.system(), data)


def test_an_invitation_brings_a_link_that_sets_the_password_once(
    database: Database, cast: Cast, deliver: Deliver
) -> None:
    _invite(database)
    ((to, subject, text),) = deliver()
    assert to == "bea@xtreme.example"
    assert subject == "Your account at Meridiana Sportello"
    with database.write() as session:
        person = credentials.set_password(session, _token(text), NEW)
    assert passwords.verify(person.password_hash, NEW)
    with database.write() as session, pytest.raises(LinkExpired):
        credentials.set_password(session, _token(text), "another good password")


def test_an_invitation_ends_after_seven_days(database: Database, cast: Cast, deliver: Deliver) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        _invite(database)
        text = deliver()[0][2]
        clock.shift(timedelta(days=7))
        with database.write() as session, pytest.raises(LinkExpired):
            credentials.set_password(session, _token(text), NEW)


def test_a_mail_that_is_sent_again_replaces_itself_and_both_links_work_until_one_is_used(
    database: Database, cast: Cast, deliver: Deliver
) -> None:
    _invite(database)
    first = deliver()[0][2]
    with database.write() as session:
        session.query(OutboxRow).update({"finished_at": None})
    mails = deliver()
    assert len(mails) == 1
    with database.write() as session:
        credentials.set_password(session, _token(first), NEW)
    with database.write() as session, pytest.raises(LinkExpired):
        credentials.set_password(session, _token(mails[0][2]), "another good password")


def test_no_secret_stands_in_the_outbox_or_in_clear_in_the_database(
    database: Database, settings: Settings, with_passwords: Cast, deliver: Deliver
) -> None:
    _invite(database)
    credentials.request_reset(database, settings, "anna@xtreme.example", "192.0.2.1")
    raw = [_token(text) for _, _, text in deliver()]
    assert len(raw) == 2
    with database.read() as session:
        outbox = json.dumps([row.payload for row in session.query(OutboxRow)])
        kept = {row.token_hash for row in session.query(OneTimeToken)}
    assert not any(token in outbox or token in kept for token in raw)


def test_asking_for_a_reset_does_the_same_for_everybody(
    database: Database, settings: Settings, with_passwords: Cast, deliver: Deliver
) -> None:
    for email in ("anna@xtreme.example", "nobody@xtreme.example"):
        assert credentials.request_reset(database, settings, email, "192.0.2.1") is None  # type: ignore[func-returns-value]
    with database.read() as session:
        assert session.query(OutboxRow).count() == 2
    assert [to for to, _, _ in deliver()] == ["anna@xtreme.example"]


def test_the_sixth_reset_of_a_day_is_refused_whoever_it_is(
    database: Database, settings: Settings, with_passwords: Cast
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for email in ("Anna@xtreme.example", "nobody@xtreme.example"):
            for _ in range(5):
                credentials.request_reset(database, settings, email, "192.0.2.1")
            with pytest.raises(TooMany):
                credentials.request_reset(database, settings, email, "192.0.2.1")
        clock.shift(timedelta(hours=12))
        credentials.request_reset(database, settings, "anna@xtreme.example", "192.0.2.1")


def test_a_deactivated_person_gets_no_reset_and_their_link_dies(
    database: Database, settings: Settings, with_passwords: Cast, deliver: Deliver
) -> None:
    credentials.request_reset(database, settings, "anna@xtreme.example", "192.0.2.1")
    text = deliver()[0][2]
    with database.write() as session:
        people.deactivate(session, audience.system(), "p-anna")
    with database.write() as session, pytest.raises(LinkExpired):
        credentials.set_password(session, _token(text), NEW)
    credentials.request_reset(database, settings, "anna@xtreme.example", "192.0.2.1")
    assert len(deliver()) == 1


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("short", "at least 12"),
        ("x" * 257, "at most 256"),
        ("Anna@Xtreme.example", "no password"),
        ("Password1234", "first that are tried"),
        ("aaaabbbbcccc", "first that are tried"),
    ],
)
def test_a_bad_password_is_refused_with_a_reason_and_the_link_stays_good(
    database: Database, with_passwords: Cast, password: str, says: str
) -> None:
    with database.write() as session:
        raw = tokens.make(session, with_passwords.anna, Purpose.RESET)
    with database.write() as session, pytest.raises(Invalid, match=says) as error:
        credentials.set_password(session, raw, password)
    assert error.value.field == "password"
    with database.write() as session:
        credentials.set_password(session, raw, NEW)


def test_after_a_change_the_owner_is_told(database: Database, anna: Viewer, deliver: Deliver) -> None:
    with database.write() as session:
        credentials.change_password(session, anna, NEW)
    ((to, subject, _),) = deliver()
    assert (to, subject) == ("anna@xtreme.example", "Your password was changed")


def test_the_present_password_is_no_new_one(database: Database, anna: Viewer) -> None:
    with database.write() as session, pytest.raises(Invalid, match="present password"):
        credentials.change_password(session, anna, PASSWORD)


def _ask_for(database: Database, anna: Viewer, email: str) -> None:
    with database.write() as session:
        credentials.request_email_change(session, anna, email)


def _email(database: Database) -> str:
    with database.read() as session:
        return session.query(Person).filter_by(key="p-anna").one().email


def test_an_address_changes_when_both_have_confirmed_in_any_order(
    database: Database, anna: Viewer, deliver: Deliver
) -> None:
    _ask_for(database, anna, "Anna.Nuova@xtreme.example")
    links = {to: _token(text) for to, _, text in deliver()}
    assert set(links) == {"anna@xtreme.example", "anna.nuova@xtreme.example"}
    with database.write() as session:
        assert credentials.confirm_email(session, links["anna.nuova@xtreme.example"]) is False
    assert _email(database) == "anna@xtreme.example"
    with database.write() as session:
        assert credentials.confirm_email(session, links["anna@xtreme.example"]) is True
    assert _email(database) == "anna.nuova@xtreme.example"
    assert deliver()[-1][:2] == ("anna.nuova@xtreme.example", "Your address was changed")


def test_confirmations_of_two_requests_do_not_add_up(database: Database, anna: Viewer, deliver: Deliver) -> None:
    _ask_for(database, anna, "first@xtreme.example")
    first = {to: _token(text) for to, _, text in deliver()}
    with database.write() as session:
        credentials.confirm_email(session, first["anna@xtreme.example"])
    _ask_for(database, anna, "second@xtreme.example")
    second = {to: _token(text) for to, _, text in deliver()}
    with database.write() as session:
        assert credentials.confirm_email(session, second["second@xtreme.example"]) is False
    with database.write() as session, pytest.raises(LinkExpired):
        credentials.confirm_email(session, first["first@xtreme.example"])
    assert _email(database) == "anna@xtreme.example"


def test_the_address_of_somebody_else_is_neither_taken_nor_betrayed(
    database: Database, anna: Viewer, deliver: Deliver
) -> None:
    _ask_for(database, anna, "piero@premium.example")
    mails = deliver()
    assert [to for to, _, _ in mails] == ["anna@xtreme.example"]
    with database.write() as session:
        assert credentials.confirm_email(session, _token(mails[0][2])) is False
    assert _email(database) == "anna@xtreme.example"


def test_a_cancelled_change_cannot_be_confirmed(database: Database, anna: Viewer, deliver: Deliver) -> None:
    _ask_for(database, anna, "new@xtreme.example")
    mails = deliver()
    with database.write() as session:
        credentials.cancel_email_change(session, anna)
    for _, _, text in mails:
        with database.write() as session, pytest.raises(LinkExpired):
            credentials.confirm_email(session, _token(text))


def test_a_letter_speaks_the_language_of_its_reader(
    database: Database, settings: Settings, cast: Cast, deliver: Deliver
) -> None:
    _invite(database, "it")
    ((_, subject, text),) = deliver()
    assert subject == "Il tuo account su Meridiana Sportello"
    assert text.startswith("Ciao Bea Bini,")
    (stored,) = stored_mails(Path(settings.mail_dir))
    html = stored.mail.get_body(("html",))
    assert html is not None
    assert '<html lang="it">' in html.get_content()
    assert f'href="{settings.base_url}{link_in(text)}"' in html.get_content()
