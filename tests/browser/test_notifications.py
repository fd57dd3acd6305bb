"""The list of notifications by keyboard: j and k move, Enter opens, e marks as read; figures follow at once."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select

from kb.models import Article
from sportello.accounts.models import Person
from sportello.core import clock, keys
from sportello.core.audience import system
from sportello.core.db import Database
from sportello.notifications.models import Notice, Notification, SeenMark
from tests.browser.checks import audit
from tests.browser.fixtures import EMAILS, NARROW, speak
from tests.browser.live import LiveSite

pytestmark = pytest.mark.browser
Open = Callable[..., Page]
COUNT = ".topbar .tool__count"


@pytest.fixture
def told(live_site: LiveSite) -> Iterator[None]:
    """Chiara was told of three public articles, and of nothing else. She reads English here."""
    folder = Path(live_site.folder)
    database = Database(f"sqlite:///{folder / 'sportello.sqlite'}", f"sqlite:///{folder / 'counters.sqlite'}")
    with database.write() as session:
        chiara = session.scalars(select(Person).where(Person.email == EMAILS["chiara"])).one()
        chiara.language, who = "en", chiara.id
        public = Article.visible_to(system(), Article.key).where(
            Article.audience == "public", Article.published_at <= clock.now()
        )
        session.execute(delete(Notification).where(Notification.person_id == who))
        for number, key in enumerate(session.scalars(public.order_by(Article.id).limit(3)).all()):
            at = clock.now() - timedelta(hours=number)
            about = {"event": "article-published", "subject": f"article:{key}", "created_at": at, "finished_at": at}
            notice = Notice(key=keys.new_key(), says={}, **about)
            session.add(notice)
            session.flush()
            session.add(
                Notification(
                    key=keys.new_key(), notice_id=notice.id, person_id=who, kind="article", subject=key, created_at=at
                )
            )
    with database.counters() as counters:  # what another test opened
        counters.execute(delete(SeenMark).where(SeenMark.person_id == who))
    yield
    with database.write() as session:
        session.get_one(Person, who).language = "it"
        session.execute(delete(Notification).where(Notification.person_id == who))
    database.dispose()


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent"))


def test_the_keyboard_moves_marks_and_opens(open_as: Open, told: None) -> None:
    page = open_as("chiara")
    page.goto("/notifications")
    titles = page.locator(".told h2").all_inner_texts()
    assert page.inner_text(COUNT) == "3"
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert focused(page) == titles[1]
    page.keyboard.press("k")
    assert focused(page) == titles[0]
    page.keyboard.press("k")
    assert focused(page) == titles[0]
    page.keyboard.press("e")
    expect(page.locator(COUNT)).to_have_text("2")
    assert titles[0] in page.inner_text("[data-status]")
    assert focused(page) == titles[0]
    page.reload()
    assert page.inner_text(COUNT) == "2"
    for _ in range(3):
        page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert titles[2] in page.title()
    assert page.inner_text(COUNT) == "1"


def test_typing_into_the_search_field_moves_nothing(open_as: Open, told: None) -> None:
    page = open_as("chiara")
    page.goto("/notifications")
    page.keyboard.press("/")
    page.keyboard.type("jeke")
    assert page.input_value(".topsearch input") == "jeke"
    assert page.inner_text(COUNT) == "3"


def test_a_button_marks_without_leaving_and_the_last_one_takes_the_figure_with_it(open_as: Open, told: None) -> None:
    page = open_as("chiara")
    page.goto("/notifications?unread=1")
    for left in (2, 1, 0):
        page.locator(".told--new button").first.click()
        expect(page.locator(".told--new")).to_have_count(left)
    assert page.locator(COUNT).count() == 0
    assert page.locator(".told").count() == 3


def test_without_scripts_there_are_buttons(open_as: Open, told: None) -> None:
    page = open_as("chiara", script=False, size=NARROW)
    page.goto("/notifications")
    page.locator(".told--new button").first.click()
    assert page.inner_text(COUNT) == "2"
    page.get_by_role("button", name="Mark all as read").click()
    assert page.locator(COUNT).count() == 0


@pytest.mark.parametrize("language", ["en", "it"])
def test_the_list_is_accessible_at_every_width(open_as: Open, told: None, language: str) -> None:
    page = open_as("chiara")
    speak(page, language)
    page.goto("/notifications")
    assert page.locator("html").get_attribute("lang") == language
    assert audit(page, "/notifications") == []
