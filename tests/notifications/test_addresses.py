"""Registered addresses: a contact asks, the address itself answers, and it can always leave."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from sportello.accounts.models import AuditEntry
from sportello.accounts.viewer import viewer_of
from sportello.core import clock, keys
from sportello.core.db import Database
from sportello.core.errors import Conflict, Forbidden, Invalid, NotFound
from sportello.core.handling import Site
from sportello.core.mail import MailError, Message, stored_mails
from sportello.core.outbox import OutboxRow
from sportello.core.settings import Settings
from sportello.notifications import leaving
from sportello.notifications.delivery.organisation_mails import on_address_registered
from sportello.notifications.events import AddressRegistered
from sportello.notifications.models import RegisteredAddress, SuppressedAddress
from sportello.notifications.services import addresses as service
from sportello.notifications.services.addresses import AddressData, LinkUsed
from tests.people import Cast

SignIn = Callable[[str], FlaskClient]
NIGHT = AddressData("Night@Shift.example", "Night shift", "it", ("ledger",))


def add(
    site: Site, cast: Cast, name: str = "piero", data: AddressData = NIGHT, key: str | None = None
) -> RegisteredAddress:
    with site.database.write() as session:
        return service.register(session, viewer_of(cast.people[name], site.plans), key, data)


def ask(site: Site, row: RegisteredAddress) -> str:
    """Send what waits; the secret part of the link in the newest mail."""
    on_address_registered(site, AddressRegistered(row.id))
    return link(site.settings)


def link(settings: Settings, kind: str = "confirm") -> str:
    newest = list(stored_mails(settings.mail_dir))[-1].mail
    found = re.search(rf"/registered/{kind}/(\S+)", newest.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert found
    return found.group(1)


def mails(settings: Settings) -> int:
    return len(list(stored_mails(settings.mail_dir)))


def test_an_address_is_told_nothing_until_it_has_confirmed(site: Site, cast: Cast) -> None:
    row = add(site, cast)
    assert (row.email, row.confirmed_at, row.products) == ("night@shift.example", None, ["ledger"])
    raw = ask(site, row)
    with site.database.read() as session:
        stored = session.get_one(RegisteredAddress, row.id)
        assert raw not in (stored.token_hash or "")
        assert raw not in str([one.payload for one in session.scalars(select(OutboxRow))])
    with site.database.write() as session:
        assert service.confirm(session, raw).confirmed_at is not None
        with pytest.raises(LinkUsed):
            service.confirm(session, raw)


def test_the_mail_says_who_asks_for_what_in_the_language_of_the_address(site: Site, cast: Cast) -> None:
    ask(site, add(site, cast, data=AddressData("desk@shift.example", "Desk", "en")))
    mail = next(stored_mails(site.settings.mail_dir)).mail
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert mail["To"] == "desk@shift.example"
    assert "Premium" in mail["Subject"]
    assert "Meridiana" in text
    assert "products that Premium licenses" in " ".join(text.split())
    assert "/registered/leave/" in text


def test_the_mail_about_chosen_products_names_them(site: Site, cast: Cast) -> None:
    ask(site, add(site, cast, data=AddressData("desk@shift.example", "Desk", "en", ("ledger",))))
    text = next(stored_mails(site.settings.mail_dir)).mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "about Ledger" in " ".join(text.split())


def test_a_newer_link_replaces_the_older_and_all_end_after_two_weeks(site: Site, cast: Cast) -> None:
    row = add(site, cast)
    first, second = ask(site, row), ask(site, row)
    with site.database.write() as session, pytest.raises(LinkUsed):
        service.confirm(session, first)
    with (
        time_machine.travel(clock.now() + timedelta(days=15)),
        site.database.write() as session,
        pytest.raises(LinkUsed),
    ):
        service.confirm(session, second)


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b", "a b@c.example", "x@y.example\r\nBcc: all@z.example", "@x.example"]
)
def test_what_is_no_address_is_refused(site: Site, cast: Cast, email: str) -> None:
    with pytest.raises(Invalid) as refused:
        add(site, cast, data=AddressData(email, "Desk"))
    assert refused.value.field == "email"


def test_names_languages_and_products_are_checked(site: Site, cast: Cast) -> None:
    for data, field in (
        (AddressData("a@b.example", " "), "name"),
        (AddressData("a@b.example", "x" * 201), "name"),
        (AddressData("a@b.example", "your account is closed: https://evil.example"), "name"),
        (AddressData("a@b.example", "see WWW.evil.example"), "name"),
        (AddressData("a@b.example", "evil.example/login"), "name"),
        (AddressData("a@b.example", "Desk", "fr"), "language"),
        (AddressData("a@b.example", "Desk", "en", ("foundry",)), "products"),  # not licensed
        (AddressData("a@b.example", "Desk", "en", ("nothing",)), "products"),
    ):
        with pytest.raises(Invalid) as refused:
            add(site, cast, data=data)
        assert refused.value.field == field


def test_all_products_chosen_is_whatever_is_licensed(site: Site, cast: Cast) -> None:
    assert add(site, cast, data=AddressData("a@b.example", "Desk", "en", ("ledger", "harbor"))).products == []


def test_a_colleague_with_an_account_is_not_registered_and_strangers_are_not_told_apart(site: Site, cast: Cast) -> None:
    with pytest.raises(Invalid, match="account"):
        add(site, cast, data=AddressData("PIERO@premium.example", "Piero"))
    assert add(site, cast, data=AddressData("anna@xtreme.example", "Anna")).id  # an account elsewhere says nothing
    with site.database.write() as session:
        cast.piero.active = False
        session.merge(cast.piero)
    assert add(site, cast, "ada", AddressData("piero@premium.example", "Piero"), "premium").id


def test_one_address_once_an_organisation(site: Site, cast: Cast) -> None:
    add(site, cast)
    with pytest.raises(Invalid, match="registered already"):
        add(site, cast)
    assert add(site, cast, "anna", AddressData(NIGHT.email, "Shared")).id


def test_two_colleagues_who_register_the_same_at_once_do_so_once(site: Site, cast: Cast) -> None:
    def once(name: str) -> str:
        try:
            add(site, cast, name, key="premium" if name == "ada" else None)
        except Invalid:
            return "there already"
        return "registered"

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(once, ["piero", "ada"])) == ["registered", "there already"]


def test_there_are_at_most_a_hundred(site: Site, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST", 1)
    add(site, cast)
    with pytest.raises(Conflict):
        add(site, cast, data=AddressData("another@shift.example", "Other"))


def test_only_contacts_and_administrators_register_and_each_only_where_they_may(site: Site, cast: Cast) -> None:
    for name in ("elena", "ezio", "sara"):
        with pytest.raises(Forbidden):
            add(site, cast, name)
    with pytest.raises(NotFound):
        add(site, cast, "anna", key="premium")
    with pytest.raises(NotFound):
        add(site, cast, "ada")  # staff have no organisation of their own
    with pytest.raises(NotFound):
        add(site, cast, "ada", key="absent")
    row = add(site, cast, "ada", key="premium")
    anna = viewer_of(cast.anna, site.plans)
    for act in (service.ask_again, service.remove):
        with site.database.write() as session, pytest.raises(NotFound):
            act(session, anna, row.key)


def test_asking_again_waits_an_hour_and_ends_with_the_answer(site: Site, cast: Cast) -> None:
    row, piero = add(site, cast), viewer_of(cast.piero, site.plans)
    with site.database.write() as session, pytest.raises(Conflict):
        service.ask_again(session, piero, row.key)
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        with site.database.write() as session:
            service.ask_again(session, piero, row.key)
        raw = ask(site, row)
        with site.database.write() as session:
            service.confirm(session, raw)
        with site.database.write() as session, pytest.raises(Conflict):
            service.ask_again(session, piero, row.key)


def test_no_mail_goes_to_what_was_removed_confirmed_or_bounces(site: Site, cast: Cast) -> None:
    row = add(site, cast)
    with site.database.write() as session:
        session.add(SuppressedAddress(email=row.email, reason="550", since=clock.now()))
    on_address_registered(site, AddressRegistered(row.id))
    on_address_registered(site, AddressRegistered(row.id + 1))
    with site.database.write() as session:
        service.remove(session, viewer_of(cast.piero, site.plans), row.key)
    on_address_registered(site, AddressRegistered(row.id))
    assert mails(site.settings) == 0


class Refusing:
    """A server that answers every mail as it was told."""

    def __init__(self, error: MailError) -> None:
        self.error = error

    def send(self, message: Message) -> None:
        raise self.error

    def check(self) -> str:
        return "by refusing"


def refused(site: Site, row: RegisteredAddress, error: MailError) -> str | None:
    """What is kept of an address after its mail server answered the mail with the link so."""
    on_address_registered(replace(site, mailer=Refusing(error)), AddressRegistered(row.id))
    with site.database.read() as session:
        return session.get_one(RegisteredAddress, row.id).refused


def test_a_mailbox_that_does_not_exist_is_not_asked_again(site: Site, cast: Cast) -> None:
    row, answer = add(site, cast), "550 5.1.1 no such user"
    with pytest.raises(MailError):  # the worker tries again
        refused(site, row, MailError("away", away=True))
    assert refused(site, row, MailError(f"mail:25: {answer}", gone=True, answer=answer)) == answer
    with site.database.read() as session:
        assert session.scalars(select(SuppressedAddress.email)).all() == [row.email]
    on_address_registered(site, AddressRegistered(row.id))
    assert mails(site.settings) == 0
    later = time_machine.travel(clock.now() + timedelta(hours=2))
    with later, site.database.write() as session, pytest.raises(Conflict, match="comes back"):
        service.ask_again(session, viewer_of(cast.piero, site.plans), row.key)


def test_what_a_server_refuses_for_good_ends_at_once_and_whoever_asked_sees_it(
    site: Site, cast: Cast, sign_in: SignIn
) -> None:
    row, answer = add(site, cast), "550 5.7.1 not\x00 from <b>you</b>"
    assert refused(site, row, MailError("mail:25: no", answer=answer)) == "550 5.7.1 not  from <b>you</b>"
    with site.database.read() as session:
        assert session.scalars(select(SuppressedAddress.email)).all() == []
        waits = select(OutboxRow.id).where(OutboxRow.name == AddressRegistered.name, OutboxRow.parked_at.is_not(None))
        assert session.scalars(waits).all() == []
    shown = page(sign_in("piero"), "/organisation/addresses")
    assert "Refused by its mail server" in shown
    assert "not  from &lt;b&gt;you&lt;/b&gt;" in shown
    assert "Ask again" in shown
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        with site.database.write() as session:
            service.ask_again(session, viewer_of(cast.piero, site.plans), row.key)
        assert "Refused by its mail server" not in page(sign_in("piero"), "/organisation/addresses")


def test_what_nobody_answered_is_forgotten_after_a_month(site: Site, cast: Cast) -> None:
    kept, lost = add(site, cast), add(site, cast, data=AddressData("lost@shift.example", "Lost"))
    raw = ask(site, kept)
    with site.database.write() as session:
        service.confirm(session, raw)
    with time_machine.travel(clock.now() + timedelta(days=31)), site.database.write() as session:
        service.purge_unconfirmed(session)
    with site.database.read() as session:
        assert session.scalars(select(RegisteredAddress.id)).all() == [kept.id]
    assert lost.id != kept.id


def test_everything_stands_in_the_audit_log(site: Site, cast: Cast) -> None:
    row = add(site, cast)
    raw = ask(site, row)
    with site.database.write() as session:
        service.confirm(session, raw)
        service.leave(session, row.key)
    with site.database.read() as session:
        entries = session.execute(select(AuditEntry.action, AuditEntry.actor).order_by(AuditEntry.id)).all()
    assert [tuple(entry) for entry in entries] == [
        ("address.registered", "Piero Test"),
        ("address.confirmed", "night@shift.example"),
        ("address.left", "night@shift.example"),
    ]


# The pages


def page(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.text


def test_a_contact_registers_and_the_address_confirms_signed_out(
    app: Flask, site: Site, cast: Cast, sign_in: SignIn, database: Database
) -> None:
    piero, nobody = sign_in("piero"), app.test_client()
    assert "None yet" in page(piero, "/organisation/addresses")
    form = {"email": "night@shift.example", "name": "Night shift", "language": "en", "products": ["ledger"]}
    assert piero.post("/organisation/addresses", data=form).status_code == 302
    listed = page(piero, "/organisation/addresses")
    assert "Night shift" in listed
    assert "Not confirmed" in listed
    with database.read() as session:
        row = session.scalars(select(RegisteredAddress)).one()
    raw = ask(site, row)
    shown = page(nobody, f"/registered/confirm/{raw}")
    assert "Premium" in shown
    assert "Ledger" in shown
    assert "noindex" in shown
    with database.read() as session:
        assert session.get_one(RegisteredAddress, row.id).confirmed_at is None  # looking is not answering
    done = nobody.post(f"/registered/confirm/{raw}")
    assert done.status_code == 200
    assert "Critical notices come here" in done.text
    assert "Confirmed" in page(piero, "/organisation/addresses").replace("Not confirmed", "")
    again = nobody.get(f"/registered/confirm/{raw}")
    assert again.status_code == 404
    assert "no longer works" in again.text
    assert again.headers["Cache-Control"] == "no-store"


def test_what_was_typed_stays_and_the_message_stands_at_its_field(sign_in: SignIn) -> None:
    answer = sign_in("piero").post(
        "/organisation/addresses", data={"email": "nobody", "name": "Night", "language": "it"}
    )
    assert answer.status_code == 400
    assert 'value="nobody"' in answer.text
    assert 'value="Night"' in answer.text
    assert "is not an e-mail address" in answer.text


def test_a_product_that_is_not_offered_is_refused_at_its_field(sign_in: SignIn) -> None:
    form = {"email": "a@b.example", "name": "A", "language": "en", "products": ["foundry"]}
    answer = sign_in("anna").post("/organisation/addresses", data=form)
    assert (answer.status_code, "invalid-feedback" in answer.text) == (400, True)


def test_leaving_works_signed_out_by_page_and_by_the_mail_program(
    app: Flask, site: Site, cast: Cast, database: Database
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    nobody, rows = app.test_client(), [add(site, cast), add(site, cast, data=AddressData("b@shift.example", "B"))]
    tokens = [leaving.token(site.settings, row.key) for row in rows]
    assert "night@shift.example" in page(nobody, f"/registered/leave/{tokens[0]}")
    assert nobody.post(f"/registered/leave/{tokens[0]}", data={"List-Unsubscribe": "One-Click"}).status_code == 200
    with database.read() as session:
        assert session.scalars(select(RegisteredAddress.email)).all() == ["b@shift.example"]
    assert "is removed" in page(nobody, f"/registered/leave/{tokens[0]}")
    assert nobody.post(f"/registered/leave/{tokens[0]}").status_code == 200  # twice is once


@pytest.mark.parametrize("signed", ["x", "x" * 5000, "a.b.c", "Im5pZ2h0Ig.aaaa"])
def test_a_link_that_this_site_did_not_make_leads_nowhere(app: Flask, signed: str) -> None:
    for method in ("GET", "POST"):
        assert app.test_client().open(f"/registered/leave/{signed}", method=method).status_code == 404


def test_a_link_of_another_purpose_is_none(app: Flask, site: Site) -> None:
    from sportello.notifications import unsubscribe

    for signed in (unsubscribe.token(site.settings, "abcdefghjk", "digest"), leaving.token(site.settings, "no key")):
        assert app.test_client().post(f"/registered/leave/{signed}").status_code == 404
    assert leaving.read(site.settings, leaving.token(site.settings, key := keys.new_key())) == key


def test_others_do_not_see_the_page_and_staff_see_that_of_every_organisation(
    site: Site, cast: Cast, sign_in: SignIn
) -> None:
    row = add(site, cast)
    for name in ("elena", "ezio", "sara"):
        assert sign_in(name).get("/organisation/addresses").status_code == 404
        assert sign_in(name).get("/staff/organisations/premium/addresses").status_code == 404
    assert sign_in("anonymous").get("/organisation/addresses").status_code == 404
    assert "Night shift" not in page(sign_in("anna"), "/organisation/addresses")
    assert sign_in("anna").get("/staff/organisations/premium/addresses").status_code == 404
    ada = sign_in("ada")
    assert "Night shift" in page(ada, "/staff/organisations/premium/addresses")
    assert "Night shift" not in page(ada, "/staff/organisations/xtreme/addresses")
    assert sign_in("anna").post(f"/organisation/addresses/{row.key}/remove").status_code == 404
    gone = ada.post(f"/organisation/addresses/{row.key}/remove")
    assert gone.headers["Location"].endswith("/staff/organisations/premium/addresses")
    assert "Night shift" not in page(ada, "/staff/organisations/premium/addresses")


def test_an_address_is_asked_three_times_a_week_at_most_whoever_asks(
    site: Site, sign_in: SignIn, database: Database
) -> None:
    piero, form = sign_in("piero"), {"email": "night@shift.example", "name": "Night", "language": "en"}
    statuses = []
    for _ in range(4):
        statuses.append(piero.post("/organisation/addresses", data=form).status_code)
        with database.write() as session:
            for row in session.scalars(select(RegisteredAddress)):
                session.delete(row)
    assert statuses == [302, 302, 302, 429]
    assert sign_in("anna").post("/organisation/addresses", data=form).status_code == 429


def test_a_mailbox_that_bounces_and_a_colleague_with_an_account_are_shown_as_such(
    site: Site, cast: Cast, sign_in: SignIn
) -> None:
    add(site, cast)
    with site.database.write() as session:
        session.add(SuppressedAddress(email="night@shift.example", reason="550", since=clock.now()))
    shown = page(sign_in("piero"), "/organisation/addresses")
    assert "Mail comes back" in shown
    assert "Ask again" not in shown


def test_the_pages_speak_italian(app: Flask, site: Site, cast: Cast, sign_in: SignIn) -> None:
    """Whatever is translated by now: the pages are drawn."""
    row = add(site, cast)
    for address in ("/organisation/addresses", f"/registered/leave/{leaving.token(site.settings, row.key)}"):
        client = sign_in("piero")
        client.post("/preferences", data={"language": "it"})
        assert 'lang="it"' in page(client, address)
