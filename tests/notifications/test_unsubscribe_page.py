"""Leaving by the link at the foot of a mail: one press, signed out, from a mail program too, and back again."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from sportello.accounts.models import Person
from sportello.core.db import Database
from sportello.core.settings import Settings
from sportello.core.types import Ref
from sportello.notifications import unsubscribe
from sportello.notifications.levels import Channel, Level
from sportello.notifications.models import DigestRhythm, Subscription
from sportello.notifications.queries.choices import channels_for
from sportello.notifications.queries.preferences import wishes_of
from sportello.notifications.services.prefer import set_digest
from tests.notifications.things import FORUM, NEW_POST, Posts, follow
from tests.people import Cast

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
Browser = Callable[[str], FlaskClient]


@pytest.fixture
def address(settings: Settings, cast: Cast) -> Callable[[str], str]:
    """Of Anna's links, by what they switch off."""
    return lambda what: f"/unsubscribe/{unsubscribe.token(settings, cast.anna.key, what)}"


def level(database: Database, cast: Cast, ref: Ref) -> Level | None:
    with database.read() as session:
        row = session.get(Subscription, (cast.anna.id, ref.kind, ref.key))
    return None if row is None else Level(row.level)


def digest(database: Database, cast: Cast) -> DigestRhythm:
    with database.read() as session:
        return wishes_of(session, cast.anna.id).digest


def mails(database: Database, cast: Cast) -> bool:
    with database.read() as session:
        return Channel.MAIL in channels_for(session, [cast.anna.id], NEW_POST)[cast.anna.id]


@pytest.mark.parametrize("name", ["anonymous", "anna", "piero", "ada"])
def test_opening_the_page_changes_nothing_whoever_opens_it(
    database: Database, cast: Cast, sign_in: Browser, address: Callable[[str], str], name: str
) -> None:
    page = sign_in(name).get(address("digest"))
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    assert "your digest" in page.text
    assert cast.anna.email not in page.text
    assert digest(database, cast) is DigestRhythm.WEEKLY


@pytest.mark.parametrize("name", ["anonymous", "piero"])
def test_a_mail_program_switches_off_the_digest_with_one_request(
    database: Database, cast: Cast, sign_in: Browser, address: Callable[[str], str], name: str
) -> None:
    """Without a form token: the application of this test asks for them as the real one does."""
    client = sign_in(name)
    client.application.config["WTF_CSRF_ENABLED"] = True
    answer = client.post(address("digest"), data=ONE_CLICK)
    assert answer.status_code == 200
    assert digest(database, cast) is DigestRhythm.NEVER
    assert client.post(address("digest"), data=ONE_CLICK).status_code == 200, "a second time is no error"


def test_the_digest_comes_back_as_it_was(
    database: Database, cast: Cast, sign_in: Browser, address: Callable[[str], str]
) -> None:
    with database.write() as session:
        set_digest(session, cast.anna.id, "daily")
    client = sign_in("anonymous")
    page = client.post(address("digest"), data={"do": "off"}).text
    assert "No digest is sent any more." in page
    assert '<input type="hidden" name="was" value="daily">' in page
    client.post(address("digest"), data={"do": "on", "was": "daily"})
    assert digest(database, cast) is DigestRhythm.DAILY


@pytest.mark.parametrize("was", ["", "hourly", "never", "3"])
def test_without_knowing_how_it_was_it_comes_back_as_by_default(
    database: Database, cast: Cast, sign_in: Browser, address: Callable[[str], str], was: str
) -> None:
    client = sign_in("anonymous")
    client.post(address("digest"), data=ONE_CLICK)
    client.post(address("digest"), data={"do": "on", "was": was})
    assert digest(database, cast) is DigestRhythm.WEEKLY


def test_mails_of_a_kind_of_event_go_off_and_on_and_nothing_else_does(
    database: Database, cast: Cast, posts: Posts, sign_in: Browser, address: Callable[[str], str]
) -> None:
    client, link = sign_in("anonymous"), address(unsubscribe.event("post-written"))
    assert "New posts" in client.get(link).text
    assert "The bell and the digest stay as they are." in client.post(link, data=ONE_CLICK).text
    assert not mails(database, cast)
    with database.read() as session:
        heard = channels_for(session, [cast.anna.id, cast.piero.id], NEW_POST)
    assert heard[cast.anna.id] == {Channel.PORTAL, Channel.DIGEST}
    assert heard[cast.piero.id] == NEW_POST.channels
    assert "No more of these mails" in client.get(link).text, "it says so afterwards, too"
    client.post(link, data={"do": "on"})
    assert mails(database, cast)


