"""Fixtures of the browser tests and the journeys: one demo site and one Chromium a session.

A missing Chromium skips loudly on a developer's machine and fails where `CI` is set.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.live import PASSWORD, LiveSite, demo_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, StorageState

    Open = Callable[..., Page]

EMAILS = {
    "anna": "anna@xtreme.example",
    "piero": "piero@premium.example",
    "chiara": "chiara@premium.example",
    "elena": "elena@elite.example",
    "ezio": "ezio@expired.example",
    "sara": "sara@support.example",
    "ada": "ada@admin.example",
}
CHROMIUM_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
DESKTOP, PHONE, NARROW = (1280, 900), (390, 844), (320, 640)


def chromium_path() -> str:
    """Where Debian's Chromium is; skips, or fails in CI, when there is none."""
    for name in ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    reason = "Chromium is not installed: no page was opened in a browser"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def live_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """The demo site, served by real processes."""
    with demo_site(tmp_path_factory.mktemp("live")) as site:
        yield site


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    """One headless Chromium."""
    path = chromium_path()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_ARGUMENTS))
        yield browser
        browser.close()


def sign_in_by_form(page: "Page", site_url: str, name: str) -> None:
    """Type the e-mail and password of somebody of the demo into the sign-in page."""
    page.goto(f"{site_url}/sign-in")
    page.fill("#email", EMAILS[name])
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("details.menu")


def speak(page: "Page", language: str) -> None:
    """Have the person choose their language at the foot of a page."""
    page.goto("/plans")
    if page.locator("html").get_attribute("lang") != language:
        page.locator(f'.footer button[name=language][value="{language}"]').click()
        page.wait_for_selector(f'html[lang="{language}"]')


@pytest.fixture(scope="session")
def storage_of(live_site: LiveSite, chromium: "Browser") -> "Callable[[str], StorageState | None]":
    """The cookies of somebody who signed in once; None for `anonymous`."""
    kept: dict[str, StorageState] = {}

    def storage(name: str) -> "StorageState | None":
        if name == "anonymous":
            return None
        if name not in kept:
            context = chromium.new_context(locale="en-GB")
            sign_in_by_form(context.new_page(), live_site.url, name)
            kept[name] = context.storage_state()
            context.close()
        return kept[name]

    return storage


@pytest.fixture
def open_as(
    live_site: LiveSite, chromium: "Browser", storage_of: "Callable[[str], StorageState | None]"
) -> "Iterator[Open]":
    """`open_as("piero", size=PHONE, language="it")`: a page of a fresh browser profile, watched for misdeeds.

    The test fails at its end if a page complained, opened a dialog or asked another origin. `page.watch` is the Watch.
    """
    from tests.browser.watch import Watch

    watches: list[Watch] = []
    with ExitStack() as opened:

        def open_page(
            name: str = "anonymous", *, size: tuple[int, int] = DESKTOP, theme: Any = "light", language: str = "en",
            script: bool = True,
        ) -> "Page":  # fmt: skip
            context = chromium.new_context(
                base_url=live_site.url,
                viewport={"width": size[0], "height": size[1]},
                color_scheme=theme,
                locale={"en": "en-GB", "it": "it-IT"}[language],
                java_script_enabled=script,
                storage_state=storage_of(name),
                reduced_motion="reduce",
            )
            opened.callback(context.close)
            context.set_default_timeout(15_000)
            watches.append(Watch(context, live_site.url))
            page = context.new_page()
            page.watch = watches[-1]  # type: ignore[attr-defined]
            return page

        yield open_page
        problems = [problem for watch in watches for problem in watch.problems]
        assert not problems, "\n".join(problems)
