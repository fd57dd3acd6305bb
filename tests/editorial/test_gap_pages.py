"""The list of what was searched in vain: counted without names, and each group one decision."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from editorial.services.gaps import mark_drafted
from kb.models import ArticleKeyword
from kb.queries import get_article
from kb.services import unpublish
from search_index.models import GapDecision, SearchLog
from sportello.accounts.models import AuditEntry
from sportello.core import clock
from sportello.core.audience import system
from sportello.core.db import Database
from sportello.core.types import Ref
from tests.kb.articles import write
from tests.people import Cast
from tests.work import work_off

SignIn = Callable[[str], FlaskClient]
QUEUE = "/queues/gaps"
KEY = "en:pallet split"


def asked(database: Database, query: str, who: str = "a", *, total: int = 0, audience: str = "xtreme") -> None:
    now = clock.now()
    with database.counters() as session:
        session.add(
            SearchLog(asked_at=now, month=f"{now:%Y-%m}", actor=who * 8, query=query, language="en",
                      audience=audience, total=total, clicked=None)
        )  # fmt: skip


@pytest.fixture
def slug(app: Flask, database: Database, cast: Cast) -> str:
    """An article that says none of the words, and searches for them in vain."""
    with database.write() as session:
        slug = write(session, "Divide a load in the dock", products=("harbor",)).slug
    work_off(app)
    for who, audience in (("a", "xtreme"), ("b", "premium"), ("c", "premium")):
        asked(database, "split pallet", who, audience=audience)
    asked(database, "splitting palets", "d", audience="anonymous")
    asked(database, "harbor closing", "e", total=4)
    asked(database, "person@example.org", "f")
    return slug


def gaps(client: FlaskClient, query: str = "") -> list[str]:
    import re

    return re.findall(r'data-gap="([^"]+)"', client.get(QUEUE + query).text)


def test_the_list_tells_how_many_and_never_who(sign_in: SignIn, slug: str) -> None:
    page = sign_in("sara").get(QUEUE).text
    assert gaps(sign_in("sara")) == [KEY, "en:close harbor"]
    for words in ("4 people", "4 searches", "Premium 2", "Xtreme 1", "Without a plan 1", "splitting palets", "Harbor"):
        assert words in page, words
    for secret in ("aaaaaaaa", "bbbbbbbb", "person@example.org"):
        assert secret not in page


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("?why=failed", [KEY]),
        ("?why=unclicked", ["en:close harbor"]),
        ("?language=it", []),
        ("?audience=premium", [KEY]),
        ("?audience=elite", []),
        ("?audience=' OR 1=1&why=%22&period=x&language=de", [KEY, "en:close harbor"]),
        ("?period=all", [KEY, "en:close harbor"]),
    ],
)
def test_it_can_be_narrowed(sign_in: SignIn, slug: str, query: str, keys: list[str]) -> None:
    client = sign_in("sara")
    assert gaps(client, query) == keys
    if not keys:
        assert "Nothing waits here." in client.get(QUEUE + query).text


def test_dismissed_it_is_gone_until_it_fails_again_and_can_be_undone(
    sign_in: SignIn, slug: str, database: Database
) -> None:
    client = sign_in("sara")
    answer = client.post(QUEUE, data={"gap": KEY, "act": "dismiss", "back": f"{QUEUE}?why=failed"})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{QUEUE}?why=failed&done=")
    page = client.get(answer.headers["Location"]).text
    assert "Dismissed" in page
    assert "Undo" in page
    assert gaps(client, "?why=failed") == []
    assert gaps(client, "?show=decided") == []
    assert "pallet split" in client.get(f"{QUEUE}?show=decided").text
    client.post(QUEUE, data={"gap": KEY, "act": "undo"})
    assert gaps(client, "?why=failed") == [KEY]
    client.post(QUEUE, data={"gap": KEY, "act": "dismiss"})
    with time_machine.travel(clock.now() + timedelta(minutes=5)):
        asked(database, "split pallets", "g")
        assert gaps(client, "?why=failed") == [KEY]
        assert "again since it was dealt with" in client.get(QUEUE).text
    with database.read() as session:
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert list(actions) == ["gap.dismissed", "gap.reopened", "gap.dismissed"]


def test_linked_the_article_is_found_by_the_words(sign_in: SignIn, slug: str, database: Database, app: Flask) -> None:
    client = sign_in("sara")
    address = f"{QUEUE}/link?gap={KEY}&words=split+pallet&q=divide+load"
    assert slug in client.get(address).text
    assert slug in client.get(f"{QUEUE}/link?gap={KEY}&q=https://support.example/kb/{slug}").text
    reader = sign_in("anonymous")
    assert "Nothing found" in reader.get("/search?q=splitting+pallets").text
    answer = client.post(f"{QUEUE}/link", data={"gap": KEY, "words": "split pallet", "article": slug})
    assert answer.status_code == 303
    work_off(app)
    assert slug in reader.get("/search?q=splitting+pallets").text
    assert KEY not in gaps(client)
    page = client.get(answer.headers["Location"]).text
    assert "Divide a load in the dock" in page
    client.post(QUEUE, data={"gap": KEY, "act": "undo"})
    work_off(app)
    assert "Nothing found" in reader.get("/search?q=splitting+pallets").text
    with database.read() as session:
        assert session.scalars(select(ArticleKeyword)).all() == []


@pytest.mark.parametrize("article", ["", "never-was-abcde", "/"])
def test_a_link_to_nothing_is_refused_and_keeps_the_words(sign_in: SignIn, slug: str, article: str) -> None:
    answer = sign_in("sara").post(f"{QUEUE}/link", data={"gap": KEY, "words": "split pallet", "article": article})
    assert answer.status_code == 400
    assert "split pallet" in answer.text
    assert 'role="alert"' in answer.text


def test_what_is_no_gap_is_no_page(sign_in: SignIn, slug: str) -> None:
    client = sign_in("sara")
    for key in ("", "en", "en:", "de:words", "en:" + "x" * 300):
        assert client.post(QUEUE, data={"gap": key}).status_code == 404
        assert client.get(f"{QUEUE}/link?gap={key}").status_code == 302
    assert client.post(QUEUE, data={"gap": "en:never decided", "act": "undo"}).status_code == 404


def test_an_agent_sees_the_list_and_writes_but_does_not_tune(
    app: Flask, database: Database, cast: Cast, slug: str
) -> None:
    from sportello.core.audience import Role
    from tests.browsing import client_for
    from tests.people import make_person

    with database.write() as session:
        gino = make_person(session, "gino", None, Role.AGENT)
    client = client_for(app, gino)
    page = client.get(QUEUE).text
    assert "Write article" in page
    assert "Dismiss" not in page
    assert "Pin…" not in page
    assert client.post(QUEUE, data={"gap": KEY}).status_code == 404
    assert client.get(f"{QUEUE}/link?gap={KEY}").status_code == 404


@pytest.mark.parametrize("name", ["anonymous", "anna", "elena", "ezio"])
def test_customers_have_no_such_page(sign_in: SignIn, slug: str, name: str) -> None:
    assert sign_in(name).get(QUEUE).status_code == 404


def test_a_drafted_gap_waits_for_the_publication(sign_in: SignIn, slug: str, database: Database) -> None:
    """Searches while the answer is being written do not bring it back; those after its publication do."""
    with database.write() as session:
        ref = Ref("article", get_article(session, system(), slug).article.key)
        unpublish(session, system(), slug)
        mark_drafted(session, system(), "en", "pallet split", ref)
    client, start = sign_in("sara"), clock.now()
    with time_machine.travel(start + timedelta(hours=1)):
        asked(database, "split pallet", "g")
        assert KEY not in gaps(client)
    with time_machine.travel(start + timedelta(hours=2)), database.write() as session:
        from kb.services import publish

        publish(session, system(), slug)
    with time_machine.travel(start + timedelta(hours=3)):
        assert KEY not in gaps(client)
        asked(database, "split pallet", "h")
        assert KEY in gaps(client)


def test_writing_from_a_gap_records_it(sign_in: SignIn, slug: str, database: Database) -> None:
    client = sign_in("sara")
    page = client.get(QUEUE).text
    assert "/kb/new?title=split+pallet&amp;language=en&amp;from_gap=en:pallet+split" in page
    form = {"title": "Split a pallet", "kind": "how-to", "language": "en", "from_gap": KEY}
    assert client.post("/kb/new", data=form).status_code == 303
    with database.read() as session:
        row = session.scalars(select(GapDecision)).one()
    assert (row.decision, row.language, row.group) == ("drafted", "en", "pallet split")
    assert (row.ref or "").startswith("article:")
    assert KEY not in gaps(client)
    assert client.post("/kb/new", data={**form, "from_gap": "nonsense"}).status_code == 303


def test_the_tab_counts_and_the_page_is_always_fresh(sign_in: SignIn, slug: str, database: Database) -> None:
    client = sign_in("sara")
    assert 'Searched and not found <span class="count">2</span>' in client.get(QUEUE).text
    asked(database, "another thing", "z")
    assert 'Searched and not found <span class="count">3</span>' in client.get(QUEUE).text
