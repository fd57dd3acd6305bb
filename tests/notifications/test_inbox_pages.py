"""The bell and the list as people meet them: figures, buttons, empty states, both languages."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kb.queries import kept
from sportello.accounts.models import Person
from sportello.core.db import Database
from sportello.core.errors import Unavailable
from sportello.core.handling import Site
from sportello.core.types import Ref
from sportello.notifications.queries.inbox import PAGE
from sportello.notifications.views import bell
from tests.kb.articles import write
from tests.notifications.telling import tell
from tests.notifications.things import MENTION, Posts
from tests.people import Cast
from tests.web.test_statements import counted

SignIn = Callable[[str], FlaskClient]
LIST = "/notifications"
COUNT = re.compile(r'<span class="tool__count" data-unread>([^<]+)</span>')
ACTION = re.compile(r'action="(/notifications/[a-z0-9]+/read)"')
UP_TO = re.compile(r'name="up_to" value="([^"]+)"')
OLDER = re.compile(r'href="([^"]+)" rel="next"')


@pytest.fixture
def mention(app: Flask, posts: Posts, cast: Cast) -> Callable[..., None]:
    """Tell Anna of posts with these titles, one after the other."""
    site: Site = app.extensions["sportello.site"]

    def told(*titles: str, audience: str = "public", **more: object) -> None:
        for title in titles:
            tell(site, MENTION, posts.write(title, audience), people=[cast.anna.id], **more)

    return told


def count(client: FlaskClient, address: str = "/plans") -> str | None:
    found = COUNT.search(client.get(address).text)
    return found.group(1) if found else None


def test_the_bell_counts_for_who_is_signed_in(sign_in: SignIn, mention: Callable[..., None]) -> None:
    anna = sign_in("anna")
    page = anna.get("/plans").text
    assert 'href="/notifications"' in page
    assert count(anna) is None
    mention("One", "Two")
    assert count(anna) == "2"
    assert count(sign_in("piero")) is None
    visitor = sign_in("anonymous").get("/plans").text
    assert "/notifications" not in visitor


def test_the_bell_also_counts_where_there_is_nothing(sign_in: SignIn, mention: Callable[..., None]) -> None:
    mention("One")
    answer = sign_in("anna").get("/kb/never-was-abcde")
    assert answer.status_code == 404
    assert COUNT.search(answer.text)


def test_a_bell_that_cannot_count_hides_no_page(
    sign_in: SignIn, mention: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*anything: object) -> int:
        raise Unavailable

    mention("One")
    anna = sign_in("anna")
    monkeypatch.setattr(bell, "unread_count", away)
    assert count(anna) is None


def test_more_than_a_hundred_are_many(
    sign_in: SignIn, cast: Cast, app: Flask, posts: Posts, database: Database
) -> None:
    site: Site = app.extensions["sportello.site"]
    ref = posts.write("Again and again")
    for _ in range(100):
        tell(site, MENTION, ref, people=[cast.anna.id])
    anna = sign_in("anna")
    assert count(anna) == "99+"
    page = anna.get(LIST).text
    anna.post(ACTION.search(page).group(1))  # type: ignore[union-attr]
    assert count(anna) == "99"


def test_who_is_not_signed_in_is_sent_to_the_door_and_back(sign_in: SignIn) -> None:
    answer = sign_in("anonymous").get(LIST)
    assert answer.headers["Location"] == "/sign-in?next=/notifications"


def test_somebody_who_was_told_of_nothing_reads_what_will_stand_there(sign_in: SignIn) -> None:
    page = sign_in("elena").get(LIST).text
    assert "Nothing yet." in page
    assert "Mark all as read" not in page


def test_a_row_says_what_it_is_and_where_it_leads(sign_in: SignIn, mention: Callable[..., None]) -> None:
    mention("Rounding <b>differs</b>", says={"en": "Please <i>look</i>."})
    page = sign_in("anna").get(LIST).text
    for words in ("Mentions", "Rounding &lt;b&gt;differs", "Please &lt;i&gt;look", 'href="/posts/post1"', "data-new"):
        assert words in page, words


def test_italian_readers_read_italian_words(
    sign_in: SignIn, database: Database, cast: Cast, app: Flask, posts: Posts
) -> None:
    site: Site = app.extensions["sportello.site"]
    tell(site, MENTION, posts.write("Only English"), people=[cast.anna.id])
    with database.write() as session:
        session.get_one(Person, cast.anna.id).language = "it"
    page = sign_in("anna").get(LIST).text
    assert '<html lang="it"' in page
    assert 'lang="en" hreflang="en"' in page


def test_a_button_marks_one_and_comes_back_to_the_same_list(sign_in: SignIn, mention: Callable[..., None]) -> None:
    mention("One", "Two")
    anna = sign_in("anna")
    address = ACTION.search(anna.get(f"{LIST}?unread=1").text).group(1)  # type: ignore[union-attr]
    answer = anna.post(address, data={"unread": "1"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/notifications?unread=1")
    assert count(anna) == "1"
    assert sign_in("piero").post(address).status_code == 404


def test_everything_is_marked_but_what_came_since(sign_in: SignIn, mention: Callable[..., None]) -> None:
    mention("One", "Two")
    anna = sign_in("anna")
    up_to = UP_TO.search(anna.get(LIST).text).group(1)  # type: ignore[union-attr]
    mention("Three")
    assert anna.post(f"{LIST}/read", data={"up_to": up_to}).headers["Location"] == LIST
    assert count(anna) == "1"
    page = anna.get(f"{LIST}?unread=1").text
    assert "Three" in page
    assert "Two" not in page
    anna.post(f"{LIST}/read", data={"up_to": UP_TO.search(page).group(1)})  # type: ignore[union-attr]
    assert "You have read everything." in anna.get(f"{LIST}?unread=1").text


@pytest.mark.parametrize("up_to", ["", "x", "20261123T090000.000000Z~", "9" * 5000])
def test_a_place_that_is_none_is_refused_in_words(sign_in: SignIn, up_to: str) -> None:
    anna = sign_in("anna")
    answers = [anna.post(f"{LIST}/read", data={"up_to": up_to})]
    answers += [anna.get(LIST, query_string={"before": up_to})] if up_to else []
    for answer in answers:
        assert answer.status_code == 400
        assert "Start again from its first page." in answer.text


def test_older_ones_follow_page_by_page(sign_in: SignIn, mention: Callable[..., None]) -> None:
    mention(*(f"Post {number:02}" for number in range(PAGE + 3)))
    anna = sign_in("anna")
    first = anna.get(LIST).text
    older = OLDER.search(first)
    assert older
    assert first.count("data-row") == PAGE
    second = anna.get(older.group(1).replace("&amp;", "&")).text
    assert second.count("data-row") == 3
    assert not OLDER.search(second)
    assert "Mark all as read" in first
    assert "Mark all as read" not in second
    seen = set(re.findall(r"Post \d\d", first)) | set(re.findall(r"Post \d\d", second))
    assert len(seen) == PAGE + 3


def test_a_long_list_asks_the_database_no_more_than_a_short_one(
    sign_in: SignIn, app: Flask, cast: Cast, database: Database, posts: Posts
) -> None:
    site: Site = app.extensions["sportello.site"]
    anna = sign_in("anna")

    def asked(address: str) -> int:
        anna.get(address).close()
        kept.forget()
        with counted(database) as sent:
            assert anna.get(address).status_code == 200
        return len(sent)

    def told_of(number: int) -> None:
        for _ in range(number):
            with database.write() as session:
                article = write(session, "Rounding differs", products=("ledger",), tags=("vat",), it="Arrotondamento")
            tell(site, MENTION, Ref("article", article.article.key), people=[cast.anna.id])

    told_of(2)
    few = [asked(address) for address in ("/plans", LIST, f"{LIST}?unread=1")]
    told_of(8)
    assert [asked(address) for address in ("/plans", LIST, f"{LIST}?unread=1")] == few
    assert few[0] <= 6  # two of the page itself; who it is, what waits, what was opened of it, the banner


def test_what_anna_may_not_read_is_on_no_page_of_hers(
    sign_in: SignIn, mention: Callable[..., None], posts: Posts
) -> None:
    mention("Of every plan", audience="xtreme")
    anna = sign_in("anna")
    assert count(anna) == "1"
    before = anna.get(LIST).text
    mention("zqsecret", audience="xtreme")
    posts.change(Ref("post", "post2"), audience="elite")
    after = anna.get(LIST).text
    assert re.sub(r'value="[^"]{60,}"', "", after) == re.sub(r'value="[^"]{60,}"', "", before)
    assert count(anna) == "1"


@pytest.mark.parametrize(("name", "listed"), [("anna", True), ("elena", True), ("ezio", False), ("sara", False)])
def test_critical_notices_stand_beside_for_those_whose_products_they_concern(
    sign_in: SignIn, name: str, listed: bool
) -> None:
    client = sign_in(name)
    assert (client.get(LIST).text.count('href="/critical"') == 2) is listed, "a tab, and in the menu"
    if listed:
        assert '<a href="/critical" aria-current="page">' in client.get("/critical").text


def test_below_a_folder_of_the_web_server_rows_lead_into_it(sign_in: SignIn, mention: Callable[..., None]) -> None:
    mention("One")
    assert 'href="/portal/posts/post1"' in sign_in("anna").get(LIST, base_url="http://localhost/portal").text
