"""Webhooks: an organisation's system is told what the organisation may read at that moment, again until it answers."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from sportello.accounts.models import Person, PersonRole
from sportello.accounts.viewer import viewer_of
from sportello.core import clock
from sportello.core.audience import Role
from sportello.core.handling import Site
from sportello.core.mail import stored_mails
from sportello.core.types import Ref
from sportello.notifications.calls import sign
from sportello.notifications.delivery import bodies, webhooks
from sportello.notifications.delivery.organisation_mails import on_webhook_switched_off
from sportello.notifications.delivery.webhooks import MAX_ATTEMPTS, WAITS, on_call_due
from sportello.notifications.events import CallDue, WebhookSwitchedOff
from sportello.notifications.models import Delivery, Notice, Webhook
from sportello.notifications.services import webhooks as service
from tests.notifications.hooks import a_webhook, attempts, calling_loopback, next_due, now, queue, state, work
from tests.notifications.leaving import a_notice, waiting_events
from tests.notifications.systems import System, answering, silent, system
from tests.notifications.telling import tell
from tests.notifications.things import ALARM, Posts
from tests.people import Cast

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def site(site: Site) -> Site:
    return calling_loopback(site)


@pytest.fixture
def there() -> Iterator[System]:
    """Piero's ticket system."""
    with system(answering()) as made:
        yield made


def alarm(site: Site, ref: Ref, **more: object) -> Notice:
    with site.database.write() as session:
        return a_notice(session, ref, ALARM.code, **more)


def called(there: System) -> list[dict[str, object]]:
    return [json.loads(request.body) for request in there.requests]


