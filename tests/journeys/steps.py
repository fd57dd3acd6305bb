"""What people do on the site, in the words of the journeys."""

import re
from typing import Any

from playwright.sync_api import Page, expect

WORDS: dict[str, dict[str, str]] = {
    "en": {"search": "Search the knowledge base", "yes": "Yes", "no": "No", "sign out": "Sign out",
           "nothing": "Nothing found"},
    "it": {"search": "Cerca nella base di conoscenza", "yes": "Sì", "no": "No", "sign out": "Esci",
           "nothing": "Nessun risultato"},
}  # fmt: skip


def total(page: Page) -> int:
    """How many results the page says there are."""
    return int(page.locator("[data-total]").get_attribute("data-total") or -1)


def refs(page: Page) -> list[str]:
    """The slugs of the results shown."""
    return [hit.get_attribute("data-ref") or "" for hit in page.locator("[data-kind][data-ref]").all()]


def search_for(page: Page, query: str) -> None:
    """Open the result page of `query`."""
    page.goto(f"/search?q={query.replace(' ', '+')}")


def type_in_search(page: Page, query: str, *, keyboard: bool = True) -> Any:
    """`/` and the words, by keyboard; returns the combobox."""
    if keyboard:
        page.keyboard.press("/")
    box = page.locator("form.searchbox input[type=search]")
    if not keyboard:
        box.click()
    expect(box).to_be_focused()
    page.keyboard.type(query, delay=20)
    return box


def suggestions(page: Page) -> list[str]:
    """What the open list under the search box offers."""
    return [re.sub(r"\s+", " ", option.inner_text()) for option in page.locator(".suggest [role=option]").all()]
