"""A feature that the service has never heard of registers what it brings, and everything works for it.

`things` is such a feature: posts in the topics of a forum, mentions, a meeting that is announced for its time. Nothing
in the service is written for it.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import time_machine
from flask import Flask
from flask.testing import FlaskClient

from sportello.accounts.viewer import viewer_of
from sportello.core import clock
from sportello.core.errors import N_
from sportello.core.handling import Site
from sportello.core.types import Ref
from sportello.notifications.delivery.digest import queue_digests
from sportello.notifications.levels import Level
from sportello.notifications.queries.inbox import inbox, unread_count
from sportello.notifications.registry import Registry
from sportello.notifications.services.announce import announce
from sportello.notifications.services.follow import set_level
from sportello.notifications.services.seen import note_seen
from tests.browsing import client_for
from tests.notifications.digesting import Digest, text
from tests.notifications.posting import arrived, body, send_mails
from tests.notifications.telling import belled, mailed, spread, tell
from tests.notifications.things import FORUM, MEETING, MENTION, NEW_POST, TOPIC, Places, PostNews, Posts, a_feature
from tests.people import Cast

ROOT = Path(__file__).parents[2]


def follows(site: Site, cast: Cast, name: str, ref: Ref, level: Level) -> None:
    """Somebody chooses a level, as they do on a page."""
    with site.database.write() as session:
        set_level(session, viewer_of(session.merge(cast.people[name]), site.plans), ref, level)


def test_what_it_brings_can_be_followed_and_chosen_on_the_pages_of_everybody(
    app: Flask, cast: Cast, posts: Posts
) -> None:
    anna: FlaskClient = client_for(app, cast.anna)
    assert anna.post("/follow/forum/ledger-talk", data={"level": "watching"}).status_code in (302, 303)
    page = anna.get("/settings/subscriptions").text
    assert "Forums" in page
    assert "Ledger-Talk" in page
    page = anna.get("/settings/notifications").text
    assert NEW_POST.label in page
    assert MENTION.label in page
    assert "Alarms" in client_for(app, cast.piero).get("/organisation/webhooks").text


def test_a_post_is_told_to_who_follows_its_forum_at_the_level_they_chose(site: Site, cast: Cast, posts: Posts) -> None:
    follows(site, cast, "anna", FORUM, Level.TRACKING)
    follows(site, cast, "piero", TOPIC, Level.WATCHING)
    follows(site, cast, "elena", FORUM, Level.NORMAL)
    notice = tell(site, NEW_POST, posts.write("Rounding differs"), thread=TOPIC)
    assert belled(site.database, notice) == sorted([cast.anna.id, cast.piero.id])
    assert mailed(site.database, notice) == [cast.piero.id]


def test_a_mention_reaches_the_named_one_who_may_read_it_and_nobody_else(site: Site, cast: Cast, posts: Posts) -> None:
    people = [cast.anna.id, cast.elena.id]
    notice = tell(site, MENTION, posts.write("@anna @elena", "elite"), people=people, actor_id=cast.sara.id)
    assert belled(site.database, notice) == mailed(site.database, notice) == [cast.elena.id]
    send_mails(site)
    [mail] = arrived(site)
    assert mail["Subject"] == "@anna @elena"
    assert "/posts/post1" in body(mail)
    assert mail["List-Unsubscribe"]


def test_a_meeting_is_told_at_its_time_to_who_may_come_then(site: Site, cast: Cast, posts: Posts) -> None:
    """Also to who has looked at its page since it was announced: the reminder is for them above all."""
    ref, anna = posts.write("Ask the authors"), viewer_of(cast.anna, site.plans)
    for name in ("anna", "elena"):
        follows(site, cast, name, FORUM, Level.WATCHING)
    with time_machine.travel("2026-11-20T09:00:00Z", tick=False) as clocks:
        with site.database.write() as session:
            notice = announce(session, MEETING.code, ref, at=clock.now() + timedelta(days=3))
        clocks.shift(timedelta(days=1))
        with site.database.counters() as counters:
            note_seen(counters, {(cast.anna.id, str(ref)): clock.now()})
        spread(site)
        assert belled(site.database, notice) == []
        clocks.shift(timedelta(days=2, seconds=1))
        posts.change(ref, audience="xtreme")
        spread(site)
        send_mails(site)
        assert {mail["To"] for mail in arrived(site)} == {cast.anna.email, cast.elena.email}
        with site.database.read() as session, site.database.read_counters() as counters:
            assert unread_count(session, counters, anna) == 1
            assert [entry.at for entry in inbox(session, counters, anna).entries] == [clock.now()]


def test_a_meeting_to_come_is_in_no_digest_yet(site: Site, cast: Cast, posts: Posts, digest: Digest) -> None:
    queue_digests(site)  # the worker has seen everybody before
    follows(site, cast, "anna", FORUM, Level.NORMAL)
    later, now = posts.write("In spring"), posts.write("Rounding differs")
    with site.database.write() as session:
        announce(session, NEW_POST.code, later, at=clock.now() + timedelta(days=90))
        announce(session, NEW_POST.code, now)
    mail = text(digest()["anna"])
    assert "NEW POSTS" in mail
    assert "* Rounding differs" in mail
    assert "In spring" not in mail


def test_when_it_is_gone_nothing_of_it_is_left_on_any_page(app: Flask, site: Site, cast: Cast) -> None:
    with a_feature() as posts:
        ref = posts.write("Rounding differs")
        notice = tell(site, MENTION, ref, people=[cast.anna.id])
        follows(site, cast, "anna", FORUM, Level.WATCHING)
    assert belled(site.database, notice) == [cast.anna.id]
    anna = client_for(app, cast.anna)
    for address in ("/notifications", "/settings/subscriptions", "/settings/notifications"):
        page = anna.get(address)
        assert page.status_code == 200
        assert "Rounding differs" not in page.text
        assert "Ledger-Talk" not in page.text
    send_mails(site)
    assert arrived(site) == []


def test_the_example_of_the_architecture_works(site: Site, cast: Cast, posts: Posts) -> None:
    """It is run as it stands there, with the parts of `things` for those of its feature."""
    chapter = (ROOT / "docs" / "architecture.md").read_text("utf-8").partition("### How a feature gets told")[2]
    example = chapter.partition("```python\n")[2].partition("```")[0]
    made: dict[str, Any] = {
        "N_": N_, "Posts": lambda: posts, "PostNews": PostNews,
        "Topics": lambda: Places("topic", "Topic", "Topics"), "Forums": lambda: Places("forum", "Forum", "Forums"),
    }  # fmt: skip
    exec(example, made)  # the example is this repository's own
    other = Registry()
    made["register"](other)
    assert set(other.events) == {NEW_POST.code, MENTION.code, MEETING.code}
    assert (set(other.sources), set(other.followables)) == ({"post"}, {"topic", "forum"})
    assert set(other.sections) == {"posts"}
    follows(site, cast, "piero", TOPIC, Level.TRACKING)
    author, post = viewer_of(cast.elena, site.plans), posts.write("@anna")
    begins, moved = clock.now() + timedelta(hours=1), clock.now() + timedelta(hours=3)
    with site.database.write() as session:
        made["post_written"](session, author, post, TOPIC, [cast.anna.id])
        for _ in range(2):  # planned once, however often it is said
            made["meeting_planned"](session, post, begins)
        made["meeting_moved"](session, post, begins, moved)
    assert spread(site) == 2
    with time_machine.travel(begins - timedelta(minutes=14)):
        spread(site)
        with site.database.read() as session, site.database.read_counters() as counters:
            assert unread_count(session, counters, viewer_of(cast.piero, site.plans)) == 1
    with time_machine.travel(moved - timedelta(minutes=14)):
        assert spread(site) == 1
        with site.database.read() as session, site.database.read_counters() as counters:
            piero, anna = viewer_of(cast.piero, site.plans), viewer_of(cast.anna, site.plans)
            assert [one.event for one in inbox(session, counters, piero).entries] == [MEETING.code, NEW_POST.code]
            assert [one.event for one in inbox(session, counters, anna).entries] == [MENTION.code]
