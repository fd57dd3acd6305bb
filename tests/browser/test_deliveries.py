"""The staff page of deliveries with everything on it: usable by all; tried again by keyboard, without scripts."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select

from sportello.accounts.models import Person
from sportello.core import clock
from sportello.core.db import Database
from sportello.core.settings import Settings
from sportello.notifications.models import Delivery, DeliveryChannel, DeliveryState, Notice, SuppressedAddress
from tests.browser.checks import audit
from tests.browser.fixtures import EMAILS, PHONE
from tests.browser.live import LiveSite
from tests.notifications.leaving import a_delivery

pytestmark = pytest.mark.browser
Open = Callable[..., Page]
REASON = "554 5.7.1 refused-by-a-policy-with-a-very-long-name-that-nobody-can-break.example.example.example"


@pytest.fixture
def dead(live_site: LiveSite) -> Iterator[None]:
    """Three dead letters and a suppressed address; nothing of it remains."""
    settings = Settings.from_env(live_site.environ)
    database = Database(settings.database, settings.counters_database)
    with database.write() as session:
        who = session.scalars(select(Person.id).where(Person.email == EMAILS["piero"])).one()
        about = session.scalars(select(Notice.id).order_by(Notice.id).limit(1)).one()
        for number, channel in enumerate((DeliveryChannel.DIGEST, DeliveryChannel.DIGEST, DeliveryChannel.MAIL)):
            a_delivery(
                session, DeliveryState.FAILED, channel, person_id=who, error=REASON, attempts=12,
                notice_id=about if number == 2 else None, age=timedelta(hours=number),
            )  # fmt: skip
        session.add(SuppressedAddress(email="a" * 60 + "@b.example", reason=REASON, since=clock.now()))
    yield
    with database.write() as session:
        session.execute(delete(Delivery).where(Delivery.occasion.startswith("test:")))
        session.execute(delete(SuppressedAddress))
    database.dispose()


def test_every_part_is_usable_by_all(open_as: Open, dead: None) -> None:
    page = open_as("ada")
    problems = []
    for show in ("failed", "queued", "sent", "dropped", "suppressed"):
        page.goto(f"/staff/deliveries?show={show}")
        problems += audit(page, show)
    assert problems == []


def test_a_dead_letter_is_let_go_and_tried_again_by_keyboard_without_a_script(open_as: Open, dead: None) -> None:
    page = open_as("ada", script=False, size=PHONE)
    page.goto("/staff/deliveries?channel=digest")
    rows = page.locator(".entry", has_text="refused-by-a-policy")
    expect(rows).to_have_count(2)
    rows.first.get_by_role("button", name="Let go").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("It will not be sent.")
    expect(rows).to_have_count(1)
    rows.first.get_by_role("button", name=re.compile("^Try again.*piero@")).press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("It will be tried again at once.")
    expect(rows).to_have_count(0)
    assert page.url.endswith("channel=digest"), "back to the same part"
    page.goto("/staff/deliveries?show=suppressed")
    page.get_by_role("button", name="Send mail again").press("Enter")
    expect(page.locator("main")).to_contain_text("Mail goes to every address.")
