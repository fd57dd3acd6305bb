"""Every page, signed out and as customer and administrator, in both languages, in a real browser."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Page

from tests.browser.checks import AGAIN, CROSSED, MAX_KB, VIEWS, View, audit, compressed_size
from tests.browser.crawl import crawl
from tests.browser.live import LiveSite

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WHO = (("anonymous", "en"), ("anonymous", "it"), ("piero", "it"), ("ada", "en"))
STATUSES = {400, 404, 429}


@contextmanager
def speaking(page: Page, language: str) -> Iterator[None]:
    """The person's own language is `language` meanwhile."""
    page.goto("/")
    if page.locator("html").get_attribute("lang") == language:
        yield
        return
    page.locator(f'.footer button[name=language][value="{language}"]').click()
    page.wait_for_selector(f'html[lang="{language}"]')
    try:
        yield
    finally:
        page.goto("/")
        page.locator('.footer button[name=language][value="en"]').click()
        page.wait_for_selector('html[lang="en"]')


@pytest.mark.parametrize(("name", "language"), WHO)
def test_every_page_is_accessible_and_fits(
    app: Flask, live_site: LiveSite, open_as: Callable[..., Page], name: str, language: str
) -> None:
    """Zero axe violations at 1280 px light and 390 px dark; nothing wider than 320 px; a clean console (open_as).

    In Italian, of which the markup is the same, at one width.
    """
    assert_all_fit(app, live_site, open_as, name, language, CROSSED if language == "en" else AGAIN)


@pytest.mark.soak
@pytest.mark.parametrize(("name", "language"), WHO)
def test_every_page_is_accessible_in_every_view(
    app: Flask, live_site: LiveSite, open_as: Callable[..., Page], name: str, language: str
) -> None:
    """The same at 1280 and 390 px, each light and dark, in both languages."""
    assert_all_fit(app, live_site, open_as, name, language, VIEWS)


def assert_all_fit(
    app: Flask, live_site: LiveSite, open_as: Callable[..., Page], name: str, language: str, views: tuple[View, ...]
) -> None:
    page = open_as(name, language=language if name == "anonymous" else "en")
    page.watch.expected_status = STATUSES  # type: ignore[attr-defined]
    problems: list[str] = []
    with speaking(page, language):
        for address in crawl(app, page.context.request, live_site.url).pages:
            page.set_viewport_size({"width": 1280, "height": 900})
            page.goto(address)
            problems += audit(page, address, views)
    assert not problems, "\n".join(problems)


def test_too_many_attempts_are_told_on_an_accessible_page(open_as: Callable[..., Page]) -> None:
    page = open_as()
    page.watch.expected_status = {400, 401, 422, 429}  # type: ignore[attr-defined]
    told = page.get_by_text("Too many failed attempts")
    for _ in range(22):  # 11, or twice that when a window of five minutes ends meanwhile
        page.goto("/sign-in")
        page.fill("#email", "nobody@elsewhere.example")
        page.fill("#password", "not the password")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        if told.is_visible():
            break
    assert told.is_visible()
    assert not audit(page, "too many attempts")


def test_pages_weigh_little(live_site: LiveSite, open_as: Callable[..., Page]) -> None:
    """HTML, style sheets and scripts of a page under 150 kB compressed."""
    for address in ("/", "/search?q=invoice", "/kb", "/plans", "/settings", "/settings/notifications"):
        page = open_as("piero")
        bodies: list[bytes] = []
        page.on("response", lambda answer, kept=bodies: kept.append(answer.body()) if answer.ok else None)
        page.goto(address, wait_until="networkidle")
        assert len(bodies) >= 4, f"{address}: only {len(bodies)} files were seen"
        weight = compressed_size(bodies)
        assert weight < MAX_KB, f"{address} weighs {weight:.0f} kB"


def test_pages_found_are_most_of_the_routes(app: Flask, live_site: LiveSite, open_as: Callable[..., Page]) -> None:
    """The crawl must not become empty unnoticed: an administrator reaches every feature by links."""
    page = open_as("ada")
    found = crawl(app, page.context.request, live_site.url)
    for endpoint in ("portal.home", "kb.browse", "kb.show", "search.results", "accounts.plans", "accounts.settings",
                     "staff.index"):  # fmt: skip
        assert endpoint in found.endpoints, f"no page of {endpoint} was found among {sorted(found.pages)}"
    assert len(found.pages) >= 25
