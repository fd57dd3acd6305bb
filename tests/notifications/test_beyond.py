"""Who has no account: registered addresses, and the systems of organisations."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from sportello.core import clock, keys
from sportello.core.handling import Site
from sportello.notifications import beyond, fanout
from sportello.notifications.events import CallDue, UrgentMailDue
from sportello.notifications.models import Delivery, Notice, RegisteredAddress, Webhook
from sportello.notifications.reaching import Telling
from sportello.notifications.registry import EventType
from tests.notifications.telling import spread, tell, waiting
from tests.notifications.things import ALARM, ALL_CLEAR, NEW_POST, SHOUT, Posts
from tests.people import Cast, make_person


def register(
    site: Site, cast: Cast, organisation: str, email: str, *, products: Any = (), confirmed: bool = True
) -> int:
    with site.database.write() as session:
        row = RegisteredAddress(
            key=keys.new_key(), organisation_id=cast.organisations[organisation].id, email=email, name="Desk",
            language="en", products=list(products), created_at=clock.now(),
            confirmed_at=clock.now() if confirmed else None,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def connect(site: Site, cast: Cast, organisation: str, *events: EventType, active: bool = True) -> int:
    with site.database.write() as session:
        row = Webhook(
            key=keys.new_key(), organisation_id=cast.organisations[organisation].id, name="System",
            url="https://hooks.example/in", secret="whsec_x", events=[event.code for event in events],
            active=active, created_at=clock.now(),
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def addressed(site: Site, notice: Notice) -> list[int]:
    rows = select(Delivery.address_id).where(Delivery.notice_id == notice.id, Delivery.address_id.is_not(None))
    with site.database.read() as session:
        return sorted(id for id in session.scalars(rows) if id)


def called(site: Site, notice: Notice) -> list[int]:
    rows = select(Delivery.webhook_id).where(Delivery.notice_id == notice.id, Delivery.channel == "webhook")
    with site.database.read() as session:
        return sorted(id for id in session.scalars(rows) if id)


def test_confirmed_addresses_of_licensees_hear_of_an_alarm(site: Site, cast: Cast, posts: Posts) -> None:
    desk = register(site, cast, "xtreme", "desk@xtreme.example")
    ledger = register(site, cast, "premium", "ledger@premium.example", products=["ledger"])
    register(site, cast, "premium", "harbor@premium.example", products=["harbor"])
    register(site, cast, "premium", "foundry@premium.example", products=["foundry"])
    register(site, cast, "xtreme", "new@xtreme.example", confirmed=False)
    register(site, cast, "elite", "desk@elite.example")
    register(site, cast, "expired", "desk@expired.example")
    notice = tell(site, ALARM, posts.write("Ledger loses entries", products=["ledger"]))
    assert addressed(site, notice) == [desk, ledger]
    assert len(waiting(site.database, UrgentMailDue.name)) == 4  # with Anna and Piero
    notice = tell(site, ALARM, posts.write("For premium", "premium", products=["ledger"]))
    assert addressed(site, notice) == [ledger]


def test_an_address_of_somebody_who_is_told_anyway_gets_no_second_mail(site: Site, cast: Cast, posts: Posts) -> None:
    address = register(site, cast, "xtreme", cast.anna.email)
    assert addressed(site, tell(site, ALARM, posts.write("Fire", products=["ledger"]))) == []
    with site.database.write() as session:
        session.merge(cast.anna).active = False
    assert addressed(site, tell(site, ALARM, posts.write("Fire again", products=["ledger"]))) == [address]


def test_an_address_that_heard_hears_the_end_though_a_colleague_has_an_account_by_now(
    site: Site, cast: Cast, posts: Posts
) -> None:
    """The new account was told nothing: somebody at that mailbox still believes that it burns."""
    desk = register(site, cast, "xtreme", "desk@xtreme.example")
    ref = posts.write("Fire", products=["ledger"])
    alarm = tell(site, ALARM, ref)
    with site.database.write() as session:
        make_person(session, "desk", session.merge(cast.organisations["xtreme"]))
    assert addressed(site, tell(site, ALL_CLEAR, ref, like=alarm)) == [desk]
    assert addressed(site, tell(site, ALARM, posts.write("Fire again", products=["ledger"]))) == []


def test_addresses_hear_of_nothing_but_alarms_and_their_end(site: Site, cast: Cast, posts: Posts) -> None:
    desk = register(site, cast, "xtreme", "desk@xtreme.example")
    ref = posts.write("Totals differ", products=["ledger"])
    for event in (NEW_POST, SHOUT):
        assert addressed(site, tell(site, event, ref)) == []
    alarm = tell(site, ALARM, ref)
    register(site, cast, "xtreme", "later@xtreme.example")
    assert addressed(site, tell(site, ALL_CLEAR, ref, like=alarm)) == [desk]
    posts.change(ref, audience="premium")
    assert addressed(site, tell(site, ALL_CLEAR, ref, like=alarm)) == []


def test_systems_hear_of_the_events_that_they_want_and_may_read(site: Site, cast: Cast, posts: Posts) -> None:
    anna = connect(site, cast, "xtreme", ALARM, ALL_CLEAR)
    piero = connect(site, cast, "premium", ALARM)
    connect(site, cast, "premium", ALL_CLEAR)  # as could be chosen once: what it belongs to, it does not hear
    connect(site, cast, "premium", ALARM, active=False)
    connect(site, cast, "elite", ALARM)
    connect(site, cast, "expired", ALARM)
    ref = posts.write("Ledger loses entries", products=["ledger"])
    alarm = tell(site, ALARM, ref)
    assert called(site, alarm) == [anna, piero]
    assert len(waiting(site.database, CallDue.name)) == 2
    connect(site, cast, "xtreme", ALARM)  # too late for this one
    assert called(site, tell(site, ALL_CLEAR, ref, like=alarm)) == [anna, piero]
    assert called(site, tell(site, ALARM, posts.write("For premium", "premium", products=["ledger"]))) == [piero]


def test_what_is_taken_back_after_the_last_person_is_told_to_nobody_beyond(
    site: Site, cast: Cast, posts: Posts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or they would hear of the end of something of which they never heard."""
    register(site, cast, "xtreme", "desk@xtreme.example")
    connect(site, cast, "xtreme", ALARM)

    def taken_back(site: Site, telling: Telling) -> None:
        with site.database.write() as session:
            session.get_one(Notice, telling.notice.id).finished_at = clock.now()  # as a withdrawal does
        beyond.tell_addresses(site, telling)

    monkeypatch.setattr(fanout, "tell_addresses", taken_back)
    notice = tell(site, ALARM, posts.write("Ledger loses entries", products=["ledger"]))
    assert (addressed(site, notice), called(site, notice)) == ([], [])