def test_a_call_says_what_happened_and_is_signed(site: Site, cast: Cast, posts: Posts, there: System) -> None:
    hook = a_webhook(site, cast, there.url)
    ref = posts.write("Ledger burns", "premium", products=["ledger"], it="Ledger brucia", summaries={"en": "Stop it."})
    delivery = queue(site, notice := alarm(site, ref, says={"en": "Do not post."}), hook)
    work(site)
    assert state(site, delivery) == ("sent", 1)
    [request] = there.requests
    body = json.loads(request.body)
    assert body == {
        "type": "post-alarm",
        "timestamp": notice.created_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "data": {
            "notice": notice.key,
            "organisation": {"key": "premium", "name": "Premium"},
            "subject": {
                "kind": "post",
                "key": ref.key,
                "titles": {"en": "Ledger burns", "it": "Ledger brucia"},
                "summaries": {"en": "Stop it."},
                "urls": dict.fromkeys(("en", "it"), f"http://127.0.0.1:8000/posts/{ref.key}"),
                "products": ["ledger"],
                "versions": {},
            },
            "says": {"en": "Do not post."},
        },
    }
    headers = request.headers
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == f"msg_{delivery.key}"
    assert abs(int(headers["webhook-timestamp"]) - clock.now().timestamp()) < 60
    key = base64.b64decode(hook.secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_for_a_day_after_it_was_renewed_the_old_secret_signs_too(site: Site, cast: Cast, there: System) -> None:
    hook, piero = a_webhook(site, cast, there.url), viewer_of(cast.piero, site.plans)
    secrets = [hook.secret]

    def renew() -> None:
        with site.database.write() as session:
            secrets.insert(0, service.renew_secret(session, piero, hook.key)[1])

    def signed_with() -> list[str]:
        with site.database.write() as session:
            service.test_call(session, piero, hook.key)
        work(site)
        there_is = there.requests[-1]
        about = there_is.headers["webhook-id"], int(there_is.headers["webhook-timestamp"]), there_is.body
        made = there_is.headers["webhook-signature"].split(" ")
        return [secret for signature in made for secret in secrets if sign.signature(secret, *about) == signature]

    assert signed_with() == secrets
    with time_machine.travel(START) as clocks:
        renew()
        assert signed_with() == secrets
        clocks.shift(timedelta(hours=23))
        renew()  # the second was lost: the receiver still has the first
        assert signed_with() == secrets
        clocks.shift(timedelta(hours=2))
        assert signed_with() == secrets[:2]
        with site.database.write() as session:
            service.end_old_secret(session, piero, hook.key)
        assert signed_with() == secrets[:1]
        for _ in range(5):
            renew()
        assert len(signed_with()) == 4


def test_fan_out_calls_the_systems_that_want_it_of_organisations_that_may_read_it(
    site: Site, cast: Cast, posts: Posts, there: System
) -> None:
    a_webhook(site, cast, there.url)
    a_webhook(site, cast, there.url.replace("sportello", "anna"), "anna")
    a_webhook(site, cast, there.url.replace("sportello", "unwanted"), events=["post-all-clear"])
    off = a_webhook(site, cast, there.url.replace("sportello", "off"))
    with site.database.write() as session:
        session.get_one(Webhook, off.id).active = False
    tell(site, ALARM, posts.write("Only for premium", "premium", products=["ledger"]))
    work(site)
    assert [request.line for request in there.requests] == ["POST /hook?from=sportello HTTP/1.1"]


def test_a_feature_adds_what_its_event_says_besides(
    site: Site, cast: Cast, posts: Posts, there: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(bodies.MORE, ALARM.code, lambda session, viewer, notice, subject: {"for": viewer.plan})
    queue(site, alarm(site, posts.write("Fire", "premium", products=["ledger"])), a_webhook(site, cast, there.url))
    work(site)
    assert called(there)[0]["data"]["for"] == "premium"  # type: ignore[index]


NARROWED = {
    "is for a higher plan": {"audience": "elite"},
    "is for staff": {"audience": "staff"},
    "is for another organisation": {"audience": "org:elite"},
    "was taken back": {"released": False},
}


@pytest.mark.parametrize("how", NARROWED)
def test_what_meanwhile_may_not_be_read_is_not_told(
    site: Site, cast: Cast, posts: Posts, there: System, how: str
) -> None:
    ref = posts.write("Ledger burns", "premium", products=["ledger"])
    delivery = queue(site, alarm(site, ref), a_webhook(site, cast, there.url))
    posts.change(ref, **NARROWED[how])
    work(site)
    assert (there.connections, state(site, delivery)) == (0, ("dropped", 0))


@pytest.mark.parametrize("how", ["downgraded", "expired", "other product"])
def test_an_organisation_that_meanwhile_may_not_read_it_is_not_told(
    site: Site, cast: Cast, posts: Posts, there: System, how: str
) -> None:
    ref = posts.write("Ledger burns", "premium@ledger", products=["ledger"])
    delivery = queue(site, alarm(site, ref), a_webhook(site, cast, there.url))
    with site.database.write() as session:
        premium = session.merge(cast.organisations["premium"])
        if how == "downgraded":
            premium.plan = "xtreme"
        elif how == "expired":
            premium.coverage_end = clock.today() - timedelta(days=1)
        else:
            premium.products = [product for product in premium.products if product.code != "ledger"]
    work(site)
    assert (there.connections, state(site, delivery)) == (0, ("dropped", 0))


def test_what_is_gone_switched_off_or_no_longer_wanted_is_not_told(
    site: Site, cast: Cast, posts: Posts, there: System
) -> None:
    hook, ref = a_webhook(site, cast, there.url), posts.write("Fire", products=["ledger"])
    piero = viewer_of(cast.piero, site.plans)
    gone = queue(site, alarm(site, ref), hook)
    posts.remove(ref)
    work(site)
    again = posts.write("Fire", products=["ledger"])
    off, unwanted = queue(site, alarm(site, again), hook), queue(site, alarm(site, again), hook)
    with site.database.write() as session:
        service.switch(session, piero, hook.key, False)
    on_call_due(site, CallDue(off.id))
    with site.database.write() as session:
        service.switch(session, piero, hook.key, True)
        service.edit(session, piero, hook.key, service.Checked("Tickets", there.url, ["post-all-clear"]))
    work(site)
    assert there.connections == 0
    assert [state(site, one)[0] for one in (gone, off, unwanted)] == ["dropped"] * 3


def test_a_removed_webhook_takes_what_waits_with_it(site: Site, cast: Cast, posts: Posts, there: System) -> None:
    hook = a_webhook(site, cast, there.url)
    queue(site, alarm(site, posts.write("Fire", products=["ledger"])), hook)
    with site.database.write() as session:
        service.remove(session, viewer_of(cast.piero, site.plans), hook.key)
    assert work(site) == 1
    assert there.connections == 0


def test_an_address_that_turned_private_is_not_called(site: Site, cast: Cast, posts: Posts, there: System) -> None:
    """Saved while it was good; at each call it is looked at anew. Here the operator allows nothing any more."""
    from dataclasses import replace

    strict = replace(site, settings=replace(site.settings, webhook_networks=()))
    hook = a_webhook(site, cast, there.url)
    delivery = queue(site, alarm(site, posts.write("Fire", products=["ledger"])), hook)
    work(strict)
    assert (there.connections, state(site, delivery)) == (0, ("queued", 1))
    [attempt] = attempts(site, hook)
    assert (attempt.status, attempt.answer) == (
        None,
        "This address is not on the public internet; the site does not call it.",
    )


@pytest.mark.parametrize("status", ["301 Moved", "400 Bad", "404 No", "429 Slow", "500 Oops", "503 Away"])
def test_whatever_is_no_success_is_tried_again_later_under_the_same_id(
    site: Site, cast: Cast, posts: Posts, there: System, status: str
) -> None:
    there.behaviour = answering(status, b"no <b>luck</b>\x00\x1b[31m", "Location: http://127.0.0.1/")
    with time_machine.travel(START, tick=False) as machine:
        hook = a_webhook(site, cast, there.url)
        delivery = queue(site, alarm(site, posts.write("Fire", products=["ledger"])), hook)
        work(site)
        assert state(site, delivery) == ("queued", 1)
        assert timedelta(seconds=4) <= next_due(site, delivery) <= timedelta(seconds=6)
        assert now(site, hook).failing_since == START
        assert work(site) == 0
        there.behaviour = answering()
        machine.shift(timedelta(seconds=7))
        work(site)
    assert state(site, delivery) == ("sent", 2)
    assert now(site, hook).failing_since is None
    first, second = there.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    failed, arrived = attempts(site, hook)
    assert (failed.status, arrived.status, arrived.answer) == (int(status[:3]), 200, "thanks")
    assert failed.answer == (webhooks.REDIRECT if status.startswith("301") else "no <b>luck</b>[31m")


def test_a_system_that_asks_for_time_gets_it(site: Site, cast: Cast, posts: Posts, there: System) -> None:
    there.behaviour = answering("429 Slow", b"", "Retry-After: 900")
    with time_machine.travel(START, tick=False):
        delivery = queue(site, alarm(site, posts.write("Fire", products=["ledger"])), a_webhook(site, cast, there.url))
        work(site)
        assert next_due(site, delivery) == timedelta(seconds=900)


def test_after_twelve_attempts_in_two_days_a_call_is_given_up(
    site: Site, cast: Cast, posts: Posts, there: System
) -> None:
    there.behaviour = answering("500 Oops", b"")
    assert timedelta(days=1) < sum(WAITS, timedelta(0)) < timedelta(days=3)
    with time_machine.travel(START, tick=False) as machine:
        hook = a_webhook(site, cast, there.url)
        delivery = queue(site, alarm(site, posts.write("Fire", products=["ledger"])), hook)
        work(site)
        waits = []
        while state(site, delivery)[0] == "queued":
            waits.append(next_due(site, delivery))
            machine.shift(waits[-1])
            work(site)
    assert state(site, delivery) == ("failed", MAX_ATTEMPTS)
    assert len(there.requests) == MAX_ATTEMPTS == 12
    assert waits == sorted(waits)
    assert now(site, hook).active


def test_a_dead_call_is_retried_by_hand_and_asked_about_anew(
    site: Site, cast: Cast, posts: Posts, there: System
) -> None:
    hook, piero = a_webhook(site, cast, there.url), viewer_of(cast.piero, site.plans)
    ref = posts.write("Fire", products=["ledger"])
    told, hidden = queue(site, alarm(site, ref), hook), queue(site, alarm(site, ref), hook)
    with site.database.write() as session:
        for one in (told, hidden):
            session.get_one(Delivery, one.id).state = "failed"
    with site.database.write() as session:
        service.retry(session, piero, hook.key, told.key)
    work(site)
    assert (state(site, told), len(there.requests)) == (("sent", 1), 1)
    posts.change(ref, audience="staff")
    with site.database.write() as session:
        service.retry(session, piero, hook.key, hidden.key)
    work(site)
    assert (state(site, hidden)[0], len(there.requests)) == ("dropped", 1)


def test_the_other_calls_of_a_failing_system_wait_for_each_other(
    site: Site, cast: Cast, posts: Posts, there: System
) -> None:
    there.behaviour = answering("500 Oops", b"")
    with time_machine.travel(START, tick=False) as machine:
        hook, ref = a_webhook(site, cast, there.url), posts.write("Fire", products=["ledger"])
        deliveries = [queue(site, alarm(site, ref), hook) for _ in range(6)]
        work(site)
        assert len(there.requests) == 1  # not six times ten seconds
        machine.shift(timedelta(seconds=61))
        work(site)
        assert len(there.requests) == 2
        there.behaviour = answering()
        machine.shift(timedelta(seconds=130))
        work(site)
        assert [state(site, one)[0] for one in deliveries] == ["sent"] * 6  # it answers: all of them at once
    assert len({request.headers["webhook-id"] for request in there.requests}) == 6


def test_a_test_call_is_made_at_once_and_once_also_of_one_that_is_off_or_fails(
    site: Site, cast: Cast, posts: Posts, there: System
) -> None:
    hook, piero = a_webhook(site, cast, there.url), viewer_of(cast.piero, site.plans)
    with site.database.write() as session:
        service.switch(session, piero, hook.key, False)
        delivery = service.test_call(session, piero, hook.key)
    work(site)
    assert state(site, delivery) == ("sent", 1)
    assert called(there)[0]["type"] == "test"
    assert called(there)[0]["data"]["organisation"] == {"key": "premium", "name": "Premium"}  # type: ignore[index]
    there.behaviour = answering("500 Oops", b"")
    with site.database.write() as session:
        failing = service.test_call(session, piero, hook.key)
    work(site)
    assert state(site, failing) == ("failed", 1)


def test_handled_twice_or_by_an_older_event_it_is_called_once(
    site: Site, cast: Cast, posts: Posts, there: System
) -> None:
    """The worker was killed after the call was noted, and begins again with the same event."""
    hook, ref = a_webhook(site, cast, there.url), posts.write("Fire", products=["ledger"])
    delivery = queue(site, alarm(site, ref), hook)
    for _ in range(3):
        on_call_due(site, CallDue(delivery.id))
    assert len(there.requests) == 1
    there.behaviour = answering("500 Oops", b"")
    failing = queue(site, alarm(site, ref), hook)
    for _ in range(3):
        on_call_due(site, CallDue(failing.id))
    assert (len(there.requests), state(site, failing)) == (2, ("queued", 1))


def test_a_worker_killed_after_the_call_calls_again_under_the_same_id(
    site: Site, cast: Cast, posts: Posts, there: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost, and the receiver can tell the second for the first."""
    delivery = queue(site, alarm(site, posts.write("Fire", products=["ledger"])), a_webhook(site, cast, there.url))

    def killed(*args: object) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(webhooks, "note", killed)
        with pytest.raises(SystemExit):
            on_call_due(site, CallDue(delivery.id))
    on_call_due(site, CallDue(delivery.id))
    assert state(site, delivery) == ("sent", 1)
    assert len({request.headers["webhook-id"] for request in there.requests}) == 1
    assert len(there.requests) == 2


def test_after_three_days_of_failures_it_is_switched_off_and_the_contacts_are_told(
    site: Site, cast: Cast, posts: Posts, there: System
) -> None:
    there.behaviour = answering("500 Oops", b"")
    with site.database.write() as session:
        paola = Person(
            key="p-paola", email="paola@premium.example", name="Paola Test", language="it", timezone="UTC", active=True,
            organisation_id=cast.organisations["premium"].id, created_at=clock.now(),
            role_rows=[PersonRole(role=Role.CUSTOMER)],
        )  # fmt: skip
        session.add(paola)
    with time_machine.travel(START, tick=False) as machine:
        hook, ref = a_webhook(site, cast, there.url), posts.write("Fire", products=["ledger"])
        deliveries = [queue(site, alarm(site, ref), hook) for _ in range(2)]
        for _ in range(200):
            work(site)
            if not now(site, hook).active:
                break
            machine.shift(timedelta(hours=1))
            if clock.now() - START > timedelta(days=2, hours=12) and len(deliveries) < 3:
                deliveries.append(queue(site, alarm(site, ref), hook))
        assert timedelta(days=3) <= clock.now() - START < timedelta(days=4)
        work(site)
        machine.shift(timedelta(days=2))
        work(site)
    assert not now(site, hook).active
    assert {state(site, one)[0] for one in deliveries} <= {"failed", "dropped"}
    with site.database.read() as session:
        told = waiting_events(session, WebhookSwitchedOff.name)
    assert told == [{"webhook": hook.id, "person": cast.piero.id}]
    on_webhook_switched_off(site, WebhookSwitchedOff(**told[0]))
    [stored] = stored_mails(site.settings.mail_dir)
    assert stored.mail["To"] == "piero@premium.example"
    assert "Tickets" in stored.mail["Subject"]
    assert f"/webhooks/{hook.key}" in stored.mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_two_failures_with_three_quiet_days_between_switch_nothing_off(
    site: Site, cast: Cast, posts: Posts, there: System
) -> None:
    there.behaviour = answering("500 Oops", b"")
    with time_machine.travel(START, tick=False) as machine:
        hook, piero = a_webhook(site, cast, there.url), viewer_of(cast.piero, site.plans)
        for _ in range(2):
            with site.database.write() as session:
                service.test_call(session, piero, hook.key)
            work(site)
            machine.shift(timedelta(days=4))
    assert now(site, hook).active


def test_a_system_that_wants_no_more_calls_is_left_alone(site: Site, cast: Cast, posts: Posts, there: System) -> None:
    there.behaviour = answering("410 Gone", b"")
    hook = a_webhook(site, cast, there.url)
    queue(site, alarm(site, posts.write("Fire", products=["ledger"])), hook)
    work(site)
    assert not now(site, hook).active
    with site.database.read() as session:
        assert len(waiting_events(session, WebhookSwitchedOff.name)) == 1


def test_nobody_is_told_of_one_that_is_on_again_or_who_left(site: Site, cast: Cast, there: System) -> None:
    hook = a_webhook(site, cast, there.url)
    on_webhook_switched_off(site, WebhookSwitchedOff(hook.id, cast.piero.id))  # on
    with site.database.write() as session:
        session.get_one(Webhook, hook.id).active = False
    on_webhook_switched_off(site, WebhookSwitchedOff(hook.id, cast.anna.id))  # of another organisation
    on_webhook_switched_off(site, WebhookSwitchedOff(hook.id + 1, cast.piero.id))
    with site.database.write() as session:
        session.merge(cast.piero).active = False
    on_webhook_switched_off(site, WebhookSwitchedOff(hook.id, cast.piero.id))
    assert list(stored_mails(site.settings.mail_dir)) == []


def test_a_dead_system_holds_up_nobody_else(
    site: Site, cast: Cast, posts: Posts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker's own lane: eight side by side, each with its time."""
    import time

    from sportello.core import outbox
    from sportello.notifications.calls import post as posting
    from sportello.portal.wiring import CALLS
    from sportello.portal.worker.lanes import SideLane

    monkeypatch.setattr(posting.post, "__defaults__", (1.0,))
    with system(silent) as dead, system(answering()) as well:
        ref = posts.write("Fire", products=["ledger"])
        for number in range(4):
            queue(site, alarm(site, ref), a_webhook(site, cast, dead.url, name="anna" if number % 2 else "piero"))
        told = queue(site, alarm(site, ref), a_webhook(site, cast, well.url))
        lane, began = SideLane(site, CALLS), time.monotonic()
        with site.database.write() as session:
            rows = outbox.claim(session, "test", lane.names, lane.batch)
        lane.handle(rows)
        assert time.monotonic() - began < 3
        assert (len(rows), state(site, told)[0], len(well.requests)) == (5, "sent", 1)
    with site.database.read() as session:
        assert not outbox.is_ready(session, lane.names)
        assert session.scalars(select(Delivery.attempts).order_by(Delivery.id)).all() == [1] * 5
