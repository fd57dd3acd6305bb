"""Language, appearance, paper, and a browser without scripts."""

from collections.abc import Callable
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.steps import refs, search_for, total

pytestmark = pytest.mark.browser
Open = Callable[..., Page]


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_switching_the_language_keeps_the_page(open_as: Open) -> None:
    page = open_as()
    search_for(page, "ledger&sort=newest")
    found = refs(page)
    page.locator(".footer").get_by_role("button", name="Italiano").click()
    expect(page.locator("html")).to_have_attribute("lang", "it")
    assert "q=ledger" in page.url
    assert "sort=newest" in page.url
    assert len(refs(page)) == len(found)
    page.locator(".footer").get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert refs(page) == found


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_switching_the_appearance_keeps_the_page(open_as: Open, script: bool) -> None:
    page = open_as(script=script)
    page.goto("/plans")
    light = background(page) if script else None
    page.locator(".footer").get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.wait_for_load_state("networkidle")
    assert page.url.endswith("/plans")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(page.locator(".footer").get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    if script:
        assert background(page) != light


def test_without_scripts_everything_works(open_as: Open) -> None:
    """Search, refine, open and vote: forms and links alone."""
    page = open_as("elena", script=False)
    page.goto("/")
    page.locator("form.searchbox input[type=search]").fill("invoice")
    page.locator("form.searchbox button").click()
    page.wait_for_url("**/search?*")
    everything = total(page)
    page.locator('.facets input[name=product][value="ledger"]').check()
    page.get_by_role("button", name="Apply filters").click()
    page.wait_for_url("**product=ledger**")
    assert 0 < total(page) <= everything
    page.locator(".entry__title a").first.click()
    page.wait_for_url("**/kb/*")
    page.get_by_role("button", name="Yes", exact=True).click()
    expect(page.get_by_role("button", name="Yes", exact=True)).to_have_attribute("aria-pressed", "true")
    page.locator(".topbar details.menu summary").click()
    expect(page.get_by_role("link", name="Settings")).to_be_visible()


def test_an_article_prints_clean(open_as: Open) -> None:
    """On paper: the title and the text; no navigation, search, vote or footer."""
    page = open_as("piero")
    search_for(page, "rounding")
    page.locator(".entry__title a").first.click()
    page.wait_for_url("**/kb/*")
    page.emulate_media(media="print")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("article").first).to_be_visible()
    for selector in (".topbar", ".footer", ".toc", "form", "button", ".crumbs", ".skip"):
        for element in page.locator(selector).all():
            assert not element.is_visible(), f"{selector} is on paper: {element.evaluate('e => e.outerHTML')[:120]}"
    assert len(page.pdf()) > 10_000


def test_a_heading_can_be_linked_to(open_as: Open) -> None:
    page = open_as("piero")
    search_for(page, "rounding")
    page.locator(".entry__title a").first.click()
    page.wait_for_url("**/kb/*")
    link = page.locator(".toc a").last
    link.click()
    anchor = unquote(page.url.split("#")[1])
    expect(page.locator(f"[id='{anchor}']")).to_be_in_viewport()