def test_events_that_are_not_for_systems_stay_here(site: Site, cast: Cast, posts: Posts) -> None:
    connect(site, cast, "xtreme", NEW_POST)
    assert called(site, tell(site, NEW_POST, posts.write("Totals differ", products=["ledger"]))) == []


def test_a_system_hears_once_of_what_is_told_by_language(site: Site, cast: Cast, posts: Posts) -> None:
    anna = connect(site, cast, "xtreme", ALARM)
    ref = posts.write("Totals differ", it="I totali", products=["ledger"])
    assert called(site, tell(site, ALARM, ref, language="it")) == []
    assert called(site, tell(site, ALARM, ref, language="en")) == [anna]


def test_coverage_that_ends_counts_for_addresses_and_systems(site: Site, cast: Cast, posts: Posts) -> None:
    register(site, cast, "xtreme", "desk@xtreme.example")
    connect(site, cast, "xtreme", ALARM)
    with site.database.write() as session:
        session.merge(cast.organisations["xtreme"]).coverage_end = clock.today() - timedelta(days=1)
    notice = tell(site, ALARM, posts.write("Fire", products=["ledger"]))
    assert (addressed(site, notice), called(site, notice)) == ([], [])


def test_many_addresses_go_in_batches_and_begin_anew_without_harm(
    site: Site, cast: Cast, posts: Posts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beyond, "BATCH", 2)
    every = [register(site, cast, "xtreme", f"desk{n}@xtreme.example") for n in range(5)]
    ref = posts.write("Fire", products=["ledger"])
    with monkeypatch.context() as patch:
        patch.setattr(fanout, "tell_systems", _killed)
        with pytest.raises(KeyboardInterrupt):
            tell(site, ALARM, ref)
    assert spread(site) == 1
    with site.database.read() as session:
        notice = session.scalars(select(Notice)).one()
    assert addressed(site, notice) == every
    assert notice.finished_at is not None
    assert len(waiting(site.database, UrgentMailDue.name)) == len(every) + 2


def _killed(*values: Any) -> None:
    raise KeyboardInterrupt
