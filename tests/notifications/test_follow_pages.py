"""Following on the pages: the control of each thing, and the list of everything that is followed."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from kb.models import Category
from kb.queries import get_article
from kb.services import unpublish
from sportello.accounts.models import Person
from sportello.core.db import Database
from sportello.core.types import Ref
from sportello.notifications.levels import Level
from sportello.notifications.services import follow
from tests.browsing import CSRF
from tests.kb.articles import SYSTEM, write
from tests.notifications.followed import an_article, kept, key_of
from tests.notifications.things import Posts
from tests.notifications.things import follow as follow_
from tests.people import Cast
from tests.web.test_statements import counted

Browser = Callable[[str], FlaskClient]


@pytest.fixture
def slug(database: Database, cast: Cast) -> str:
    return an_article(database)


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
    default = anna.get("/kb/products/ledger").text
    assert "this is the default" in default
    assert 'value="tracking" aria-pressed="false" aria-current="true"' in default


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


def test_a_long_list_asks_the_database_no_more_often_than_a_short_one(
    database: Database, cast: Cast, posts: Posts, sign_in: Browser
) -> None:
    piero = sign_in("piero")

    def asked() -> int:
        with counted(database) as sent:
            piero.get("/settings/subscriptions").close()
        return len(sent)

    kinds, numbers = ("topic", "forum", "article", "tag"), range(12)
    with database.write() as session:
        tags = tuple(f"tag-{number}" for number in numbers)
        articles = [write(session, f"Article {number}", tags=tags).article.key for number in numbers]
        keys = {"article": articles, "tag": tags}
        for kind in kinds:
            follow_(session, cast.piero.id, Ref(kind, keys.get(kind, "0")[0]), Level.NORMAL)
    asked()
    few = asked()
    with database.write() as session:
        for kind in kinds:
            for number in numbers:
                key = keys[kind][number] if kind in keys else str(number)
                follow_(session, cast.piero.id, Ref(kind, key), Level.WATCHING)
    asked()
    assert asked() == few
    assert "Article 11" in piero.get("/settings/subscriptions").text
