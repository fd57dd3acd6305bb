"""Opening an article is noted after the answer, for signed-in people only, and in time makes notifications read."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select

from sportello.accounts.viewer import viewer_of
from sportello.core import clock
from sportello.core.db import Database
from sportello.core.handling import Site
from sportello.core.types import Ref
from sportello.notifications.models import Notification, SeenMark
from sportello.notifications.queries.inbox import inbox, unread_count
from sportello.notifications.queries.seen import seen_since
from sportello.notifications.services import seen
from sportello.notifications.services.announce import announce
from sportello.notifications.services.seen import note_seen, purge_seen, settle_seen
from sportello.web import gather
from tests.kb.articles import write
from tests.notifications.telling import spread, tell
from tests.notifications.things import MENTION, Posts
from tests.people import Cast

SignIn = Callable[[str], FlaskClient]
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "EVERY", 0.0)


def marks(database: Database) -> set[tuple[int, str]]:
    with database.read_counters() as counters:
        return {(row.person_id, row.subject) for row in counters.scalars(select(SeenMark))}


def article(database: Database, **more: object) -> tuple[Ref, str]:
    """A public article and its address."""
    with database.write() as session:
        made = write(session, "Rounding differs", **more)  # type: ignore[arg-type]
        return Ref("article", made.article.key), f"/kb/{made.slug}"


def unread(database: Database) -> int:
    waiting = select(func.count()).select_from(Notification).where(Notification.read_at.is_(None))
    with database.read() as session:
        return session.scalar(waiting) or 0


def test_what_anna_opens_is_noted_and_what_visitors_open_is_not(
    database: Database, cast: Cast, sign_in: SignIn
) -> None:
    ref, address = article(database)
    sign_in("anonymous").get(address, headers=BROWSER).close()
    assert marks(database) == set()
    sign_in("anna").get(address, headers=BROWSER).close()
    assert marks(database) == {(cast.anna.id, str(ref))}


def test_pages_fetched_ahead_and_pages_she_did_not_get_are_not_noted(database: Database, sign_in: SignIn) -> None:
    _, address = article(database)
    _, hidden = article(database, audience_key="elite")
    anna = sign_in("anna")
    anna.get(address, headers={**BROWSER, "Sec-Purpose": "prefetch"}).close()
    anna.head(address, headers=BROWSER).close()
    assert anna.get(hidden, headers=BROWSER).status_code == 404
    assert marks(database) == set()


def test_the_bell_of_the_very_page_no_longer_counts_what_it_shows(
    database: Database, cast: Cast, sign_in: SignIn, site: Site, posts: Posts
) -> None:
    ref, address = article(database)
    tell(site, MENTION, ref, people=[cast.anna.id])
    tell(site, MENTION, posts.write("Another"), people=[cast.anna.id])
    anna = sign_in("anna")
    count = '<span class="tool__count" data-unread>{}</span>'
    assert count.format(2) in anna.get("/plans").text
    answer = anna.get(address, headers=BROWSER)
    assert count.format(1) in answer.text
    answer.close()
    assert count.format(1) in anna.get("/plans").text


def test_a_later_mark_replaces_an_earlier_one_and_never_the_other_way_round(database: Database) -> None:
    now = clock.now()
    for at in (now, now - timedelta(hours=1), now + timedelta(hours=1), now):
        with database.counters() as counters:
            note_seen(counters, {(7, "post:one"): at})
    one, two = Ref("post", "one"), Ref("post", "two")
    with database.read_counters() as counters:
        assert seen_since(counters, 7, [one, two]) == {one: now + timedelta(hours=1)}
        assert seen_since(counters, 7, [one], since=now + timedelta(hours=2)) == {}
        assert seen_since(counters, 8, [one]) == {}
        assert seen_since(counters, 7, []) == {}


def test_marks_become_read_notifications_where_they_came_later(
    database: Database, cast: Cast, site: Site, posts: Posts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "BATCH", 2)
    early, late = posts.write("Opened before"), posts.write("Opened since")
    people = [cast.anna, cast.piero, cast.elena]
    with time_machine.travel("2026-11-23T09:00:00Z", tick=False) as clockwork:
        with database.counters() as counters:
            note_seen(counters, {(person.id, str(early)): clock.now() for person in people})
        clockwork.shift(60)
        for ref in (early, late):
            tell(site, MENTION, ref, people=[person.id for person in people])
        clockwork.shift(60)
        with database.counters() as counters:
            note_seen(counters, {(person.id, str(late)): clock.now() for person in people})
        opened = clock.now()
        assert settle_seen(database, since=opened + timedelta(seconds=1)) == 0
        assert settle_seen(database) == 3
        assert settle_seen(database) == 0
    with database.read() as session:
        rows = session.execute(select(Notification.subject, Notification.read_at)).all()
    assert {(row.subject, row.read_at) for row in rows} == {(early.key, None), (late.key, opened)}


def test_what_was_opened_before_the_worker_told_of_it_is_read(
    database: Database, cast: Cast, site: Site, posts: Posts
) -> None:
    """The notice stands, the worker is behind, and she has come by the page already."""
    viewer = viewer_of(cast.anna, site.plans)
    ref, other = posts.write("Opened in between"), posts.write("Not opened")
    with time_machine.travel("2026-11-23T09:00:00Z", tick=False) as clockwork:
        with database.write() as session:
            for about in (ref, other):
                announce(session, MENTION.code, about, people=[cast.anna.id])
        clockwork.shift(60)
        with database.counters() as counters:
            note_seen(counters, {(cast.anna.id, str(ref)): clock.now()})
        clockwork.shift(60)
        spread(site)
        with database.read() as session, database.read_counters() as counters:
            assert unread_count(session, counters, viewer) == 1
            assert {one.title: one.read for one in inbox(session, counters, viewer).entries} == {
                "Opened in between": True, "Not opened": False,
            }  # fmt: skip
            assert [one.title for one in inbox(session, counters, viewer, unread=True).entries] == ["Not opened"]
        assert settle_seen(database) == 1
    assert unread(database) == 1


def test_old_marks_go_and_what_they_were_about_stays_read(
    database: Database, cast: Cast, site: Site, posts: Posts
) -> None:
    with time_machine.travel("2026-08-01T09:00:00Z", tick=False) as clockwork:
        old, young = posts.write("Old"), posts.write("Young")
        tell(site, MENTION, old, people=[cast.anna.id])
        with database.counters() as counters:
            note_seen(counters, {(cast.anna.id, str(old)): clock.now()})
        clockwork.move_to("2026-10-31T09:00:00Z")
        with database.counters() as counters:
            note_seen(counters, {(cast.anna.id, str(young)): clock.now()})
        assert purge_seen(database) == 1
    assert marks(database) == {(cast.anna.id, str(young))}
    assert unread(database) == 0


def test_nothing_is_written_where_nothing_was_opened(database: Database) -> None:
    with database.counters() as counters:
        note_seen(counters, {})
    assert purge_seen(database) == 0
    assert marks(database) == set()
