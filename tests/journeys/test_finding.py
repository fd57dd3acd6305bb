"""The main job: a customer finds the answer that they may see, with the keyboard alone, in both languages."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.fixtures import PHONE
from tests.journeys.steps import WORDS, refs, search_for, suggestions, total, type_in_search

pytestmark = pytest.mark.browser
Open = Callable[..., Page]


def test_piero_finds_opens_and_votes_with_the_keyboard(open_as: Open) -> None:
    page = open_as("piero")
    page.goto("/")
    box = type_in_search(page, "invoice")
    expect(page.get_by_role("listbox")).to_be_visible()
    page.keyboard.press("ArrowDown")
    chosen = page.locator('[role=option][aria-selected="true"]')
    expect(chosen).to_have_count(1)
    assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?*")
    assert total(page) > 3
    title = page.locator(".entry__title a").first
    name = title.inner_text()
    title.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/kb/*")
    expect(page.locator("h1")).to_have_text(name)
    yes = page.get_by_role("button", name=WORDS["en"]["yes"], exact=True)
    yes.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=WORDS["en"]["yes"], exact=True)).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.get_by_role("button", name=WORDS["en"]["yes"], exact=True)).to_have_attribute("aria-pressed", "true")
    no = page.get_by_role("button", name=WORDS["en"]["no"], exact=True)
    no.click()
    expect(page.get_by_role("button", name=WORDS["en"]["no"], exact=True)).to_have_attribute("aria-pressed", "true")


def test_a_suggestion_opens_by_enter(open_as: Open) -> None:
    page = open_as("piero")
    page.goto("/")
    type_in_search(page, "round")
    article = page.locator("[role=option][data-url]").first
    expect(article).to_be_visible()
    address = article.get_attribute("data-url") or ""
    while page.locator('[role=option][aria-selected="true"][data-url]').count() == 0:
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**" + address)


@pytest.mark.parametrize("size", [(1280, 900), PHONE], ids=["desktop", "phone"])
def test_a_facet_narrows_and_back_widens(open_as: Open, size: tuple[int, int]) -> None:
    page = open_as("piero", size=size)
    search_for(page, "invoice")
    everything = total(page)
    opener = page.locator(".facets-open")
    if opener.is_visible():
        opener.click()
    choice = page.locator('input[name=product][value="ledger"]')
    value = page.locator(".facets").locator(choice)
    count = int(page.locator(".facets label", has=choice).locator(".count").inner_text())
    value.check()
    page.wait_for_url("**product=ledger**")
    expect(page.locator("[data-total]")).to_have_attribute("data-total", str(count))
    assert 0 < count <= everything
    page.go_back()
    expect(page.locator("[data-total]")).to_have_attribute("data-total", str(everything))
    assert "product=" not in page.url


def test_back_from_an_article_returns_to_the_same_results(open_as: Open) -> None:
    page = open_as("piero")
    search_for(page, "invoice&product=ledger&sort=newest")
    before = refs(page)
    page.locator(".entry__title a").nth(1).click()
    page.wait_for_url("**/kb/*")
    page.go_back()
    page.wait_for_url("**sort=newest**")
    assert refs(page) == before


def test_chiara_does_it_all_in_italian(open_as: Open) -> None:
    """At 390 px, in Italian: the menu, the search, the facet, the article, the vote."""
    page = open_as("chiara", size=PHONE)
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "it")
    expect(page.locator("h1")).to_have_text("Come possiamo aiutarti?")
    type_in_search(page, "fattura", keyboard=False)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?*")
    assert total(page) > 0
    hit = page.locator(".entry", has=page.locator(".entry__title a:not([hreflang])")).first
    hit.locator(".entry__title a").click()
    page.wait_for_url("**/kb/*")
    expect(page.locator("article").first).to_be_visible()
    page.get_by_role("button", name=WORDS["it"]["yes"], exact=True).click()
    expect(page.get_by_role("button", name=WORDS["it"]["yes"], exact=True)).to_have_attribute("aria-pressed", "true")


def test_hits_are_shown_in_the_readers_language(open_as: Open) -> None:
    """Every Italian text of the demo has an English one: Piero, who reads English, is shown that."""
    page = open_as("piero")
    search_for(page, "invoice rounding")
    assert total(page) > 5
    expect(page.locator('.entry__title a[hreflang="it"]')).to_have_count(0)


@pytest.mark.parametrize("query", ["zzyzzx", "xqj wvk"])
def test_nothing_found_says_so_and_helps(open_as: Open, query: str) -> None:
    page = open_as("anna")
    search_for(page, query)
    assert total(page) == 0
    expect(page.locator("h1")).to_contain_text(WORDS["en"]["nothing"])
    expect(page.locator("#search").get_by_role("link", name="Write to support")).to_be_visible()


def test_a_misspelt_word_is_helped(open_as: Open) -> None:
    page = open_as("piero")
    search_for(page, "invoyce")
    expect(page.locator(".dym")).to_contain_text("invoice")
    assert suggestions(page) == []
