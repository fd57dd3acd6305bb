"""The pages of the knowledge base, as each of the cast sees them."""

from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from kb.models import ArticleVote
from kb.services import change_slug, ensure_category, revise, unpublish
from sportello.core.db import Database
from tests.browsing import ask
from tests.kb.articles import SYSTEM, write
from tests.people import Cast

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def shelf(database: Database, cast: Cast) -> dict[str, str]:
    """A few articles; slugs by a short name."""
    slugs = {}
    with database.write() as session:
        ensure_category(session, SYSTEM, "vat", {"en": "VAT", "it": "IVA"}, parent="accounting")
        ensure_category(session, SYSTEM, "secret", {"en": "Secret", "it": "Segreto"})
        slugs["open"] = write(
            session, "Totals differ", it="I totali differiscono", products=("ledger",), versions=("15.0", "15.1"),
            category="vat", tags=("rounding",), codes=("LDG-4102",),
        ).slug  # fmt: skip
        slugs["italian"] = write(session, "Solo in italiano", language="it", category="vat", tags=("rounding",)).slug
        slugs["premium"] = write(
            session, "Premium answer", "premium", products=("harbor",), category="secret", tags=("hushed",)
        ).slug
        slugs["linking"] = write(
            session, "See also", markdown=f"Read [the open one](/kb/{slugs['open']}#u-cause) and "
            f"[the closed one](/kb/{slugs['premium']}).\n\n```python\nprint(1)\n```\n\n## A\n\nx\n\n## B\n\ny",
        ).slug  # fmt: skip
    return slugs


