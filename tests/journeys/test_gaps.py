"""A search in vain becomes an article that is found with the same words; another one is pinned, a third linked."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import select

from search_index.models import SearchLog
from sportello.core.db import Database
from tests.browser.checks import audit
from tests.browser.inside import InsideSite, served
from tests.journeys.steps import refs, search_for, total
from tests.kb.articles import write
from tests.people import Cast
from tests.work import work_off

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
WORDS = "forklift sensor blinks"


@pytest.fixture
def site(app: Flask, database: Database, cast: Cast) -> Iterator[InsideSite]:
    with database.write() as session:
        write(session, "Divide a load in the dock", products=("harbor",))
    work_off(app)
    with served(app) as site:
        yield site


def search_in_vain(site: InsideSite, chromium: "Browser", cast: Cast, *queries: str) -> None:
    with site.page_of(chromium, cast.anna, agent=AGENT) as page:
        for query in queries:
            search_for(page, query)
            assert total(page) == 0


def test_a_failed_search_becomes_a_published_article(
    site: InsideSite, chromium: "Browser", cast: Cast, app: Flask
) -> None:
    search_in_vain(site, chromium, cast, WORDS)
    with site.page_of(chromium, cast.sara) as page:
        page.goto("/queues")
        page.get_by_role("link", name="Searched and not found").click()
        row = page.locator(".gaps > .entry").filter(has_text=WORDS)
        expect(row).to_contain_text("1 person")
        expect(row).to_contain_text("Xtreme 1")
        assert audit(page, "/queues/gaps") == []
        page.set_viewport_size({"width": 1280, "height": 900})
        row.get_by_role("link", name="Write article").click()
        expect(page.get_by_label("Title")).to_have_value(WORDS)
        page.get_by_label("Title").fill("The light of the lift truck goes on and off")
        page.get_by_role("radio", name=re.compile("Solution")).check()
        page.get_by_role("button", name="Begin writing").click()
        page.wait_for_url("**/edit*")
        page.get_by_role("textbox", name="Symptoms").fill("The forklift sensor blinks when it is cold.")
        page.get_by_role("textbox", name="Resolution").fill("Warm the sensor.")
        page.locator("select[name=audience]").select_option("public")
        page.get_by_role("button", name="Publish", exact=True).click()
        page.wait_for_url(re.compile(r"/kb/[^/?]+$"))
        page.goto("/queues/gaps")
        expect(page.get_by_text("Nothing waits here.")).to_be_visible()
        page.get_by_role("link", name="Dealt with").click()
        expect(page.get_by_role("link", name="The light of the lift truck goes on and off")).to_be_visible()
    work_off(app)
    with site.page_of(chromium, cast.anna, agent=AGENT) as page:
        search_for(page, WORDS)
        assert total(page) == 1
        assert refs(page)[0].startswith("the-light-of-the-lift-truck")


def test_a_failed_search_is_linked_and_what_was_opened_is_noted(
    site: InsideSite, chromium: "Browser", cast: Cast, app: Flask, database: Database
) -> None:
    search_in_vain(site, chromium, cast, "split pallet")
    with site.page_of(chromium, cast.sara) as page:
        page.goto("/queues/gaps")
        page.get_by_role("link", name="Link…").click()
        box = page.get_by_role("searchbox", name="Words of the article, or its address")
        box.fill("divide load")
        box.press("Enter")
        button = page.get_by_role("button", name="Link “Divide a load in the dock”")
        expect(button).to_be_visible()
        assert audit(page, "/queues/gaps/link") == []
        button.click()
        expect(page.get_by_role("status").filter(has_text="Linked")).to_be_visible()
        expect(page.get_by_role("button", name="Undo")).to_be_visible()
    work_off(app)
    with site.page_of(chromium, cast.anna, agent=AGENT) as page:
        search_for(page, "split pallets")
        page.get_by_role("link", name="Divide a load in the dock").click()
        page.wait_for_url("**/kb/*")
        page.wait_for_load_state("networkidle")
    with database.read_counters() as session:
        row = session.scalars(select(SearchLog).where(SearchLog.query == "split pallets")).one()
    assert row.clicked == 1
    assert (row.opened or "").startswith("article:")


def test_synonyms_and_pins_are_tuned_by_keyboard(site: InsideSite, chromium: "Browser", cast: Cast) -> None:
    search_in_vain(site, chromium, cast, "forklift", "yard gantry")
    with site.page_of(chromium, cast.sara) as page:
        page.goto("/queues/gaps")
        row = page.locator(".gaps > .entry").filter(has_text="forklift")
        row.get_by_role("link", name="Synonym…").focus()
        page.keyboard.press("Enter")
        words = page.get_by_label("Words and phrases")
        words.focus()
        page.keyboard.press("Control+End")
        page.keyboard.type("load")
        page.get_by_role("button", name="Save").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/queues/gaps*")
        page.get_by_role("link", name="Pin…").click()
        page.get_by_label("Article").fill("divide a load")
        page.keyboard.press("Enter")
        expect(page.get_by_role("radio", name="Divide a load in the dock")).to_be_visible()
        assert audit(page, "/staff/pins/edit") == []
        page.get_by_role("radio", name="Divide a load in the dock").check()
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/queues/gaps*")
        tried = ("/staff/synonyms?try=forklift&in=en", "/staff/pins?try=yard+gantry&in=en", "/staff/synonyms/edit")
        for address in tried:
            page.goto(address)
            assert audit(page, address) == []
    with site.page_of(chromium, cast.anna, agent=AGENT) as page:
        search_for(page, "forklifts")
        assert total(page) == 1
        search_for(page, "gantry yard")
        expect(page.get_by_text("Picked by support")).to_be_visible()
        assert audit(page, "/search with a pin") == []