def test_what_is_always_told_stays_on_and_says_why(
    cast: Cast, posts: Posts, sign_in: Browser, address: Callable[[str], str]
) -> None:
    page = sign_in("anonymous").post(address(unsubscribe.event("post-alarm")), data=ONE_CLICK)
    assert page.status_code == 200
    assert "These mails cannot be switched off" in page.text


def test_what_things_belong_to_is_followed_on_without_mails_at_once(
    database: Database, cast: Cast, posts: Posts, sign_in: Browser, address: Callable[[str], str]
) -> None:
    with database.write() as session:
        follow(session, cast.anna.id, FORUM, Level.WATCHING)
    client, link = sign_in("anonymous"), address(unsubscribe.topic(FORUM))
    assert "The bell and the digest go on." in client.post(link, data=ONE_CLICK).text
    assert level(database, cast, FORUM) is Level.TRACKING
    client.post(link, data={"do": "on", "was": "3"})
    assert level(database, cast, FORUM) is Level.WATCHING


@pytest.mark.parametrize(("before", "was"), [(None, "none"), (Level.WATCHING, "3"), (Level.NORMAL, "1")])
def test_an_item_is_muted_whatever_its_mails_came_for(
    database: Database,
    cast: Cast,
    posts: Posts,
    sign_in: Browser,
    address: Callable[[str], str],
    before: Level | None,
    was: str,
) -> None:
    post = posts.write("Rounding")
    if before is not None:
        with database.write() as session:
            follow(session, cast.anna.id, post, before)
    client, link = sign_in("anonymous"), address(unsubscribe.topic(post))
    page = client.post(link, data=ONE_CLICK).text
    assert level(database, cast, post) is Level.MUTED
    assert f'name="was" value="{was}"' in page
    client.post(link, data={"do": "on", "was": was})
    assert level(database, cast, post) is before


def test_the_page_names_only_what_its_reader_may_read(
    database: Database, cast: Cast, sign_in: Browser, settings: Settings
) -> None:
    """A forwarded mail must not tell later what its subject is called by then."""
    from tests.kb.articles import write

    with database.write() as session:
        key = write(session, "Only for Elite", "elite").article.key
    link = f"/unsubscribe/{unsubscribe.token(settings, cast.elena.key, f'topic:article:{key}')}"
    for name in ("anonymous", "anna"):
        for page in (sign_in(name).get(link), sign_in(name).post(link, data=ONE_CLICK)):
            assert page.status_code == 200
            assert "Only for Elite" not in page.text
    assert "Only for Elite" in sign_in("elena").get(link).text


def test_a_link_works_for_somebody_who_may_no_longer_sign_in(
    database: Database, cast: Cast, sign_in: Browser, address: Callable[[str], str]
) -> None:
    with database.write() as session:
        session.get_one(Person, cast.anna.id).active = False
    assert sign_in("anonymous").post(address("digest"), data=ONE_CLICK).status_code == 200
    assert digest(database, cast) is DigestRhythm.NEVER


def test_links_that_nobody_made_and_people_and_events_that_are_gone_are_all_the_same_to_the_reader(
    settings: Settings, cast: Cast, sign_in: Browser, address: Callable[[str], str]
) -> None:
    client = sign_in("anonymous")
    gone = f"/unsubscribe/{unsubscribe.token(settings, 'nobody', 'digest')}"
    for link in ("/unsubscribe/made-up", gone, address("event:never-was")):
        assert client.get(link).status_code == 404
        assert client.post(link, data=ONE_CLICK).status_code == 404


def test_staff_who_lack_their_second_factor_can_leave_too(
    database: Database, cast: Cast, sign_in: Browser, settings: Settings
) -> None:
    object.__setattr__(settings, "require_staff_totp", True)
    link = f"/unsubscribe/{unsubscribe.token(settings, cast.sara.key, 'digest')}"
    assert sign_in("sara").get(link).status_code == 200
