"""The pages of search, as different people see them."""

import json
import re
import shutil
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from search_index import log, mask, rebuild
from search_index.models import SearchLog
from search_index.rebuild import IndexRebuildRequested
from search_index.sources import register
from sportello.core.db import Database
from sportello.core.outbox import OutboxRow
from sportello.core.types import Ref
from tests.search_index.contract.cast import CAST
from tests.search_index.shelf import Shelf, viewer

SignIn = Callable[[str], FlaskClient]
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"}


@pytest.fixture
def shelf(app: Flask, database: Database, cast: Any, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A running site whose articles are the small cast of documents."""
    monkeypatch.setattr("search_index.sources._registered", {})
    made = Shelf.of(CAST)
    register(made)
    rebuild.rebuild(app.extensions["sportello.site"].engine, database)
    return made


@pytest.fixture
def browse(shelf: Shelf, sign_in: SignIn) -> SignIn:
    return sign_in


def get(client: FlaskClient, address: str, **more: Any) -> str:
    response = client.get(address, headers=BROWSER, **more)
    assert response.status_code == 200, response.text
    text = response.text
    response.close()
    return text


def hits(page: str) -> list[str]:
    return re.findall(r'data-kind="article" data-ref="([^"]+)"', page)


def total(page: str) -> int:
    (found,) = re.findall(r'data-total="(\d+)"', page)
    return int(found)


def test_the_stable_hooks_are_there(browse: SignIn) -> None:
    page = get(browse("anonymous"), "/search?q=rounding")
    assert hits(page) == ["rounding"]
    assert total(page) == 1
    assert 'href="/kb/rounding"' in page
    assert "<mark>Rounding</mark> differs" in page


@pytest.mark.parametrize(
    ("who", "expected"), [("anonymous", 0), ("anna", 0), ("ezio", 0), ("piero", 1), ("elena", 1), ("sara", 1)]
)
def test_everybody_finds_what_they_may_read(browse: SignIn, who: str, expected: int) -> None:
    page = get(browse(who), "/search?q=quasar")
    assert total(page) == expected
    assert ("Year-end closing" in page) == bool(expected)


def test_nothing_typed_explains_how_to_search(browse: SignIn) -> None:
    page = get(browse("anna"), "/search")
    assert "How to search more exactly" in page
    assert "data-total" not in page


def test_nothing_found_says_so_and_helps(browse: SignIn) -> None:
    page = get(browse("anna"), "/search?q=xylophone&product=ledger")
    assert total(page) == 0
    assert "Nothing found for “xylophone”" in page
    assert "Fewer words find more" in page
    page = get(browse("anna"), "/search?q=pallet&product=ledger")
    assert 'Without the filters: <a href="?q=pallet">1 result</a>' in page


def test_what_was_typed_is_shown_escaped(browse: SignIn) -> None:
    page = get(browse("anna"), "/search?q=%3Cscript%3Ealert(1)%3C/script%3E%22%27")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_bad_operator_is_explained(browse: SignIn) -> None:
    page = get(browse("anna"), "/search?q=rounding+updated:yesterday")
    assert "“yesterday” is not a date" in page
    assert hits(page) == ["rounding"]


def test_a_spelling_is_offered_and_used(browse: SignIn) -> None:
    page = get(browse("elena"), "/search?q=obsidan")
    assert "<em>obsidian</em>" in page
    assert hits(page) == ["elite"]
    assert "/search" not in page.split('class="dym"')[1].split("</p>")[0]  # relative links keep the page
    assert total(get(browse("elena"), "/search?q=obsidan&exact=1")) == 0
    assert "obsidian" not in get(browse("anna"), "/search?q=obsidan")


def test_the_address_holds_the_whole_state(browse: SignIn) -> None:
    page = get(browse("sara"), "/search?q=invoice&kind=solution&product=ledger&language=en&updated=year&sort=newest")
    assert hits(page) == ["rounding"]
    assert '<option value="newest" selected>' in page
    for box in ('name="product" value="ledger" checked', 'name="language" value="en" checked'):
        assert box in page
    assert 'name="updated" value="year" checked' in page
    assert '<input type="hidden" name="kind" value="solution">' in page
    without = re.findall(r'class="chip" href="([^"]+)"', page)
    assert "?q=invoice&product=ledger&language=en&updated=year&sort=newest" in map(unescape, without)


def test_a_filter_typed_into_the_text_can_be_taken_out(browse: SignIn) -> None:
    page = get(browse("sara"), "/search?q=invoice+product:ledger+tag:vat")
    chips = [unescape(found) for found in re.findall(r'class="chip" href="([^"]+)"', page)]
    assert chips == ["?q=invoice+tag%3Avat", "?q=invoice+product%3Aledger"]
    assert '<input type="hidden" name="q" value="invoice tag:vat">' in page  # the boxes carry the product
    assert 'name="product" value="ledger" checked' in page


def test_odd_parameters_are_ignored(browse: SignIn) -> None:
    page = get(browse("sara"), "/search?q=rounding&page=x&sort=best&updated=never&language=xx&product=&tag=")
    assert hits(page) == ["rounding"]
    assert hits(get(browse("sara"), "/search?q=rounding&page=99999999999999999999&page=2")) == ["rounding"]


def test_the_italian_page_is_italian(browse: SignIn) -> None:
    client = browse("anonymous")
    client.set_cookie("language", "it")
    page = get(client, "/search?q=chiusura+esercizio")
    assert '<html lang="it"' in page
    assert hits(page)[0] == "italian"


def test_pages_are_not_for_crawlers(browse: SignIn) -> None:
    assert '<meta name="robots" content="noindex">' in get(browse("anonymous"), "/search?q=invoice")


def test_suggestions_are_options_that_one_may_read(browse: SignIn) -> None:
    page = get(browse("piero"), "/search/suggest?q=year-end+c")
    assert page.count('role="option"') == 1
    assert 'data-url="/kb/closing"' in page
    assert "option" not in get(browse("anna"), "/search/suggest?q=year-end+c")
    assert "option" not in get(browse("sara"), "/search/suggest")


def test_a_past_query_is_suggested_to_its_class(browse: SignIn, database: Database) -> None:
    with database.counters() as session:
        for person in (11, 12, 13):
            who = log.Searcher(f"actor{person}", "premium", "2026-11")
            log.record(session, who, "quasar repairs", "en", 1)
    assert 'data-text="quasar repairs"' in get(browse("piero"), "/search/suggest?q=quas")
    assert "quasar" not in get(browse("anna"), "/search/suggest?q=quas")
    assert "quasar" not in get(browse("elena"), "/search/suggest?q=quas")


def _logged(database: Database) -> list[tuple[str, str, int, int | None]]:
    with database.counters() as session:
        rows = session.scalars(select(SearchLog).order_by(SearchLog.id))
        return [(row.query, row.audience, row.total, row.clicked) for row in rows]


def test_searches_and_what_was_opened_are_counted(browse: SignIn, database: Database) -> None:
    client = browse("anna")
    get(client, "/search?q=Rounding")
    get(client, "/search?q=Rounding&page=2")
    answer = client.post("/search/click", data={"q": "Rounding", "position": "1"}, headers=BROWSER)
    assert answer.status_code == 204
    get(browse("sara"), "/search?q=marzipan")
    get(browse("anonymous"), "/search?q=obsidan")
    assert _logged(database) == [
        ("rounding", "xtreme", 1, 1),
        ("marzipan", "staff", 1, None),
        ("obsidan", "anonymous", 0, None),
    ]


def test_a_program_is_counted_as_one(browse: SignIn, database: Database) -> None:
    client = browse("anonymous")
    client.get("/search?q=rounding", headers={"User-Agent": "SomeBot/1.0"}).close()
    client.head("/search?q=pallet", headers=BROWSER).close()
    assert _logged(database) == [("rounding", "bot", 1, None)]


@pytest.mark.parametrize("position", ["", "x", "-1", "1e9", "٣", "999999999999"])
def test_an_odd_click_is_nothing(browse: SignIn, database: Database, position: str) -> None:
    client = browse("anna")
    get(client, "/search?q=rounding")
    answer = client.post("/search/click", data={"q": "rounding", "position": position}, headers=BROWSER)
    assert answer.status_code == 204
    assert _logged(database) == [("rounding", "xtreme", 1, None)]


def test_what_is_masked_is_gone_at_once(browse: SignIn, database: Database) -> None:
    with database.write() as session:
        mask.hide(session, Ref("article", "rounding"))
    page = get(browse("anonymous"), "/search?q=rounding")
    assert total(page) == 0
    assert "differs" not in page
    assert "option" not in get(browse("anonymous"), "/search/suggest?q=round")


def test_a_lost_index_answers_from_the_database_and_is_rebuilt(browse: SignIn, app: Flask, database: Database) -> None:
    shutil.rmtree(app.extensions["sportello.settings"].index_dir)
    client = browse("anonymous")
    for _ in range(2):
        page = get(client, "/search?q=pallet")
        assert "Search is being repaired" in page
        assert hits(page) == ["pallet"]
    with database.read() as session:
        names = session.scalars(select(OutboxRow.name).where(OutboxRow.finished_at.is_(None))).all()
    assert list(names) == [IndexRebuildRequested.name]


def test_browsers_can_search_here(browse: SignIn) -> None:
    response = browse("anonymous").get("/opensearch.xml")
    assert response.status_code == 200
    assert response.mimetype == "application/opensearchdescription+xml"
    assert 'template="http://127.0.0.1:8000/search?q={searchTerms}"' in response.text


def test_too_many_searches_are_told_to_wait(browse: SignIn) -> None:
    client = browse("anna")
    answers = [client.get("/search?q=rounding", headers=BROWSER) for _ in range(12)]
    statuses = {answer.status_code for answer in answers}
    assert statuses == {200, 429}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused.headers["Retry-After"]) >= 1


def test_who_searched_cannot_be_read_from_the_log(browse: SignIn, database: Database) -> None:
    get(browse("anna"), "/search?q=rounding")
    with database.counters() as session:
        (row,) = session.scalars(select(SearchLog)).all()
    assert re.fullmatch(r"[0-9a-f]{32}", row.actor)
    assert row.actor != log.searcher("another key", viewer("Anna"), "").actor


@pytest.mark.data
def test_hostile_queries_are_answered(browse: SignIn, app: Flask, data_folder: Path) -> None:
    client = browse("sara")
    cases = json.loads((data_folder / "security/search/hostile_queries.json").read_text())["cases"]
    for case in cases:
        text = case.get("q") or "".join(part * count for part, count in case["parts"])
        for address in ("/search", "/search/suggest"):
            answer = client.get(address, query_string={"q": text}, headers=BROWSER)
            assert answer.status_code in (200, 400, 429), case["id"]
