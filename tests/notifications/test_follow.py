"""Following: what somebody chooses, on the page of a thing and in the list of everything; defaults are not choices."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from kb.models import Category
from kb.queries import get_article
from kb.services import change_audience, unpublish
from sportello.accounts.models import Person
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_of
from sportello.core.audience import Viewer, anonymous
from sportello.core.db import Database
from sportello.core.errors import Forbidden, Invalid, NotFound
from sportello.core.types import Ref
from sportello.notifications.levels import Level
from sportello.notifications.models import Subscription
from sportello.notifications.queries.following import level_of
from sportello.notifications.queries.subscriptions import Standing, standing, subscriptions
from sportello.notifications.services import follow
from sportello.notifications.services.follow import set_level, set_levels
from tests.browsing import CSRF
from tests.kb.articles import SYSTEM, write
from tests.notifications.things import FORUM, TOPIC, Posts
from tests.people import LADDER, Cast

LEDGER, HARBOR, FOUNDRY = Ref("product", "ledger"), Ref("product", "harbor"), Ref("product", "foundry")
Browser = Callable[[str], FlaskClient]


@pytest.fixture
def slug(database: Database, cast: Cast) -> str:
    """An article about Ledger that everybody may read, in a category and with a tag."""
    with database.write() as session:
        written: str = write(
            session, "Rounding differs", products=("ledger",), tags=("vat",), it="L'arrotondamento"
        ).slug
    return written


def viewer(database: Database, person: Person) -> Viewer:
    with database.read() as session:
        return viewer_of(session.get_one(Person, person.id), Plans.load(None))


def key_of(database: Database, slug: str) -> str:
    with database.read() as session:
        key: str = get_article(session, SYSTEM, slug).article.key
    return key


def kept(database: Database) -> dict[str, int]:
    with database.read() as session:
        rows = session.execute(select(Subscription.kind, Subscription.topic, Subscription.level))
        return {f"{row.kind}:{row.topic}": row.level for row in rows}


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
            assert level_of(session, anna, LEDGER) is level, "delivery reckons alike"
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


def test_the_control_on_a_page_says_and_changes_the_level(database: Database, slug: str, sign_in: Browser) -> None:
    anna, key = sign_in("anna"), key_of(database, slug)
    page = anna.get(f"/kb/{slug}").text
    assert f'action="/follow/article/{key}"' in page
    for address, kind, name in (
        (f"/kb/{slug}", f"article/{key}", "Rounding differs"),
        ("/kb/products/ledger", "product/ledger", "Ledger"),
        ("/kb/tags/vat", "tag/vat", "vat"),
    ):
        assert f'action="/follow/{kind}"' in anna.get(address).text
        answer = anna.post(f"/follow/{kind}", data={"level": "watching", "back": address})
        assert (answer.status_code, answer.headers["Location"]) == (303, address)
        after = anna.get(address).text
        assert f"“{name}”: Watching." in after.replace("&#39;", "'")
        assert 'value="watching" aria-pressed="true"' in after
    assert set(kept(database).values()) == {Level.WATCHING}
    anna.post("/follow/product/ledger", data={"level": "none"})
    assert "product:ledger" not in kept(database)
    assert "this is the default" in anna.get("/kb/products/ledger").text


def test_a_category_can_be_followed(database: Database, cast: Cast, sign_in: Browser) -> None:
    with database.write() as session:
        session.add(Category(code="closing", names={"en": "Closing", "it": "Chiusura"}))
        session.flush()
        write(session, "Filed", category="closing")
    page = sign_in("piero").get("/kb/categories/closing")
    assert 'action="/follow/category/closing"' in page.text
    assert sign_in("piero").post("/follow/category/closing", data={"level": "normal"}).status_code == 303
    assert kept(database) == {"category:closing": Level.NORMAL}


def test_signed_out_there_is_no_control_and_nothing_to_send(slug: str, sign_in: Browser) -> None:
    client = sign_in("anonymous")
    assert "/follow/" not in client.get(f"/kb/{slug}").text
    answer = client.post("/follow/product/ledger", data={"level": "watching"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in")


def test_a_draft_has_no_control_even_for_those_who_write(database: Database, cast: Cast, sign_in: Browser) -> None:
    with database.write() as session:
        draft = write(session, "Not yet").slug
        unpublish(session, SYSTEM, draft)
    page = sign_in("sara").get(f"/kb/{draft}")
    assert page.status_code == 200
    assert "/follow/" not in page.text


@pytest.mark.parametrize("level", ["", "loudly", "4", "MUTED "])
def test_a_level_that_is_none_is_refused(database: Database, slug: str, sign_in: Browser, level: str) -> None:
    assert sign_in("anna").post("/follow/product/ledger", data={"level": level}).status_code == 400
    assert kept(database) == {}


def test_following_what_is_hidden_answers_as_for_what_is_not_there(
    database: Database, cast: Cast, sign_in: Browser
) -> None:
    with database.write() as session:
        key = get_article(session, SYSTEM, write(session, "For Elite", "elite").slug).article.key
    anna = sign_in("anna")
    hidden = anna.post(f"/follow/article/{key}", data={"level": "watching"})
    absent = anna.post("/follow/article/aaaaaaaaaa", data={"level": "watching"})
    assert hidden.status_code == absent.status_code == 404
    bodies = [CSRF.sub(rb"\1-\2", answer.data) for answer in (hidden, absent)]
    assert bodies[0].replace(key.encode(), b"aaaaaaaaaa") == bodies[1]


def test_no_other_site_is_named_as_the_way_back(slug: str, sign_in: Browser) -> None:
    answer = sign_in("anna").post("/follow/product/ledger", data={"level": "muted", "back": "//evil.example/"})
    assert answer.headers["Location"] == "/settings/subscriptions"


def test_the_list_shows_defaults_as_such_and_changes_all_of_them(
    database: Database, slug: str, sign_in: Browser
) -> None:
    piero, key = sign_in("piero"), key_of(database, slug)
    page = piero.get("/settings/subscriptions").text
    assert page.count("By default: Tracking") == 2, "Ledger and Harbor"
    lines = {"level-product:ledger": "watching", "level-product:harbor": "none"}
    answer = piero.post("/settings/subscriptions", data={**lines, "add": f"article:{key}", "add-level": "normal"})
    assert answer.status_code == 303
    assert kept(database) == {"product:ledger": Level.WATCHING, f"article:{key}": Level.NORMAL}
    page = piero.get("/settings/subscriptions").text
    assert "Rounding differs" in page
    assert "As what it belongs to" in page
    piero.post("/settings/subscriptions", data={**dict.fromkeys(lines, "none"), f"level-article:{key}": "none"})
    assert kept(database) == {}


def test_products_that_may_be_read_and_are_not_followed_can_be_added(
    database: Database, slug: str, sign_in: Browser
) -> None:
    with database.write() as session:
        write(session, "Of Foundry", "elite", products=("foundry",))
    assert '<option value="product:ledger"' in sign_in("elena").get("/settings/subscriptions").text
    assert '<option value="product:foundry"' in sign_in("elena").get("/settings/subscriptions").text
    assert "foundry" not in sign_in("anna").get("/settings/subscriptions").text.lower()


def test_a_list_that_is_refused_keeps_what_was_chosen(
    database: Database, cast: Cast, slug: str, sign_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "MOST", 1)
    piero = sign_in("piero")
    lines = {"level-product:ledger": "watching", "level-product:harbor": "muted"}
    answer = piero.post("/settings/subscriptions", data=lines)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert '<option value="watching" selected>' in answer.text
    assert '<option value="muted" selected>' in answer.text
    assert kept(database) == {}
    for bad in ({"level-product:ledger": "x"}, {"level-nonsense": "muted"}, {"add": "x", "add-level": "muted"}):
        assert piero.post("/settings/subscriptions", data=bad).status_code == 400


def test_who_follows_nothing_is_told_so(cast: Cast, sign_in: Browser) -> None:
    assert "You follow nothing yet." in sign_in("sara").get("/settings/subscriptions").text


def test_the_pages_speak_italian(database: Database, cast: Cast, slug: str, sign_in: Browser) -> None:
    with database.write() as session:
        session.get_one(Person, cast.anna.id).language = "it"
    anna, key = sign_in("anna"), key_of(database, slug)
    anna.post(f"/follow/article/{key}", data={"level": "tracking"})
    assert "L&#39;arrotondamento" in anna.get("/settings/subscriptions").text
