"""The pages of webhooks: who may, what is refused, the secret shown once, the log of calls."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from sportello.accounts.models import AuditEntry
from sportello.accounts.viewer import viewer_of
from sportello.core import clock
from sportello.core.db import Database
from sportello.core.errors import Conflict, Forbidden, Invalid, NotFound
from sportello.core.handling import Site
from sportello.core.settings import Settings
from sportello.notifications.calls import hosts
from sportello.notifications.models import Delivery, DeliveryChannel, DeliveryState, Webhook, WebhookAttempt
from sportello.notifications.services import webhooks as service
from sportello.notifications.services.webhooks import WebhookData
from tests.browsing import ask
from tests.notifications.hooks import a_webhook, calling_loopback, queue, work
from tests.notifications.leaving import a_delivery, a_notice
from tests.notifications.systems import answering, system
from tests.notifications.things import ALARM, Posts
from tests.people import Cast
from tests.web.test_statements import counted

SignIn = Callable[[str], FlaskClient]
URL = "https://tickets.customer.example/hook?key=s3cret-part"
FORM = {"name": "Tickets", "url": URL, "events": ["post-alarm"]}
LIST, STAFF_LIST = "/organisation/webhooks", "/staff/organisations/premium/webhooks"
ACTS = ("on", "off", "test", "secret", "secret/end", "remove", "calls/absent/retry")


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch, posts: Posts) -> None:
    """Names of customers are public; those of inner systems lead inside."""
    inner = {"inner.customer.example": "10.0.0.7", "metadata.customer.example": "169.254.169.254"}
    inner["localhost"] = "127.0.0.1"
    monkeypatch.setattr(hosts, "system_resolve", lambda host, port: [inner.get(host, "93.184.216.34")])


def page(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.text


def the_webhook(database: Database) -> Webhook:
    with database.read() as session:
        return session.scalars(select(Webhook)).one()


def test_a_contact_adds_one_and_sees_its_secret_this_once(sign_in: SignIn, database: Database) -> None:
    piero = sign_in("piero")
    assert "None yet." in page(piero, LIST)
    shown = piero.post(LIST, data=FORM)
    row = the_webhook(database)
    assert (shown.status_code, row.events, row.active, row.url) == (200, ["post-alarm"], True, URL)
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", row.secret)
    assert row.secret in shown.text.replace("&#43;", "+")
    assert shown.headers["Cache-Control"] == "private, no-store"
    for address in (LIST, f"/webhooks/{row.key}"):
        assert row.secret not in page(piero, address)
        assert "Tickets" in page(piero, address)


def test_a_new_secret_replaces_the_old_one_and_is_shown_once(sign_in: SignIn, database: Database) -> None:
    piero = sign_in("piero")
    piero.post(LIST, data=FORM)
    old = the_webhook(database)
    shown = piero.post(f"/webhooks/{old.key}/secret")
    new = the_webhook(database)
    assert new.secret != old.secret
    assert new.secret in shown.text
    assert new.secret not in page(piero, f"/webhooks/{new.key}")


def test_the_page_says_until_when_the_old_secret_is_used_and_ends_that(sign_in: SignIn, database: Database) -> None:
    piero = sign_in("piero")
    piero.post(LIST, data=FORM)
    row = the_webhook(database)
    address = f"/webhooks/{row.key}"
    assert "old secret" not in page(piero, address)
    assert "The old secret is still used until" in piero.post(f"{address}/secret").text
    assert "The old secret is still used until" in page(piero, address)
    assert piero.post(f"{address}/secret/end").status_code == 302
    assert "The old secret is still used until" not in page(piero, address)
    assert the_webhook(database).old_secrets == []
    piero.post(f"{address}/secret")
    with time_machine.travel(clock.now() + timedelta(hours=25)):
        assert "old secret" not in page(sign_in("piero"), address)


REFUSED = (
    "", "tickets", "ftp://x.example/", "http://tickets.customer.example/", "https://127.0.0.1/", "https://localhost/",
    "https://[::1]/", "https://[::ffff:10.0.0.7]/", "https://2130706433/", "https://0177.1/", "https://10.0.0.7/",
    "https://169.254.169.254/latest/meta-data", "https://inner.customer.example/", "https://a:b@x.example/",
    "https://metadata.customer.example/", "https://x.example/" + "a" * 600, "https://x.example:22/",
)  # fmt: skip


def test_an_address_that_may_not_be_called_is_refused_at_its_field_and_stays_typed(
    sign_in: SignIn, database: Database
) -> None:
    piero = sign_in("piero")
    for url in REFUSED:
        answer = piero.post(LIST, data={**FORM, "url": url})
        assert (answer.status_code, "invalid-feedback" in answer.text) == (400, True), url
        assert 'value="Tickets"' in answer.text
        assert f'value="{url}"' in answer.text
        assert "10.0.0.7" not in answer.text.replace(url or "-", "")
    with database.read() as session:
        assert session.scalars(select(Webhook)).all() == []


def test_editing_is_checked_as_adding_is(sign_in: SignIn, database: Database) -> None:
    piero = sign_in("piero")
    piero.post(LIST, data=FORM)
    address = f"/webhooks/{the_webhook(database).key}"
    assert piero.post(address, data={**FORM, "url": "https://inner.customer.example/"}).status_code == 400
    assert the_webhook(database).url == URL
    changed = {"name": "Alarm", "url": "https://alarm.customer.example/", "events": ["article-published", "post-alarm"]}
    assert piero.post(address, data=changed).status_code == 302
    row = the_webhook(database)
    assert (row.name, row.url, row.events) == ("Alarm", changed["url"], changed["events"])


def test_events_are_those_that_systems_may_be_told_of_and_at_least_one(sign_in: SignIn) -> None:
    piero = sign_in("piero")
    assert "New posts" not in page(piero, LIST)  # people only
    for events in ([], ["post-written"], ["nothing"]):
        assert piero.post(LIST, data={**FORM, "events": events}).status_code == 400


def test_an_organisation_has_at_most_ten(
    site: Site, cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST", 1)
    a_webhook(site, cast, URL)
    answer = sign_in("piero").post(LIST, data=FORM)
    assert answer.status_code == 409
    assert "at most 1 webhooks" in answer.text


def test_only_contacts_and_administrators_and_each_only_where_they_may(
    site: Site, cast: Cast, sign_in: SignIn, database: Database
) -> None:
    row = a_webhook(site, cast, URL)
    own = [f"/webhooks/{row.key}"]
    acts = [f"/webhooks/{row.key}/{act}" for act in ACTS]
    for name in ("anonymous", "anna", "elena", "ezio", "sara"):
        client = sign_in(name)
        for address in (*own, STAFF_LIST):
            assert client.get(address).status_code == 404, (name, address)
        for address in (*own, *acts, STAFF_LIST):
            assert client.post(address, data=FORM).status_code == 404, (name, address)
        if name != "anna":
            assert client.get(LIST).status_code == 404
    assert "Tickets" not in page(sign_in("anna"), LIST)
    assert the_webhook(database).secret == row.secret
    ada = sign_in("ada")
    assert "Tickets" in page(ada, STAFF_LIST)
    assert "Tickets" in page(ada, own[0])
    assert ada.post(STAFF_LIST, data={**FORM, "name": "By Ada"}).status_code == 200
    assert "By Ada" in page(sign_in("piero"), LIST)
    gone = ada.post(f"/webhooks/{row.key}/remove")
    assert gone.headers["Location"].endswith(STAFF_LIST)


def test_the_service_asks_too(site: Site, cast: Cast) -> None:
    checked = service.check(WebhookData("Tickets", URL, ["post-alarm"]), ())
    row = a_webhook(site, cast, URL)
    with site.database.write() as session:
        for name in ("elena", "sara"):
            with pytest.raises(Forbidden):
                service.add(session, viewer_of(cast.people[name], site.plans), None, checked)
        for name, key in (("anna", "premium"), ("ada", None), ("ada", "absent")):
            with pytest.raises(NotFound):
                service.add(session, viewer_of(cast.people[name], site.plans), key, checked)
        for act in (service.remove, service.renew_secret, service.end_old_secret, service.test_call):
            with pytest.raises(NotFound):
                act(session, viewer_of(cast.anna, site.plans), row.key)
        with pytest.raises(NotFound):
            service.retry(session, viewer_of(cast.piero, site.plans), row.key, "absent")
    with pytest.raises(Invalid):
        service.check(WebhookData(" ", URL, ["post-alarm"]), ())


def test_the_log_shows_what_was_answered_and_lets_one_call_again(
    site: Site, cast: Cast, posts: Posts, sign_in: SignIn, database: Database
) -> None:
    site, piero = calling_loopback(site), sign_in("piero")
    with system(answering("500 Oops", b"<script>alert(1)</script> \xff no luck")) as there:
        row = a_webhook(site, cast, there.url)
        assert "has not been called yet" in page(piero, f"/webhooks/{row.key}")
        piero.post(f"/webhooks/{row.key}/test")
        assert "on its way" in page(piero, f"/webhooks/{row.key}")
        work(site)
        shown = page(piero, f"/webhooks/{row.key}")
        assert "Test call" in shown
        assert "Answer 500" in shown
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
        assert "<script>alert" not in shown
        [again] = re.findall(rf'action="(/webhooks/{row.key}/calls/\w+/retry)"', shown)
        there.behaviour = answering()
        assert piero.post(again).status_code == 302
        work(site)
        shown = page(piero, f"/webhooks/{row.key}")
        assert "Arrived" in shown
        assert "Answer 500" in shown
        assert "retry" not in shown
        assert piero.post(again).status_code == 302  # it arrived: refused with a sentence
        assert "sent meanwhile" in page(piero, f"/webhooks/{row.key}")
        assert len(there.requests) == 2


def test_what_may_not_be_read_leaves_no_trace_in_the_log(
    site: Site, cast: Cast, posts: Posts, sign_in: SignIn, database: Database
) -> None:
    """The page is, byte for byte, that of an organisation to which nothing happened."""
    row, piero = a_webhook(site, cast, URL), sign_in("piero")
    before = ask(piero, f"/webhooks/{row.key}")
    ref = posts.write("Canary", "premium", products=["ledger"])
    with site.database.write() as session:
        notice = a_notice(session, ref, ALARM.code)
    queue(site, notice, row)
    assert ask(piero, f"/webhooks/{row.key}") == before  # not called yet
    posts.change(ref, audience="staff")
    work(site)
    assert ask(piero, f"/webhooks/{row.key}") == before
    with site.database.read() as session:
        assert session.scalars(select(Delivery.state)).one() == "dropped"


def test_the_log_never_names_what_a_call_was_about(site: Site, cast: Cast, posts: Posts, sign_in: SignIn) -> None:
    site, piero = calling_loopback(site), sign_in("piero")
    with system(answering()) as there:
        row, ref = a_webhook(site, cast, there.url), posts.write("Canary", products=["ledger"])
        with site.database.write() as session:
            notice = a_notice(session, ref, ALARM.code)
        queue(site, notice, row)
        work(site)
    shown = page(piero, f"/webhooks/{row.key}")
    assert "Alarms" in shown
    assert "Canary" not in shown
    assert ref.key not in shown


def test_the_log_is_read_page_by_page_in_the_same_number_of_statements(
    site: Site, cast: Cast, posts: Posts, sign_in: SignIn
) -> None:
    site, piero = calling_loopback(site), sign_in("piero")
    with system(answering()) as there:
        row, ref = a_webhook(site, cast, there.url), posts.write("Fire", products=["ledger"])
        figures = []
        for count in (3, 25):
            for _ in range(count):
                with site.database.write() as session:
                    notice = a_notice(session, ref, ALARM.code)
                queue(site, notice, row)
            work(site)
            with counted(site.database) as sent:
                piero.get(f"/webhooks/{row.key}")
            figures.append(len(sent))
    assert figures[0] == figures[1]
    first = page(piero, f"/webhooks/{row.key}")
    older = re.search(r'href="([^"]+)" rel="next"', first)
    assert older
    ids = [re.findall(r"<code>(msg_\w+)</code>", text) for text in (first, page(piero, older.group(1)))]
    assert [len(found) for found in ids] == [20, 8]
    assert len({*ids[0], *ids[1]}) == 28
    assert piero.get(f"/webhooks/{row.key}?before=absent").status_code == 404


def test_switching_off_and_on_forgets_the_failures(site: Site, cast: Cast, sign_in: SignIn, database: Database) -> None:
    row, piero = a_webhook(site, cast, URL), sign_in("piero")
    piero.post(f"/webhooks/{row.key}/off")
    assert not the_webhook(database).active
    assert "It is not called" in page(piero, f"/webhooks/{row.key}")
    piero.post(f"/webhooks/{row.key}/on")
    assert the_webhook(database).active
    with site.database.write() as session:
        failed = Delivery(
            key="failed0000", channel="webhook", occasion="x", webhook_id=row.id, state="failed",
            created_at=row.created_at, due_at=row.created_at, attempts=1, notice_id=a_notice(session).id,
        )  # fmt: skip
        session.add(failed)
        session.get_one(Webhook, row.id).active = False
    with site.database.write() as session, pytest.raises(Conflict, match="Switch"):
        service.retry(session, viewer_of(cast.piero, site.plans), row.key, "failed0000")


def test_test_calls_are_limited(site: Site, cast: Cast, sign_in: SignIn, database: Database) -> None:
    row, piero = a_webhook(site, cast, URL), sign_in("piero")
    statuses = [piero.post(f"/webhooks/{row.key}/test").status_code for _ in range(21)]
    assert statuses == [302] * 20 + [429]
    with database.read() as session:
        assert len(session.scalars(select(Delivery)).all()) == 20


def test_nobody_has_names_asked_for_without_end(sign_in: SignIn) -> None:
    piero = sign_in("piero")
    statuses = [piero.post(LIST, data={**FORM, "url": "https://127.0.0.1/"}).status_code for _ in range(31)]
    assert statuses == [400] * 30 + [429]


def test_a_test_call_that_is_made_again_is_a_test_call_too(
    site: Site, cast: Cast, sign_in: SignIn, database: Database
) -> None:
    row, piero = a_webhook(site, cast, URL), sign_in("piero")
    with database.write() as session:
        key = a_delivery(session, DeliveryState.FAILED, DeliveryChannel.WEBHOOK, webhook_id=row.id).key
    statuses = []
    for _ in range(21):
        statuses.append(piero.post(f"/webhooks/{row.key}/calls/{key}/retry").status_code)
        with database.write() as session:
            session.execute(update(Delivery).values(state=DeliveryState.FAILED))
    assert statuses == [302] * 20 + [429]


def test_the_audit_log_says_who_did_what_and_no_secret_part(sign_in: SignIn, database: Database) -> None:
    piero = sign_in("piero")
    piero.post(LIST, data=FORM)
    row = the_webhook(database)
    piero.post(f"/webhooks/{row.key}", data={**FORM, "url": URL + "2"})
    for act in ("secret", "secret/end", "secret/end", "off", "on", "remove"):
        piero.post(f"/webhooks/{row.key}/{act}")
    with database.read() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.action.partition(".")[2] for entry in entries] == [
        "added", "edited", "secret-renewed", "old-secret-ended", "switched-off", "switched-on", "removed",
    ]  # fmt: skip
    assert {entry.subject for entry in entries} == {"Premium: Tickets"}
    written = str([(entry.details, entry.note) for entry in entries])
    assert "s3cret-part" not in written
    assert row.secret not in written


def test_the_organisation_pages_lead_there_for_those_who_manage(sign_in: SignIn) -> None:
    for name, leads in (("piero", True), ("elena", False)):
        shown = page(sign_in(name), "/organisation")
        assert (f'href="{LIST}"' in shown) is leads
        assert ('href="/organisation/addresses"' in shown) is leads
    assert f'href="{STAFF_LIST}"' in page(sign_in("ada"), "/staff/organisations/premium")


def test_the_pages_are_drawn_in_italian_and_without_anything_to_call_for(
    app: Flask, site: Site, cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sportello.notifications.registry import registry

    row, piero = a_webhook(site, cast, URL), sign_in("piero")
    monkeypatch.setattr(registry, "events", {})
    piero.post("/preferences", data={"language": "it"})
    for address in (LIST, f"/webhooks/{row.key}"):
        assert 'lang="it"' in page(piero, address)


def test_the_site_refuses_what_only_it_can_reach_also_when_saving_by_the_real_resolver(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    strict = replace(settings, webhook_networks=())
    with pytest.raises(Invalid):
        service.check(WebhookData("Own", "https://localhost:8000/", ["post-alarm"]), strict.webhook_networks)


def test_attempts_go_with_their_webhook(site: Site, cast: Cast) -> None:
    site = calling_loopback(site)
    with system(answering()) as there:
        row = a_webhook(site, cast, there.url)
        with site.database.write() as session:
            service.test_call(session, viewer_of(cast.piero, site.plans), row.key)
        work(site)
    with site.database.write() as session:
        service.remove(session, viewer_of(cast.piero, site.plans), row.key)
    with site.database.read() as session:
        assert session.scalars(select(WebhookAttempt)).all() == []
        assert session.scalars(select(Delivery)).all() == []


def test_a_new_one_begins_with_what_nobody_should_miss(site: Site, cast: Cast, sign_in: SignIn) -> None:
    offered = re.findall(r'<input [^>]*name="events"[^>]*>', page(sign_in("piero"), LIST))
    chosen = {code: "checked" in box for box in offered for code in re.findall(r'value="([\w-]+)"', box)}
    assert chosen["post-alarm"]
    assert not chosen["article-published"]
    row = a_webhook(site, cast, URL, events=["article-published"])
    offered = re.findall(r'<input [^>]*name="events"[^>]*>', page(sign_in("piero"), f"/webhooks/{row.key}"))
    assert [box for box in offered if "checked" in box] == [box for box in offered if "article-published" in box]
