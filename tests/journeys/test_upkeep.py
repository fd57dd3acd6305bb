"""What readers say is wrong reaches those who write; what is still correct is said so in one click."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.fixtures import PHONE
from tests.journeys.steps import search_for

pytestmark = pytest.mark.browser
Open = Callable[..., Page]


def open_article(page: Page) -> str:
    """The first article that a search finds; returns its address."""
    search_for(page, "invoice rounding")
    page.locator(".entry__title a").first.click()
    page.wait_for_url("**/kb/*")
    return page.url


def test_a_problem_in_a_paragraph_is_reported_seen_and_handled(open_as: Open) -> None:
    page = open_as("piero")
    open_article(page)
    paragraph = page.locator("article .prose p").first
    words = " ".join(paragraph.inner_text().split())
    paragraph.hover()
    flag = page.locator(".flagger")
    expect(flag).to_have_css("opacity", "1")
    flag.click()
    box = page.get_by_role("dialog", name="Report a problem")
    expect(box).to_be_visible()
    assert words.startswith(box.get_by_label("The words in question").input_value()[:40])
    expect(box.get_by_label("What is wrong?")).to_be_focused()
    box.get_by_label("What is wrong?").fill("The amount here is not the one in 15.1.")
    box.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("status")).to_contain_text("The editors have your report")
    assert "not the one in 15.1" not in page.content()

    desk = open_as("sara")
    desk.goto("/queues/feedback?what=report")
    row = desk.locator(".entry", has_text="The amount here is not the one in 15.1.")
    expect(row.locator("blockquote")).to_contain_text(words[:40])
    row.get_by_role("button", name="Handled").click()
    expect(desk.locator(".entry", has_text="The amount here is not the one in 15.1.")).to_have_count(0)
    desk.get_by_role("navigation", name="Part of the queue").get_by_role("link", name="Handled").click()
    row = desk.locator(".entry", has_text="The amount here is not the one in 15.1.")
    expect(row).to_contain_text("handled by")
    row.get_by_role("button", name="Open again").click()
    desk.goto("/queues/feedback")
    expect(desk.locator(".entry", has_text="The amount here is not the one in 15.1.")).to_have_count(1)


def test_a_paragraph_is_chosen_and_reported_with_the_keyboard_alone(open_as: Open) -> None:
    page = open_as("elena")
    open_article(page)
    flag = page.locator(".flagger")
    page.locator("h1").click()
    for _ in range(40):
        page.keyboard.press("Tab")
        if flag.evaluate("button => button === document.activeElement"):
            break
    expect(flag).to_be_focused()
    first = flag.get_attribute("aria-label")
    page.keyboard.press("ArrowDown")
    assert flag.get_attribute("aria-label") != first
    expect(page.locator(".flagged")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(flag).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("Reported without a mouse")
    page.get_by_role("button", name="Send the report").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The editors have your report")


def test_a_problem_is_reported_without_a_script(open_as: Open) -> None:
    page = open_as("elena", script=False, size=PHONE)
    page.watch.expected_status = {400}  # type: ignore[attr-defined]
    open_article(page)
    page.locator("#report > summary").click()
    page.get_by_label("The words in question").fill("words that stand nowhere in it")
    page.get_by_label("What is wrong?").fill("Something")
    page.get_by_role("button", name="Send the report").click()
    expect(page.locator("#report")).to_contain_text("do not stand in the article")
    page.get_by_label("The words in question").fill("")
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("status")).to_contain_text("The editors have your report")


def test_still_correct_in_one_click(open_as: Open) -> None:
    page = open_as("sara")
    page.goto("/queues/verify?show=unowned")
    row = page.locator(".entry").first
    title, address = row.locator("h3 a").inner_text(), row.locator("h3 a").get_attribute("href") or ""
    row.get_by_role("button", name="Still correct").click()
    expect(page.get_by_role("status").first).to_contain_text(f"“{title}” is verified as of now.")
    assert "show=unowned" in page.url
    page.goto(address)
    verified = page.locator(".badges .state", has_text="Verified").locator("time")
    expect(verified).to_have_attribute("title", re.compile(r"\d{4}, \d\d:\d\d"))
