"""Reviewing in a real browser: comments and changes asked, then approval; publication at a time; an old text again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import expect

from editorial import services
from sportello.accounts.models import Person
from sportello.core.db import Database
from tests.browser.checks import audit
from tests.browser.inside import InsideSite, served
from tests.editorial.pages import NEW, OLD, Desk, make_desk
from tests.people import Cast
from tests.work import work_off

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LINE = 1 + NEW.split("\n").index("2. Send the documents again.")


@pytest.fixture
def desk(app: Flask, database: Database, cast: Cast) -> Desk:
    return make_desk(app, database, cast.sara, waiting=False)


@pytest.fixture
def site(app: Flask, desk: Desk) -> Iterator[InsideSite]:
    work_off(app)
    with served(app) as site:
        yield site


def write_more(page: "Page", desk: Desk, words: str) -> None:
    """In the editor: add words to the last section, and send it to review."""
    page.goto(f"/kb/{desk.slug}/edit")
    field = page.locator("textarea[name=part], textarea[name=markdown]").last
    field.focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(words)
    page.get_by_role("button", name="Send to review").click()
    page.wait_for_url("**/review")


def as_reader_sees(site: InsideSite, chromium: "Browser", desk: Desk, person: Person | None = None) -> str:
    with site.page_of(chromium, person) as page:
        page.goto(f"/kb/{desk.slug}")
        return page.locator("article").first.inner_text()


def test_comments_and_changes_asked_then_approved(site: InsideSite, chromium: "Browser", desk: Desk) -> None:
    """Everything by keyboard on the reviewer's side; readers keep the old text until the approval."""
    with site.page_of(chromium, desk.gino) as author, site.page_of(chromium, desk.sara) as reviewer:
        write_more(author, desk, " Under their own numbers.")
        expect(author.get_by_text("nobody approves their own work")).to_be_visible()

        reviewer.goto("/queues")
        expect(reviewer.get_by_role("link", name="To review 1")).to_have_attribute("aria-current", "page")
        reviewer.get_by_role("link", name="Totals differ").press("Enter")
        reviewer.wait_for_url("**/review")
        reviewer.locator("[data-line][tabindex='0']").focus()
        for _step in range(2 * LINE):
            if reviewer.evaluate("document.activeElement.dataset.line") == str(LINE):
                break
            reviewer.keyboard.press("ArrowDown")
        reviewer.keyboard.press("Enter")
        expect(reviewer.get_by_role("textbox", name=f"Comment on line {LINE}")).to_be_focused()
        reviewer.keyboard.press("Escape")
        expect(reviewer.get_by_role("link", name=f"Comment on line {LINE}", exact=True)).to_be_focused()
        reviewer.keyboard.press("Enter")
        reviewer.keyboard.type("All of them, or the refused ones?")
        reviewer.keyboard.press("Tab")
        reviewer.keyboard.press("Enter")
        expect(reviewer.locator(".remark__text")).to_have_text("All of them, or the refused ones?")
        reviewer.get_by_label("Words for the author").fill("Nearly there: see the comment.")
        reviewer.get_by_role("button", name="Ask for changes").press("Enter")
        expect(reviewer.get_by_text("Sent back to the author with your words.")).to_be_visible()

        author.goto("/queues/drafts")
        expect(author.get_by_text("Changes asked")).to_be_visible()
        author.get_by_role("link", name="Totals differ").click()
        expect(author.get_by_text("Nearly there: see the comment.")).to_be_visible()
        author.get_by_role("button", name="Resolve the comment of Sara Test").click()
        expect(author.get_by_role("button", name="Reopen the comment of Sara Test")).to_be_visible()
        write_more(author, desk, " Only the refused ones.")

        assert "refused ones" not in as_reader_sees(site, chromium, desk)
        reviewer.goto(f"/kb/{desk.slug}/review")
        assert audit(reviewer, "review") == []
        reviewer.get_by_role("button", name="Approve").press("Enter")
        expect(reviewer.get_by_text("Readers have it now.")).to_be_visible()
    assert "Only the refused ones." in as_reader_sees(site, chromium, desk)


def test_a_staged_edit_of_a_live_article_is_published_at_its_time(
    site: InsideSite, chromium: "Browser", desk: Desk
) -> None:
    at = (datetime.now(UTC) + timedelta(days=1)).replace(second=0, microsecond=0)
    typed = f"{at.astimezone(ZoneInfo('Europe/Rome')):%Y-%m-%dT%H:%M}"
    with site.page_of(chromium, desk.sara, refusals=(400,)) as page:
        page.goto(f"/kb/{desk.slug}/review")
        page.get_by_label("Publish at", exact=True).fill("2020-01-01T10:00")
        with page.expect_response(lambda answer: answer.request.method == "POST") as refused:
            page.get_by_role("button", name="Set the time").first.click()
        assert refused.value.status == 400
        expect(page.get_by_text("Choose a time in the future.")).to_be_visible()
        expect(page.get_by_label("Publish at", exact=True)).to_have_value("2020-01-01T10:00")
        page.get_by_label("Publish at", exact=True).fill(typed)
        page.get_by_role("button", name="Set the time").first.click()
        expect(page.get_by_text("The time is kept.")).to_be_visible()
        expect(page.locator(".badges")).to_contain_text("Scheduled")
        page.goto("/queues/drafts?whose=all")
        expect(page.get_by_text("planned for")).to_be_visible()
    with time_machine.travel(at - timedelta(minutes=1)):
        work_off(site.app)
    assert "Send the documents again." not in as_reader_sees(site, chromium, desk)
    with time_machine.travel(at + timedelta(seconds=1)):
        work_off(site.app)
    assert "Send the documents again." in as_reader_sees(site, chromium, desk)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_an_old_text_is_restored(site: InsideSite, chromium: "Browser", desk: Desk, script: bool) -> None:
    desk.do(services.submit, desk.gino, desk.slug)
    desk.do(services.decide, desk.sara, desk.key(), "approved")
    with site.page_of(chromium, desk.sara, script=script) as page:
        page.goto(f"/kb/{desk.slug}/history")
        page.locator("#revision-1 .entry__title a").click()
        expect(page.get_by_text("Readers have revision 2.")).to_be_visible()
        page.get_by_text("Restore…").click()
        page.get_by_role("button", name="Restore revision 1").click()
        page.wait_for_url("**/review")
        expect(page.locator(".dline--old").last).to_contain_text("Send the documents again.")
        assert desk.read() == NEW
        page.get_by_role("button", name="Publish now").click()
        page.wait_for_url(f"**/kb/{desk.slug}")
        expect(page.locator("article").first).not_to_contain_text("Send the documents again.")
    assert desk.read() == OLD


def test_without_scripts_a_line_is_commented_on(site: InsideSite, chromium: "Browser", desk: Desk) -> None:
    desk.do(services.submit, desk.gino, desk.slug)
    with site.page_of(chromium, desk.sara, script=False) as page:
        page.goto(f"/kb/{desk.slug}/review")
        page.get_by_role("link", name=f"Comment on line {LINE}", exact=True).click()
        page.get_by_role("textbox", name=f"Comment on line {LINE}").fill("Which documents?")
        page.get_by_role("button", name="Comment", exact=True).first.click()
        expect(page.locator(".remark__text")).to_have_text("Which documents?")
