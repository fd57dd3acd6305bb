"""Signing in and out, here and everywhere, as a person does it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.fixtures import EMAILS, PHONE, sign_in_by_form
from tests.browser.live import PASSWORD, LiveSite

pytestmark = pytest.mark.browser
Open = Callable[..., Page]


@pytest.mark.parametrize("size", [(1280, 900), PHONE], ids=["desktop", "phone"])
def test_elena_signs_in_by_keyboard_and_out_by_the_menu(open_as: Open, size: tuple[int, int]) -> None:
    page = open_as(size=size)
    page.goto("/plans")
    page.locator(".topbar").get_by_role("link", name="Sign in").click()
    page.locator("#email").focus()
    page.keyboard.type(EMAILS["elena"])
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.id") != "password":
        page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/plans")
    page.locator(".topbar details.menu summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".menu__panel")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".menu__panel")).to_be_hidden()
    page.locator(".topbar details.menu summary").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.locator(".topbar").get_by_role("link", name="Sign in")).to_be_visible()
    page.go_back()
    page.reload()
    expect(page.locator("details.menu")).to_have_count(0)


def test_a_wrong_password_keeps_the_address(open_as: Open) -> None:
    page = open_as()
    page.watch.expected_status = {400, 401, 422}  # type: ignore[attr-defined]
    page.goto("/sign-in")
    page.fill("#email", EMAILS["elena"])
    page.fill("#password", "not the password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#email")).to_have_value(EMAILS["elena"])
    expect(page.locator("#password")).to_have_value("")


def test_signing_out_everywhere_ends_the_other_browser(live_site: LiveSite, chromium: Browser) -> None:
    """Two browsers of Ezio: one signs out everywhere, the other is out at its next page."""
    here, there = (chromium.new_context(base_url=live_site.url, locale="en-GB") for _ in range(2))
    try:
        mine, other = here.new_page(), there.new_page()
        for page in (mine, other):
            sign_in_by_form(page, live_site.url, "ezio")
        mine.goto("/settings/sessions")
        assert mine.locator(".entry").count() >= 2
        mine.get_by_role("button", name="Sign out everywhere").click()
        other.goto("/settings")
        assert "/sign-in" in other.url
        mine.goto("/settings")
        assert "/sign-in" in mine.url
    finally:
        here.close()
        there.close()
