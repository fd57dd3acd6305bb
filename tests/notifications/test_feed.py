"""The personal feed: opened by its token alone, and by no other; what its person may read at that moment."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from sportello.accounts.models import Organisation, Person
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_of
from sportello.core import audience, clock
from sportello.core.db import Database
from sportello.core.errors import Forbidden
from sportello.core.handling import Site
from sportello.core.settings import Settings
from sportello.notifications.models import DigestRhythm, Preference
from sportello.notifications.services.feed import make_feed, revoke_feed
from tests.notifications.telling import tell
from tests.notifications.things import MENTION, Posts
from tests.people import Cast

ATOM = "{http://www.w3.org/2005/Atom}"


def address(database: Database, person: Person) -> str:
    with database.write() as session:
        viewer = viewer_of(session.get_one(Person, person.id), Plans.load(None))
        return f"/feeds/{make_feed(session, viewer)}.atom"


@pytest.fixture
def reader(app: Flask) -> FlaskClient:
    """A feed reader: it has no cookies."""
    return app.test_client()


@pytest.fixture
def mention(app: Flask, posts: Posts, cast: Cast) -> Callable[..., None]:
    site: Site = app.extensions["sportello.site"]

    def told(title: str, audience_key: str = "public", name: str = "anna", **more: object) -> None:
        tell(site, MENTION, posts.write(title, audience_key, **more), people=[cast.people[name].id])  # type: ignore[arg-type]

    return told


def titles(answer_text: str) -> list[str]:
    return [entry.findtext(f"{ATOM}title", "") for entry in ET.fromstring(answer_text).iter(f"{ATOM}entry")]


def test_annas_feed_holds_what_her_bell_tells(
    database: Database, cast: Cast, reader: FlaskClient, mention: Callable[..., None]
) -> None:
    mention("Rounding & <b>totals</b> \x0b")
    mention("For Piero", name="piero")
    answer = reader.get(address(database, cast.anna))
    assert answer.status_code == 200
    assert answer.mimetype == "application/atom+xml"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Set-Cookie" not in answer.headers
    assert titles(answer.text) == ["Rounding & <b>totals</b> "]
    entry = ET.fromstring(answer.text).find(f"{ATOM}entry")
    assert entry is not None
    assert entry.find(f"{ATOM}link").get("href") == "http://127.0.0.1:8000/posts/post1"  # type: ignore[union-attr]
    assert entry.find(f"{ATOM}category").get("label") == "Mentions"  # type: ignore[union-attr]


def test_a_feed_without_news_is_a_feed(database: Database, cast: Cast, reader: FlaskClient) -> None:
    answer = reader.get(address(database, cast.elena))
    assert titles(answer.text) == []
    assert ET.fromstring(answer.text).findtext(f"{ATOM}updated") == "2000-01-01T00:00:00+00:00"


def test_it_speaks_its_persons_language_whatever_the_reader_asks_for(
    database: Database, cast: Cast, reader: FlaskClient, mention: Callable[..., None]
) -> None:
    mention("Rounding", it="Arrotondamento")
    with database.write() as session:
        session.get_one(Person, cast.anna.id).language = "it"
    answer = reader.get(address(database, cast.anna), headers={"Accept-Language": "en"})
    assert titles(answer.text) == ["Arrotondamento"]
    assert 'xml:lang="it"' in answer.text


def test_a_new_address_ends_the_old_one_and_revoking_ends_it_for_good(
    database: Database, cast: Cast, reader: FlaskClient
) -> None:
    first, second = address(database, cast.anna), address(database, cast.anna)
    assert first != second
    assert reader.get(first).status_code == 404
    assert reader.get(second).status_code == 200
    with database.write() as session:
        revoke_feed(session, viewer_of(session.get_one(Person, cast.anna.id), Plans.load(None)))
    absent, revoked = reader.get(f"/feeds/{'x' * 43}.atom"), reader.get(second)
    assert revoked.status_code == 404
    assert revoked.headers["Cache-Control"] == "no-store"
    assert revoked.text.replace(second[7:-5], "") == absent.text.replace("x" * 43, "")


def test_who_left_has_no_feed(database: Database, cast: Cast, reader: FlaskClient) -> None:
    feed = address(database, cast.anna)
    with database.write() as session:
        session.get_one(Person, cast.anna.id).active = False
    assert reader.get(feed).status_code == 404


def test_a_downgrade_is_effective_at_the_next_request(
    database: Database, cast: Cast, reader: FlaskClient, mention: Callable[..., None]
) -> None:
    mention("Of her plan", "xtreme")
    mention("Public")
    feed = address(database, cast.anna)
    assert titles(reader.get(feed).text) == ["Public", "Of her plan"]
    with database.write() as session:
        organisation = session.get_one(Organisation, cast.organisations["xtreme"].id)
        organisation.coverage_end = clock.today() - timedelta(days=1)
    assert titles(reader.get(feed).text) == ["Public"]


def test_staff_without_the_second_factor_that_is_asked_of_them_read_what_is_public(
    settings: Settings, database: Database, cast: Cast, mention: Callable[..., None]
) -> None:
    from sportello.portal.app import create_app

    mention("For staff", "staff", name="sara")
    mention("Public", name="sara")
    feed = address(database, cast.sara)
    strict = create_app(replace(settings, require_staff_totp=True), database).test_client()
    assert titles(strict.get(feed).text) == ["Public"]
    with database.write() as session:
        session.get_one(Person, cast.sara.id).totp_confirmed_at = clock.now()
    assert titles(strict.get(feed).text) == ["Public", "For staff"]


def test_only_the_hash_is_kept_and_other_preferences_stay(database: Database, cast: Cast) -> None:
    with database.write() as session:
        session.add(Preference(person_id=cast.anna.id, digest=DigestRhythm.DAILY))
    token = address(database, cast.anna)[7:-5]
    with database.read() as session:
        kept = session.scalars(select(Preference)).one()
        assert kept.digest == DigestRhythm.DAILY
        assert kept.feed_made_at is not None
        assert token not in str(vars(kept))


def test_nobody_has_no_feed(database: Database) -> None:
    with pytest.raises(Forbidden), database.write() as session:
        make_feed(session, audience.anonymous())
    with pytest.raises(Forbidden), database.write() as session:
        revoke_feed(session, audience.anonymous())


@pytest.mark.parametrize(
    "path", ["/feeds/.atom", "/feeds/a/b.atom", "/feeds/%00.atom", "/feeds/" + "a" * 3000 + ".atom"]
)
def test_addresses_that_are_none(reader: FlaskClient, path: str) -> None:
    assert reader.get(path).status_code == 404
