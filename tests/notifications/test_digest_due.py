"""Everybody who wants digests is found when theirs is due, once a day at most, whatever the clock and the worker do."""

from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update

from sportello.accounts.models import Person
from sportello.core.db import Database
from sportello.core.handling import Site
from sportello.core.outbox import OutboxRow
from sportello.notifications.delivery import digest
from sportello.notifications.delivery.digest import queue_digests
from sportello.notifications.events import DigestDue
from sportello.notifications.models import Delivery, DeliveryChannel, DigestRhythm, Preference
from tests.people import Cast

SUNDAY = datetime(2026, 11, 22, 12, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)  # seven o'clock in Rome
EVERYBODY = {"anna", "piero", "elena", "ezio", "sara", "ada"}


@pytest.fixture
def site(app: Flask, cast: Cast) -> Site:
    made: Site = app.extensions["sportello.site"]
    return made


def prefer(database: Database, person: Person, digest: str = DigestRhythm.WEEKLY, **more: object) -> None:
    with database.write() as session:
        session.merge(Preference(person_id=person.id, digest=digest, next_digest_at=None, **more))


def due(database: Database) -> dict[str, tuple[str, datetime]]:
    """Who has a digest to come: the occasion and its time."""
    with database.read() as session:
        rows = select(Person.name, Delivery.occasion, Delivery.due_at).join(Person, Person.id == Delivery.person_id)
        found = session.execute(rows.where(Delivery.channel == DeliveryChannel.DIGEST)).all()
        assert len(found) == session.scalar(select(func.count()).where(OutboxRow.name == DigestDue.name))
    names = [name for name, *_ in found]
    assert len(names) == len(set(names))
    return {name.split()[0].lower(): (occasion, at) for name, occasion, at in found}


def run(site: Site, *moments: datetime) -> dict[str, tuple[str, datetime]]:
    for moment in moments:
        with time_machine.travel(moment, tick=False):
            queue_digests(site)
    return due(site.database)


def next_of(database: Database, person: Person) -> datetime | None:
    with database.read() as session:
        return session.get_one(Preference, person.id).next_digest_at


def test_everybody_gets_one_on_monday_at_seven_unless_they_chose_otherwise(site: Site) -> None:
    assert run(site, SUNDAY) == {}
    found = run(site, MONDAY)
    assert set(found) == EVERYBODY
    assert set(found.values()) == {("digest:2026-11-23", MONDAY)}


def test_not_a_minute_before(site: Site) -> None:
    assert run(site, SUNDAY, datetime(2026, 11, 23, 5, 59, 59, tzinfo=UTC)) == {}


def test_who_wants_none_or_cannot_sign_in_gets_none(site: Site, cast: Cast) -> None:
    prefer(site.database, cast.anna, DigestRhythm.NEVER)
    with site.database.write() as session:
        session.execute(update(Person).where(Person.id == cast.piero.id).values(active=False))
    assert set(run(site, SUNDAY, MONDAY)) == EVERYBODY - {"anna", "piero"}


def test_every_morning_for_who_wants_it_daily(site: Site, cast: Cast) -> None:
    prefer(site.database, cast.elena, DigestRhythm.DAILY)
    tuesday = datetime(2026, 11, 24, 6, tzinfo=UTC)
    wednesday = datetime(2026, 11, 25, 6, tzinfo=UTC)
    run(site, datetime(2026, 11, 23, 12, tzinfo=UTC))
    assert run(site, tuesday) == {"elena": ("digest:2026-11-24", tuesday)}
    assert next_of(site.database, cast.elena) == wednesday


def test_the_duty_may_run_as_often_as_it_likes(site: Site) -> None:
    assert set(run(site, SUNDAY, *[MONDAY] * 3, datetime(2026, 11, 23, 6, 1, tzinfo=UTC))) == EVERYBODY


def test_changing_to_daily_on_monday_brings_no_second_digest_that_day(site: Site, cast: Cast) -> None:
    run(site, SUNDAY, MONDAY)
    prefer(site.database, cast.anna, DigestRhythm.DAILY)
    with site.database.write() as session:
        session.execute(update(Preference).where(Preference.person_id == cast.anna.id).values(next_digest_at=MONDAY))
    assert run(site, datetime(2026, 11, 23, 6, 5, tzinfo=UTC))["anna"] == ("digest:2026-11-23", MONDAY)


def test_quiet_hours_hold_it_back(site: Site, cast: Cast) -> None:
    prefer(site.database, cast.anna, quiet_from=21, quiet_to=9)
    found = run(site, SUNDAY, MONDAY)
    assert found["anna"] == ("digest:2026-11-23", datetime(2026, 11, 23, 8, tzinfo=UTC))
    assert found["piero"][1] == MONDAY


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Europe/Rome", "America/New_York", datetime(2026, 11, 23, 12, tzinfo=UTC)),
        ("America/New_York", "Europe/Rome", datetime(2026, 11, 23, 12, tzinfo=UTC)),
    ],
)
def test_who_moves_gets_it_in_their_new_morning_or_what_they_missed_at_once(
    site: Site, cast: Cast, old: str, new: str, expected: datetime
) -> None:
    def live_in(zone: str) -> None:
        with site.database.write() as session:
            session.execute(update(Person).where(Person.id == cast.anna.id).values(timezone=zone))

    live_in(old)
    run(site, SUNDAY)
    live_in(new)
    hours = [datetime(2026, 11, 23, hour, tzinfo=UTC) for hour in range(24)]
    assert run(site, *hours)["anna"][1] == expected


def test_a_worker_that_was_away_tells_when_it_is_back(site: Site) -> None:
    tuesday = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
    assert set(run(site, SUNDAY, tuesday).values()) == {("digest:2026-11-24", tuesday)}
    assert set(run(site, tuesday).values()) == {("digest:2026-11-24", tuesday)}


def test_in_the_night_when_the_clocks_change_it_is_seven_all_the_same(site: Site, cast: Cast) -> None:
    prefer(site.database, cast.anna, DigestRhythm.DAILY)
    run(site, datetime(2027, 3, 27, 12, tzinfo=UTC))
    assert run(site, datetime(2027, 3, 28, 4, 59, tzinfo=UTC)) == {}
    assert run(site, datetime(2027, 3, 28, 5, tzinfo=UTC))["anna"][0] == "digest:2027-03-28"


def test_many_are_found_in_batches(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "BATCH", 2)
    assert set(run(site, SUNDAY, MONDAY)) == EVERYBODY


def test_it_lets_the_index_have_its_turn(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """One batch is always written; the rest is left to the next times."""
    run(site, SUNDAY)
    monkeypatch.setattr(digest, "BATCH", 2)
    monkeypatch.setattr(digest, "AT_MOST", -1.0)
    assert [len(run(site, MONDAY)) for _ in range(4)] == [2, 4, 6, 6]


def test_killed_between_two_batches_nobody_is_forgotten_or_told_twice(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "BATCH", 2)
    run(site, SUNDAY)
    whole, batches = digest._deliveries, []

    def dies(*arguments: object) -> None:
        batches.append(1)
        whole(*arguments)  # type: ignore[arg-type]
        if len(batches) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(digest, "_deliveries", dies)
    with pytest.raises(KeyboardInterrupt):
        run(site, MONDAY)
    assert len(due(site.database)) == 2
    assert set(run(site, MONDAY)) == EVERYBODY
