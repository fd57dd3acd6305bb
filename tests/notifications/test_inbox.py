"""What stands at the bell: counted, listed and marked for one person, and only while they may read about it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from sportello.accounts.models import Organisation, Person
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_of
from sportello.core import audience, clock
from sportello.core.audience import Viewer
from sportello.core.db import Database
from sportello.core.errors import Invalid, NotFound
from sportello.core.handling import Site
from sportello.core.types import Ref
from sportello.notifications.models import Notice
from sportello.notifications.queries import inbox as module
from sportello.notifications.queries.inbox import MOST, Page, inbox, unread_count
from sportello.notifications.registry import registry
from sportello.notifications.services.read import mark_all_read, mark_read
from sportello.notifications.services.seen import note_seen
from tests.notifications.telling import tell
from tests.notifications.things import MENTION, Posts
from tests.people import Cast

NOBODY = audience.anonymous()
ITALIAN = "it"


@pytest.fixture
def mention(site: Site, cast: Cast) -> Callable[..., Notice]:
    """Tell somebody of the cast, Anna unless named, of a post."""

    def told(ref: Ref, *names: str, **more: object) -> Notice:
        people = [cast.people[name].id for name in names or ("anna",)]
        return tell(site, MENTION, ref, people=people, **more)

    return told


def who(database: Database, person: Person) -> Viewer:
    """Somebody as they are now."""
    with database.read() as session:
        return viewer_of(session.get_one(Person, person.id), Plans.load(None))


def look(database: Database, viewer: Viewer, **more: object) -> Page:
    with database.read() as session, database.read_counters() as counters:
        return inbox(session, counters, viewer, **more)  # type: ignore[arg-type]


def count(database: Database, viewer: Viewer, **more: object) -> int:
    with database.read() as session, database.read_counters() as counters:
        return unread_count(session, counters, viewer, **more)  # type: ignore[arg-type]


def titles(page: Page) -> list[str]:
    return [entry.title for entry in page.entries]


def open_thing(database: Database, person: Person, ref: Ref) -> None:
    with database.counters() as counters:
        note_seen(counters, {(person.id, str(ref)): clock.now()})


def test_anna_reads_what_she_was_told_newest_first(
    database: Database, cast: Cast, posts: Posts, mention: Callable[..., Notice]
) -> None:
    with time_machine.travel("2026-11-23T09:00:00Z", tick=False) as clockwork:
        for title in ("One", "Two", "Three"):
            mention(posts.write(title))
            clockwork.shift(60)
    page = look(database, who(database, cast.anna))
    assert titles(page) == ["Three", "Two", "One"]
    assert page.before is None
    assert {entry.label for entry in page.entries} == {"Mentions"}
    assert page.entries[0].path == "/posts/post3"
    assert count(database, who(database, cast.anna)) == 3


def test_nobody_else_reads_it(database: Database, cast: Cast, posts: Posts, mention: Callable[..., Notice]) -> None:
    mention(posts.write("For Anna"))
    for viewer in (who(database, cast.piero), who(database, cast.ada), NOBODY):
        assert titles(look(database, viewer)) == []
        assert count(database, viewer) == 0


def test_it_stands_there_in_the_readers_language(
    database: Database, cast: Cast, posts: Posts, mention: Callable[..., Notice]
) -> None:
    mention(posts.write("Only English"))
    mention(posts.write("Rounding", it="Arrotondamento"), says={"en": "Please read.", "it": "Da leggere."})
    with database.write() as session:
        session.get_one(Person, cast.anna.id).language = ITALIAN
    first, second = look(database, who(database, cast.anna)).entries
    assert (first.title, first.language, first.says, first.says_language) == (
        "Arrotondamento", "it", "Da leggere.", "it",
    )  # fmt: skip
    assert (second.title, second.language, second.says) == ("Only English", "en", "")


def test_what_she_may_no_longer_read_is_gone_with_its_count_and_comes_back_with_her_plan(
    database: Database, cast: Cast, posts: Posts, mention: Callable[..., Notice]
) -> None:
    mention(posts.write("Of her plan", "xtreme"))
    mention(posts.write("Public"))
    assert count(database, who(database, cast.anna)) == 2
    with database.write() as session:
        organisation = session.get_one(Organisation, cast.organisations["xtreme"].id)
        organisation.coverage_end = clock.today() - timedelta(days=1)
    assert titles(look(database, who(database, cast.anna))) == ["Public"]
    assert count(database, who(database, cast.anna)) == 1
    with database.write() as session:
        session.get_one(Organisation, organisation.id).coverage_end = clock.today() + timedelta(days=1)
    assert count(database, who(database, cast.anna)) == 2


@pytest.mark.parametrize("change", [{"audience": "staff"}, {"released": False}, None])
def test_what_was_narrowed_withdrawn_or_deleted_is_gone(
    database: Database, cast: Cast, posts: Posts, mention: Callable[..., Notice], change: dict[str, object] | None
) -> None:
    ref = posts.write("For a while")
    mention(ref)
    if change is None:
        posts.remove(ref)
    else:
        posts.change(ref, **change)
    anna = who(database, cast.anna)
    assert titles(look(database, anna)) == []
    assert titles(look(database, anna, unread=True)) == []
    assert count(database, anna) == 0


def test_things_of_a_feature_that_is_gone_are_gone(
    database: Database, cast: Cast, posts: Posts, mention: Callable[..., Notice]
) -> None:
    mention(posts.write("Once"))
    source = registry.sources.pop("post")
    try:
        assert titles(look(database, who(database, cast.anna))) == []
        assert count(database, who(database, cast.anna)) == 0
    finally:
        registry.sources["post"] = source


def test_a_kind_of_event_that_is_gone_is_still_news(
    database: Database, cast: Cast, posts: Posts, mention: Callable[..., Notice]
) -> None:
    mention(posts.write("Still there"))
    kind = registry.events.pop(MENTION.code)
    try:
        assert [entry.label for entry in look(database, who(database, cast.anna)).entries] == ["News"]
    finally:
        registry.events[MENTION.code] = kind


def test_marking_one_leaves_the_others_and_can_be_repeated(
    database: Database, cast: Cast, posts: Posts, mention: Callable[..., Notice]
) -> None:
    for title in ("One", "Two"):
        mention(posts.write(title))
    anna = who(database, cast.anna)
    key = next(entry.key for entry in look(database, anna).entries if entry.title == "One")
    for _ in range(2):
        with database.write() as session:
            mark_read(session, anna, key)
    assert count(database, anna) == 1
    assert titles(look(database, anna, unread=True)) == ["Two"]
    assert {entry.title: entry.read for entry in look(database, anna).entries} == {"One": True, "Two": False}


def test_nobody_marks_what_is_not_theirs_or_not_for_them(
    database: Database, cast: Cast, posts: Posts, mention: Callable[..., Notice]
) -> None:
    ref = posts.write("For Anna")
    mention(ref)
    anna = who(database, cast.anna)
    key = look(database, anna).entries[0].key
    posts.change(ref, audience="elite")
    for viewer, tried in ((who(database, cast.piero), key), (NOBODY, key), (anna, key), (anna, "never")):
        with pytest.raises(NotFound), database.write() as session:
            mark_read(session, viewer, tried)
    posts.change(ref, audience="public")
    assert count(database, anna) == 1


def test_marking_all_stops_at_what_she_was_shown_and_at_what_she_may_read(
    database: Database, cast: Cast, posts: Posts, mention: Callable[..., Notice]
) -> None:
    hidden = posts.write("Hidden for now")
    mention(hidden, "anna", "piero")
    mention(posts.write("Shown"), "anna", "piero")
    posts.change(hidden, released=False)
    anna = who(database, cast.anna)
    newest = look(database, anna).newest
    mention(posts.write("Came meanwhile"))
    with database.write() as session:
        assert mark_all_read(session, anna, newest or "") == 1
        assert mark_all_read(session, NOBODY, newest or "") == 0
    posts.change(hidden, released=True)
    assert sorted(titles(look(database, anna, unread=True))) == ["Came meanwhile", "Hidden for now"]
    assert count(database, who(database, cast.piero)) == 2


@pytest.mark.parametrize(
    "cursor", ["x", "~", "20261123~key", "20261123T090000.000000Z~", "20261123T090000.000000Z~" + "a" * 99, "é~1"]
)
def test_a_cursor_that_is_none_is_refused(database: Database, cast: Cast, cursor: str) -> None:
    anna = who(database, cast.anna)
    with pytest.raises(Invalid):
        look(database, anna, before=cursor)
    with pytest.raises(Invalid), database.write() as session:
        mark_all_read(session, anna, cursor)


def test_pages_go_on_without_gap_or_repetition_although_much_came_at_one_moment(
    database: Database, cast: Cast, posts: Posts, mention: Callable[..., Notice]
) -> None:
    with time_machine.travel("2026-11-23T09:00:00Z", tick=False):
        for number in range(7):
            ref = posts.write(f"Post {number}")
            mention(ref)
            if number == 3:
                posts.change(ref, audience="elite")
        anna = who(database, cast.anna)
        found: list[str] = []
        before = None
        while True:
            page = look(database, anna, before=before, limit=2)
            found += titles(page)
            before = page.before
            if before is None:
                break
    assert sorted(found) == sorted(f"Post {number}" for number in range(7) if number != 3)


def test_what_she_opened_since_counts_as_read_and_what_she_opened_before_does_not(
    database: Database, cast: Cast, posts: Posts, mention: Callable[..., Notice]
) -> None:
    early, late = posts.write("Opened before"), posts.write("Opened since")
    with time_machine.travel("2026-11-23T09:00:00Z", tick=False) as clockwork:
        open_thing(database, cast.anna, early)
        clockwork.shift(60)
        mention(early, "anna", "piero")
        mention(late, "anna", "piero")
        clockwork.shift(60)
        open_thing(database, cast.anna, late)
    anna, piero = who(database, cast.anna), who(database, cast.piero)
    assert count(database, anna) == 1
    assert titles(look(database, anna, unread=True)) == ["Opened before"]
    assert {entry.title: entry.read for entry in look(database, anna).entries} == {
        "Opened before": False, "Opened since": True,
    }  # fmt: skip
    assert count(database, piero) == 2


def test_what_is_being_read_just_now_is_not_counted(
    database: Database, cast: Cast, posts: Posts, mention: Callable[..., Notice]
) -> None:
    ref = posts.write("Open before her")
    mention(ref)
    mention(posts.write("Another"))
    assert count(database, who(database, cast.anna), opens=ref) == 1


def test_many_that_were_opened_do_not_hide_the_unread_behind_them(
    database: Database, cast: Cast, posts: Posts, mention: Callable[..., Notice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 3)
    with time_machine.travel("2026-11-23T09:00:00Z", tick=False) as clockwork:
        mention(posts.write("Oldest, unread"))
        for number in range(6):
            clockwork.shift(1)
            ref = posts.write(f"Opened {number}")
            mention(ref)
            open_thing(database, cast.anna, ref)
    anna = who(database, cast.anna)
    assert count(database, anna) == 1
    assert titles(look(database, anna, unread=True, limit=2)) == ["Oldest, unread"]


def test_the_count_ends_where_nobody_counts_any_more(
    database: Database, cast: Cast, posts: Posts, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    ref = posts.write("Again and again")
    for _ in range(5):
        tell(site, MENTION, ref, people=[cast.anna.id])
    assert count(database, who(database, cast.anna)) == 3
    assert MOST == 100
