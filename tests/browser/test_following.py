"""Following by keyboard and without scripts, the pages that show it, and leaving by a link without signing in."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page
from sqlalchemy import delete, select

from sportello.accounts.models import Person
from sportello.core.db import Database
from sportello.core.settings import Settings
from sportello.notifications import unsubscribe
from sportello.notifications.models import Preference, Subscription
from tests.browser.checks import audit
from tests.browser.fixtures import EMAILS, NARROW, PHONE, speak
from tests.browser.live import LiveSite

pytestmark = pytest.mark.browser
Open = Callable[..., Page]
LEVEL = ".follow > summary"


@pytest.fixture
def link(live_site: LiveSite) -> Iterator[Callable[[str], str]]:
    """Chiara has chosen nothing yet, and reads English here; of her links, by what they switch off."""
    folder = Path(live_site.folder)
    database = Database(f"sqlite:///{folder / 'sportello.sqlite'}", f"sqlite:///{folder / 'counters.sqlite'}")

    def clear(language: str) -> str:
        with database.write() as session:
            who = session.scalars(select(Person).where(Person.email == EMAILS["chiara"])).one()
            who.language = language
            for table in (Subscription, Preference):
                session.execute(delete(table).where(table.person_id == who.id))
            return who.key

    key, settings = clear("en"), Settings.from_env(live_site.environ)
    yield lambda what: f"/unsubscribe/{unsubscribe.token(settings, key, what)}"
    clear("it")
    database.dispose()


def chosen(page: Page) -> str:
    return page.locator(LEVEL).inner_text().split(":")[0].strip()


def test_a_product_is_followed_by_keyboard_and_the_menu_closes_with_escape(
    open_as: Open, link: Callable[[str], str]
) -> None:
    page = open_as("chiara")
    page.goto("/kb/products/ledger")
    assert chosen(page) == "Tracking", "by default"
    page.focus(LEVEL)
    page.keyboard.press("Enter")
    assert page.locator(".follow .menu__panel").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator(".follow .menu__panel").is_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert chosen(page) == "Watching"
    assert page.url.endswith("/kb/products/ledger")


def test_without_scripts_it_is_followed_and_changed_in_the_list(open_as: Open, link: Callable[[str], str]) -> None:
    page = open_as("chiara", script=False, size=PHONE)
    page.goto("/kb/products/ledger")
    page.click(LEVEL)
    page.click(".follow button[value=muted]")
    assert chosen(page) == "Muted"
    page.goto("/settings/subscriptions")
    page.get_by_label("Ledger", exact=True).select_option("none")
    page.click("main .btn-primary")
    page.goto("/kb/products/ledger")
    assert chosen(page) == "Tracking"


def test_an_open_menu_is_no_wider_than_the_narrowest_screen(open_as: Open, link: Callable[[str], str]) -> None:
    page = open_as("chiara", size=NARROW)
    page.goto("/kb/products/ledger")
    page.locator(".entry a").first.click()
    page.click(LEVEL)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


@pytest.mark.parametrize("language", ["en", "it"])
def test_the_settings_are_accessible_at_every_width(open_as: Open, link: Callable[[str], str], language: str) -> None:
    page = open_as("chiara")
    speak(page, language)
    for address in ("/settings/notifications", "/settings/subscriptions"):
        page.goto(address)
        assert page.locator("html").get_attribute("lang") == language
        assert audit(page, address) == []


def test_who_is_signed_out_leaves_with_one_press_and_comes_back_with_another(
    open_as: Open, link: Callable[[str], str]
) -> None:
    page = open_as(size=PHONE)
    page.goto(link("digest"))
    assert audit(page, "unsubscribe") == []
    page.get_by_role("button", name="Send me no more of these").click()
    assert page.inner_text("h1") == "No more of these mails"
    assert audit(page, "unsubscribed") == []
    page.get_by_role("button", name="Send them again").click()
    assert page.inner_text("h1") == "These mails come again"
