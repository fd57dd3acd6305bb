"""Being told, from the one who writes it to the one who knows: pages in Chromium, mails from a real mail server."""

import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from kb.models import Article, ArticleTranslation
from sportello.accounts.models import Organisation, Person
from sportello.core import clock
from sportello.core.audience import system
from sportello.core.db import Database
from sportello.core.settings import Settings
from sportello.core.types import Ref
from sportello.notifications.delivery.digest import queue_digests
from sportello.notifications.models import DigestRhythm, Preference
from sportello.notifications.schedule import next_digest
from sportello.notifications.services.announce import announce
from sportello.portal.demo.desk import article_ref, slug_of
from sportello.portal.site import open_site
from tests.browser.fixtures import sign_in_by_form
from tests.browser.live import PASSWORD, LiveSite
from tests.mailboxes import Mailbox, free_port, serving
from tests.notifications.posting import body

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 120.0  # seconds until a mail must have come


@dataclass
class Told:
    """The demo site, sending its mails to a server on loopback."""

    site: LiveSite
    mailbox: Mailbox
    database: Database

    def slug(self, name: str) -> str:
        with self.database.read() as session:
            return slug_of(session, name)

    def mails_to(self, address: str, about: str) -> list[EmailMessage]:
        """Those that arrived for somebody, whose subject says `about`."""
        pairs = zip(self.mailbox.mails, self.mailbox.recipients, strict=False)
        return [mail for mail, to in pairs if to == address and about in str(mail["Subject"])]

    def wait_for(self, what: Callable[[], Any]) -> Any:
        """What `what` finds as soon as it finds something."""
        deadline = time.monotonic() + WAIT
        while not (found := what()):
            assert time.monotonic() < deadline, [str(mail["Subject"]) for mail in self.mailbox.mails]
            time.sleep(0.2)
        return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Everything the demo tells its people has arrived."""
    mailbox, port = Mailbox(), free_port()
    site = LiveSite(tmp_path_factory.mktemp("told"), smtp_url=f"smtp://127.0.0.1:{port}?starttls=never")
    site.run("demo", "--load-only")
    settings = Settings.from_env(site.environ)
    database = Database(settings.database, settings.counters_database)
    with serving(mailbox, port):
        site.start()
        try:
            yield Told(site, mailbox, database)
        finally:
            site.stop()
            database.dispose()


@pytest.fixture
def page_of(told: Told, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """`page_of("sara")`: a page of a fresh browser profile, signed in; `page_of("")`: signed out."""
    contexts = []

    def open_page(name: str, email: str = "") -> Page:
        context = chromium.new_context(base_url=told.site.url, locale="en-GB", reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        if email:
            page.goto("/sign-in")
            page.fill("#email", email)
            page.fill("#password", PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_selector("details.menu")
        elif name:
            sign_in_by_form(page, told.site.url, name)
        return page

    yield open_page
    for context in contexts:
        context.close()


def link_in(mail: EmailMessage, part: str) -> str:
    """The first address in a mail that holds `part`."""
    found = re.search(rf"https?://\S*{part}[^\s>]*", body(mail))
    assert found, body(mail)
    return found.group()


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def test_a_critical_solution_from_its_article_to_the_report_of_who_knows(
    told: Told, page_of: Callable[..., Page]
) -> None:
    title, consequence = "LDG-4117", "Invoices of a closed day are sent a second time."
    sara = page_of("sara")
    sara.goto(f"/kb/{told.slug('ledger-error-ldg-4117')}")
    sara.get_by_role("button", name="Critical notice…").click()
    sara.locator("#consequence_en").fill(consequence)
    sara.locator("#action_en").fill("Stop the nightly job.")
    sara.get_by_role("button", name="Save and see whom it reaches").click()
    people, organisations, *addresses = numbers(sara.locator(".tally").inner_text())
    assert people > organisations > 2
    sara.get_by_role("button", name=f"Send to {people} people now").click()
    expect(sara.get_by_role("heading", name="Who knows")).to_be_visible()
    report = sara.url

    def all_there() -> bool:
        subjects = [str(mail["Subject"]) for mail in told.mailbox.mails]
        told_so = [one for one in subjects if title in one and one.startswith(("Critical:", "Critico:"))]
        return len(told_so) == people + sum(addresses)

    told.wait_for(all_there)
    (mail,) = told.mails_to("anna@xtreme.example", title)
    assert consequence in body(mail)
    assert consequence in body(mail, "html")
    assert mail["List-Unsubscribe"] is None, "nobody can switch it off"

    anna = page_of("anna")
    anna.goto("/plans")
    expect(anna.locator(".alarm")).to_contain_text(consequence)
    anna.goto(link_in(mail, "/critical/"))
    expect(anna.locator("main")).to_contain_text("Stop the nightly job.")
    anna.get_by_role("button", name="Acknowledge", exact=True).click()
    anna.goto("/plans")
    expect(anna.locator("main")).not_to_contain_text(consequence)

    sara.goto(f"{report}?show=all")
    missing = sara.locator(".tallies div", has_text="People without an answer").locator("dd").inner_text()
    assert numbers(missing) == [people - 1, people]
    row = sara.locator(".entry", has_text="Cartiera Valdora")
    expect(row).to_contain_text("1 of 2 people")
    row.locator("summary").click()
    expect(row.locator(".heard > li", has_text="Anna Ferri").locator(".state")).to_be_visible()

    piero = page_of("piero")
    piero.goto("/plans")
    piero.locator(".alarm").get_by_role("button", name="For all of Officine Tramonto").click()
    sara.reload()
    expect(sara.locator(".entry", has_text="Officine Tramonto")).to_contain_text("Piero Galli for everybody")


def test_leaving_by_one_press_in_the_mail_signed_out(told: Told, page_of: Callable[..., Page]) -> None:
    def push(name: str) -> str:
        sara = page_of("sara")
        sara.goto(f"/kb/{told.slug(name)}/push")
        sara.get_by_role("button", name=re.compile("^Tell ")).click()
        return sara.locator("h1").inner_text()

    push("ledger-system-requirements")
    with told.database.read() as session:
        title = session.scalars(_title("ledger-system-requirements")).one()
        other = session.scalars(_title("ledger-account-locked")).one()
    (mail,) = told.wait_for(lambda: told.mails_to("elena@elite.example", title))
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = str(mail["List-Unsubscribe"]).strip("<>")
    assert address in body(mail).replace("\n", ""), "the foot of the mail has the same link"
    with urllib.request.urlopen(urllib.request.Request(address, b"List-Unsubscribe=One-Click")) as answer:
        assert answer.status == 200
    nobody = page_of("")
    nobody.goto(address)
    expect(nobody.get_by_role("heading", level=1)).to_have_text("No more of these mails")

    push("ledger-account-locked")
    told.wait_for(
        lambda: told.mails_to("giulia@montescuro.example", other) or told.mails_to("anna@xtreme.example", other)
    )
    time.sleep(2)
    assert told.mails_to("elena@elite.example", other) == []
    elena = page_of("elena")
    elena.goto("/notifications")
    expect(elena.locator("[data-row]", has_text=other)).to_have_count(1)
    nobody.get_by_role("button", name="Send them again").click()
    expect(nobody.get_by_role("heading", level=1)).to_have_text("These mails come again")


def _title(name: str) -> Any:
    title = ArticleTranslation.visible_to(system(), ArticleTranslation.title)
    return title.where(Article.source_id == name, Article.source == "demo", ArticleTranslation.language == "en")


def test_a_digest_holds_exactly_what_its_reader_may_open_when_it_is_sent(
    told: Told, page_of: Callable[..., Page]
) -> None:
    """Queued for a Premium customer, sent to an Xtreme one."""
    email = "ines@roccamora.example"
    told.site.stop()
    parts = open_site(Settings.from_env(told.site.environ), told.database)
    with told.database.write() as session:
        slugs = {slug_of(session, name) for name in _foundry(session)}
        for name in _foundry(session):
            ref: Ref = article_ref(session, name)
            announce(session, "article-published", ref, thread=ref)
        person = session.scalars(select(Person).where(Person.email == email)).unique().one()
        this_morning = next_digest(DigestRhythm.DAILY, person.timezone, clock.now() - timedelta(days=1))
        told_at = update(Preference).where(Preference.person_id == person.id)
        if not session.execute(told_at.values(digest=DigestRhythm.DAILY, next_digest_at=this_morning)).rowcount:  # type: ignore[attr-defined]
            session.add(Preference(person_id=person.id, digest=DigestRhythm.DAILY, next_digest_at=this_morning))
    queue_digests(parts)
    with told.database.write() as session:
        plan = update(Organisation).where(Organisation.name == "Ceramiche Roccamora")
        session.execute(plan.values(plan="xtreme"))
    told.site.start()
    ines = page_of("", email)
    status = {slug: (answer.status if (answer := ines.request.get(f"/kb/{slug}")) else 0) for slug in slugs}
    assert set(status.values()) == {200, 404}, "the downgrade took something away, and left something"

    def digest() -> EmailMessage | None:
        got = told.mails_to(email, "")
        return next((mail for mail in got if "/settings/notifications/digest" in body(mail)), None)

    text = body(told.wait_for(digest))
    assert {slug for slug in slugs if f"/kb/{slug}" in text} == {slug for slug, code in status.items() if code == 200}


def _foundry(session: Any) -> list[str]:
    """The demo's articles about Foundry by their names."""
    names = Article.visible_to(system(), Article.source_id).where(Article.source == "demo")
    return [name for name in session.scalars(names) if name.startswith("foundry-")]
