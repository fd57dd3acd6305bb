"""Following: what somebody chooses, and what they follow without having said so; nobody follows the hidden."""

import pytest

from kb.services import change_audience
from sportello.accounts.models import Person
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_of
from sportello.core.audience import Viewer, anonymous
from sportello.core.db import Database
from sportello.core.errors import Forbidden, Invalid, NotFound
from sportello.core.types import Ref
from sportello.notifications.levels import Level
from sportello.notifications.queries.following import levels_of
from sportello.notifications.queries.subscriptions import Standing, standing, subscriptions
from sportello.notifications.services import follow
from sportello.notifications.services.follow import set_level, set_levels
from tests.kb.articles import SYSTEM, write
from tests.notifications.followed import an_article, kept, key_of
from tests.notifications.things import FORUM, TOPIC, Posts
from tests.people import LADDER, Cast

LEDGER, HARBOR, FOUNDRY = Ref("product", "ledger"), Ref("product", "harbor"), Ref("product", "foundry")


@pytest.fixture
def slug(database: Database, cast: Cast) -> str:
    return an_article(database)


def viewer(database: Database, person: Person) -> Viewer:
    with database.read() as session:
        return viewer_of(session.get_one(Person, person.id), Plans.load(None))


def test_anna_tracks_what_her_organisation_licenses_without_having_said_so(database: Database, cast: Cast) -> None:
    anna = viewer(database, cast.anna)
    with database.read() as session:
        assert standing(session, anna, LEDGER) == Standing(LEDGER, None, Level.TRACKING)
        assert standing(session, anna, HARBOR).level is None
    assert kept(database) == {}


@pytest.mark.parametrize("name", ["sara", "ezio"])
def test_staff_and_those_without_coverage_follow_nothing_by_default(database: Database, cast: Cast, name: str) -> None:
    with database.read() as session:
        assert standing(session, viewer(database, cast.people[name]), LEDGER).level is None


def test_a_choice_replaces_the_default_and_can_be_taken_back(database: Database, cast: Cast, slug: str) -> None:
    anna = viewer(database, cast.anna)
    for level in (Level.WATCHING, Level.MUTED):
        with database.write() as session:
            assert set_level(session, anna, LEDGER, level).name("en") == "Ledger"
        with database.read() as session:
            assert standing(session, anna, LEDGER) == Standing(LEDGER, level, Level.TRACKING)
            assert levels_of(session, [anna], [LEDGER])[cast.anna.id].get(LEDGER) is level, "delivery reckons alike"
    with database.write() as session:
        set_level(session, anna, LEDGER, None)
    assert kept(database) == {}


@pytest.mark.parametrize("ref", [Ref("forum", "hidden"), Ref("nothing", "x"), Ref("article", "absent")])
def test_what_is_not_there_cannot_be_followed(database: Database, cast: Cast, posts: Posts, ref: Ref) -> None:
    with database.write() as session, pytest.raises(NotFound):
        set_level(session, viewer(database, cast.anna), ref, Level.WATCHING)
    assert kept(database) == {}


def test_nobody_follows_what_they_may_not_read(database: Database, cast: Cast) -> None:
    with database.write() as session:
        hidden = write(session, "For Elite", "elite", tags=("secret",)).slug
    article = Ref("article", key_of(database, hidden))
    for ref in (article, Ref("tag", "secret")):
        with database.write() as session, pytest.raises(NotFound):
            set_level(session, viewer(database, cast.anna), ref, Level.WATCHING)
        with database.write() as session:
            set_level(session, viewer(database, cast.elena), ref, Level.WATCHING)


def test_somebody_signed_out_follows_nothing(database: Database, slug: str) -> None:
    with database.write() as session:
        with pytest.raises(Forbidden):
            set_level(session, anonymous(), LEDGER, Level.WATCHING)
        with pytest.raises(Forbidden):
            set_levels(session, anonymous(), {LEDGER: Level.WATCHING})


def test_nobody_follows_more_than_fits_a_list(
    database: Database, cast: Cast, posts: Posts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "MOST", 2)
    anna = viewer(database, cast.anna)
    with database.write() as session:
        assert set_levels(session, anna, {TOPIC: Level.WATCHING, FORUM: Level.MUTED}) == 2
    with database.write() as session:
        set_level(session, anna, TOPIC, Level.NORMAL)  # one that is there already
        with pytest.raises(Invalid):
            set_level(session, anna, Ref("topic", "third"), Level.NORMAL)
        set_level(session, anna, FORUM, None)
        set_level(session, anna, Ref("topic", "third"), Level.NORMAL)
    assert kept(database) == {"topic:rounding": 1, "topic:third": 1}


def test_the_list_names_only_what_may_be_read_now(database: Database, cast: Cast, slug: str) -> None:
    article = Ref("article", key_of(database, slug))
    anna = viewer(database, cast.anna)
    with database.write() as session:
        set_levels(session, anna, {article: Level.WATCHING, Ref("tag", "vat"): Level.MUTED})

    def listed() -> set[str]:
        with database.read() as session:
            return {str(row.topic.ref) for group in subscriptions(session, anna) for row in group.rows}

    assert listed() == {"product:ledger", str(article), "tag:vat"}
    with database.write() as session:
        change_audience(session, SYSTEM, slug, "elite", ladder=LADDER)
    assert listed() == {"product:ledger"}
    with database.write() as session:
        assert set_levels(session, anna, {article: None}) == 0, "what cannot be seen is not touched"
    assert kept(database)[str(article)] == Level.WATCHING, "it is followed again once it may be read again"