def text(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.text[:500]
    return answer.text


def test_the_article_page_shows_its_sections_facts_and_other_language(shelf: dict[str, str], sign_in: SignIn) -> None:
    page = text(sign_in("anonymous"), f"/kb/{shelf['open']}")
    for part in ("<h1>Totals differ</h1>", "Ledger 15.0, 15.1", "Leggi in italiano", 'class="solution"', "VAT"):
        assert part in page
    assert page.count('<section class="solution"') == 3
    assert f'<link rel="canonical" href="http://127.0.0.1:8000/kb/{shelf["open"]}">' in page
    assert 'hreflang="it"' in page
    assert '<meta name="description" content="About Totals differ.">' in page


def test_a_table_under_a_heading_is_the_only_landmark_of_its_name(database: Database, sign_in: SignIn) -> None:
    with database.write() as session:
        slug = write(
            session, "Codes", markdown="## Cause\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n## Resolution\n\nx"
        ).slug
    page = text(sign_in("anonymous"), f"/kb/{slug}")
    assert page.count('aria-labelledby="u-cause"') == 1


def test_an_article_without_my_language_shows_in_the_one_it_has(shelf: dict[str, str], sign_in: SignIn) -> None:
    client = sign_in("anonymous")
    listed = text(client, "/kb/categories/vat")
    assert "Solo in italiano" in listed
    assert listed.count('class="entry__title"') == 2
    assert '<article lang="it"' in text(client, f"/kb/{shelf['italian']}")
    client.set_cookie("language", "it")
    listed = text(client, "/kb/categories/vat")
    assert "I totali differiscono" in listed
    assert "Totals differ" not in listed


def test_links_to_what_i_may_not_read_are_plain_words(shelf: dict[str, str], sign_in: SignIn) -> None:
    address = f"/kb/{shelf['linking']}"
    for path in (address, f"{address}.md"):
        lower, higher = text(sign_in("anna"), path), text(sign_in("piero"), path)
        assert f"/kb/{shelf['open']}" in lower
        assert shelf["premium"] not in lower
        assert "the closed one" in lower
        assert shelf["premium"] in higher


def test_markdown_is_the_text_with_its_title(shelf: dict[str, str], sign_in: SignIn) -> None:
    answer = sign_in("anonymous").get(f"/kb/{shelf['open']}.md")
    assert answer.mimetype == "text/markdown"
    assert answer.text.startswith("# Totals differ\n\n## Symptoms\n")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
@pytest.mark.parametrize("query", ["", "?preview=1"])
def test_gated_and_absent_answer_alike(shelf: dict[str, str], sign_in: SignIn, method: str, query: str) -> None:
    for name in ("anonymous", "anna"):
        client = sign_in(name)
        for ending in ("", ".md", "/vote"):
            path = f"{ending}{query}"
            gated = ask(client, f"/kb/{shelf['premium']}{path}", method)
            absent = ask(client, f"/kb/absent-abcde{path}", method)
            assert (gated.status, gated.headers) == (absent.status, absent.headers)
            assert gated.body.replace(shelf["premium"].encode(), b"absent-abcde") == absent.body


def test_shelves_exist_only_where_i_can_read_something(shelf: dict[str, str], sign_in: SignIn) -> None:
    hidden = ("/kb/products/harbor", "/kb/categories/secret", "/kb/tags/hushed")
    for name, status in (("anonymous", 404), ("anna", 404), ("ezio", 404), ("piero", 200), ("sara", 200)):
        client = sign_in(name)
        assert [client.get(path).status_code for path in hidden] == [status] * 3, name
        browse = text(client, "/kb")
        assert ("Secret" in browse) == (status == 200)
        assert ("/kb/products/harbor" in browse) == (status == 200)
        assert ("4 articles" in browse) == (status == 200)
    for path in ("/kb/products/nothing", "/kb/categories/nothing", "/kb/tags/nothing"):
        assert client.get(path).status_code == 404


def test_a_category_holds_what_is_under_it(shelf: dict[str, str], sign_in: SignIn) -> None:
    page = text(sign_in("anonymous"), "/kb/categories/accounting")
    assert "2 articles" in page
    assert "Totals differ" in page


def test_a_former_address_redirects_those_who_may_read(
    shelf: dict[str, str], sign_in: SignIn, database: Database
) -> None:
    with database.write() as session:
        new = change_slug(session, SYSTEM, shelf["premium"]).slug
    answer = sign_in("piero").get(f"/kb/{shelf['premium']}")
    assert (answer.status_code, answer.location) == (301, f"/kb/{new}")
    assert sign_in("anna").get(f"/kb/{shelf['premium']}").status_code == 404


def test_feed_and_sitemap_hold_public_items_whoever_asks(shelf: dict[str, str], sign_in: SignIn) -> None:
    for path in ("/kb/feed.atom", "/sitemap.xml"):
        bodies = {text(sign_in(name), path) for name in ("anonymous", "piero", "sara")}
        assert len(bodies) == 1
        (body,) = bodies
        assert shelf["open"] in body
        assert shelf["premium"] not in body
    assert "I totali differiscono" in text(sign_in("anonymous"), "/kb/feed.atom?lang=it")
    answer = sign_in("anonymous").get("/sitemap.xml")
    again = sign_in("anonymous").get("/sitemap.xml", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_only_anonymous_pages_may_be_kept(shelf: dict[str, str], sign_in: SignIn) -> None:
    path = f"/kb/{shelf['open']}"
    assert "no-store" in sign_in("piero").get(path).headers["Cache-Control"]
    assert "no-store" not in sign_in("anonymous").get(path).headers["Cache-Control"]


def test_voting_works_by_form_once_a_person_and_can_change(
    shelf: dict[str, str], sign_in: SignIn, database: Database
) -> None:
    client, path = sign_in("anna"), f"/kb/{shelf['open']}"
    answer = client.post(f"{path}/vote", data={"v": "yes"})
    assert (answer.status_code, answer.location) == (303, f"{path}#solve")
    assert "1 of 1 person says yes. You said yes." in " ".join(text(client, path).split())
    client.post(f"{path}/vote", data={"v": "no", "comment": "The menu is elsewhere."})
    page = " ".join(text(client, path).split())
    assert "0 of 1 person says yes. You said no." in page
    assert "The menu is elsewhere." in page
    assert "The menu is elsewhere." not in text(sign_in("piero"), path)
    with database.read() as session:
        assert len(session.scalars(select(ArticleVote)).all()) == 1


def test_a_comment_too_long_is_refused_and_kept(shelf: dict[str, str], sign_in: SignIn) -> None:
    answer = sign_in("anna").post(f"/kb/{shelf['open']}/vote", data={"v": "yes", "comment": "word " * 500})
    assert answer.status_code == 400
    assert "longer than 2000 characters" in answer.text
    assert "word word word" in answer.text
    assert sign_in("anna").post(f"/kb/{shelf['open']}/vote", data={}).status_code == 400


def test_lists_go_on_page_by_page_without_loss_or_repetition(database: Database, cast: Cast, sign_in: SignIn) -> None:
    with database.write() as session:
        for number in range(45):
            write(session, f"Number {number:02}", "public" if number % 2 else "elite", votes=(number % 5, 0))
    client = sign_in("anonymous")
    for start in ("/kb/all", "/kb/all?sort=helpful"):
        seen: list[str] = []
        path: str | None = start
        while path:
            page = text(client, path)
            seen += [part.split("<")[0] for part in page.split('">Number ')[1:]]
            before, found, _ = page.partition('" rel="next"')
            path = unescape(before.rsplit('href="', 1)[1]) if found else None
        assert sorted(seen) == [f"{number:02}" for number in range(45) if number % 2]
    assert client.get("/kb/all?after=nonsense").status_code == 400


def test_unpublished_articles_are_for_editors(shelf: dict[str, str], sign_in: SignIn, database: Database) -> None:
    with database.write() as session:
        unpublish(session, SYSTEM, shelf["open"])
    assert sign_in("anna").get(f"/kb/{shelf['open']}").status_code == 404
    assert "Not published" in text(sign_in("sara"), f"/kb/{shelf['open']}")
    with database.write() as session:
        revise(session, SYSTEM, shelf["linking"], title="See also", markdown="Plain.")
    assert "Plain." in text(sign_in("anonymous"), f"/kb/{shelf['linking']}")
