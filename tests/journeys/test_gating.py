"""What Piero's plan gives him, Anna cannot find, open, or be suggested; and nobody sees that it is there."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.steps import refs, search_for, suggestions, total, type_in_search

pytestmark = pytest.mark.browser
Open = Callable[..., Page]
PREMIUM_TITLE = "Reconcile the stock value of Harbor with Ledger"
PREMIUM_WORDS = "reconcile stock value"


@pytest.fixture
def premium_slug(open_as: Open) -> str:
    """The article as Piero of Premium finds it."""
    page = open_as("piero")
    search_for(page, PREMIUM_WORDS)
    hit = page.locator("[data-ref]", has_text=PREMIUM_TITLE).first
    return hit.get_attribute("data-ref") or ""


def test_piero_is_suggested_and_reads_it(open_as: Open, premium_slug: str) -> None:
    page = open_as("piero")
    page.goto("/")
    type_in_search(page, PREMIUM_TITLE[:14].lower())
    expect(page.get_by_role("option").first).to_be_visible()
    assert any(PREMIUM_TITLE in option for option in suggestions(page))
    assert page.goto(f"/kb/{premium_slug}").status == 200  # type: ignore[union-attr]
    expect(page.locator("h1")).to_have_text(PREMIUM_TITLE)


@pytest.mark.parametrize("name", ["anonymous", "anna", "ezio"])
def test_below_premium_it_does_not_exist(open_as: Open, premium_slug: str, name: str) -> None:
    page = open_as(name)
    page.watch.expected_status = {404}  # type: ignore[attr-defined]
    search_for(page, PREMIUM_WORDS)
    assert premium_slug not in refs(page)
    search_for(page, f'"{PREMIUM_TITLE}"')
    assert total(page) == 0
    page.goto("/")
    box = type_in_search(page, PREMIUM_TITLE[:14].lower())
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    assert not any(PREMIUM_TITLE in option for option in suggestions(page))
    expect(box).to_have_value(PREMIUM_TITLE[:14].lower())
    answer = page.goto(f"/kb/{premium_slug}")
    assert answer is not None
    assert answer.status == 404
    gated = page.content()
    absent_slug = premium_slug[:-5] + "zzzzz"
    assert page.goto(f"/kb/{absent_slug}").status == 404  # type: ignore[union-attr]
    assert _same(page.content(), absent_slug) == _same(gated, premium_slug)
    for address in ("/kb", "/kb?order=newest", "/", "/sitemap.xml"):
        assert premium_slug not in page.request.get(address).text()


def _same(html: str, slug: str) -> str:
    """The page without the address asked for and the form tokens."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", html).replace(slug, "SLUG")


def test_a_link_in_a_mail_works_after_sign_in(open_as: Open, premium_slug: str) -> None:
    """Signed out it is a 404 with a way to sign in, which leads to the article."""
    page = open_as("anonymous")
    page.watch.expected_status = {404}  # type: ignore[attr-defined]
    page.goto(f"/kb/{premium_slug}")
    page.get_by_role("link", name="Sign in and try again").click()
    page.fill("#email", "piero@premium.example")
    page.fill("#password", "sportello-demo")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/kb/{premium_slug}")
    expect(page.locator("h1")).to_have_text(PREMIUM_TITLE)
