"""Nothing that people write runs in a browser: no dialog, no foreign request, no complaint of the content policy.

Every payload goes through the renderer elsewhere (tests/core/markup); here a seeded sample of them goes through every
field and a real page.
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser

from kb.models import ArticleTranslation
from kb.services import Draft, DraftText, create_or_update
from sportello.accounts.models import Person
from sportello.core import audience
from sportello.core.db import Database
from sportello.core.errors import Invalid
from sportello.core.settings import Settings
from tests import people
from tests.browser.live import LiveSite
from tests.browser.watch import Watch
from tests.core.markup.test_safety import OWN, payloads

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SAMPLE = 40
SEED = 20261123
WORD = "payloadmarker"
SIGNS = "Failed to load resource"
"""The browser's line on an image that is not there; the payload may ask our own origin for one."""


def known() -> list[str]:
    """Payloads of the known collections, where they are."""
    folder = os.environ.get("SPORTELLO_TEST_DATA")
    return [payload for payload in payloads(Path(folder)) if 0 < len(payload) < 2000] if folder else []


def sample() -> list[str]:
    """Payloads of our own, and a seeded choice of the known ones."""
    everything = known()
    return [*OWN, *random.Random(SEED).sample(everything, min(SAMPLE, len(everything)))]


def _write(site: LiveSite, texts: list[str]) -> list[str]:
    """An article a payload: in its title, body, summary and tag where a field takes it; returns their slugs."""
    settings = Settings.from_env(site.environ)
    database = Database(settings.database, settings.counters_database)
    with database.write() as session:
        cast = people.make_cast(session)
        cast.people["anna"].name = "<img src=x onerror=alert(1)>"
        cast.people["ada"].name = '"><script>alert(1)</script>'
    for payload in texts:
        for title, tag in ((payload[:300], payload[:80]), (payload[:300], "tag"), ("A title", "tag")):
            words = DraftText(title=title, markdown=f"{WORD}\n\n{payload}\n", summary=payload[:200])
            try:
                with database.write() as session:
                    draft = Draft(texts={"en": words}, audience=audience.PUBLIC, tags=(tag,))
                    create_or_update(session, audience.system(), draft, ladder=people.LADDER)
            except Invalid:
                continue  # a field that refuses the payload is safe from it; the next try gives it less
            break
    with database.read() as session:
        slugs = [item.slug for item in session.scalars(ArticleTranslation.visible_to(audience.system()))]
    database.dispose()
    return slugs


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveSite, list[str]]]:
    """A site whose every text is a payload of the sample."""
    with _site(tmp_path_factory.mktemp("hostile"), sample()) as found:
        yield found


@contextmanager
def _site(folder: Path, texts: list[str]) -> Iterator[tuple[LiveSite, list[str]]]:
    site = LiveSite(folder)
    site.run("migrate")
    slugs = _write(site, texts)
    site.run("index", "rebuild")
    site.start()
    try:
        yield site, slugs
    finally:
        site.stop()


def _dangerous(watch: Watch) -> list[str]:
    return [problem for problem in watch.problems if SIGNS not in problem]


def test_the_watch_sees_what_it_watches_for(hostile: tuple[LiveSite, list[str]], chromium: Browser) -> None:
    """A dialog, a request elsewhere and a breach of the content policy are each noticed."""
    site, _ = hostile
    context = chromium.new_context(base_url=site.url)
    watch = Watch(context, site.url)
    page = context.new_page()
    for script, sign in (
        ("alert(1)", "dialog"),
        ("fetch('http://127.0.0.2:9/').catch(() => 0)", "Content Security Policy"),
        ("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>')", "inline event handler"),
        ("location.assign('http://127.0.0.2:9/')", "another origin"),
    ):
        page.goto("/")
        watch.clear()
        page.evaluate(script)
        page.wait_for_timeout(300)
        assert any(sign in problem for problem in watch.problems), (script, watch.problems)
    context.close()


def test_articles_lists_and_searches_are_harmless(hostile: tuple[LiveSite, list[str]], chromium: Browser) -> None:
    visit(*hostile, sample(), chromium)


@pytest.mark.soak
def test_every_payload_is_harmless(tmp_path: Path, chromium: Browser) -> None:
    texts = [*OWN, *known()]
    with _site(tmp_path, texts) as (site, slugs):
        visit(site, slugs, texts, chromium)


def visit(site: LiveSite, slugs: list[str], texts: list[str], chromium: Browser) -> None:
    """Open every article, the lists, and a search for every text, with a watch on what the pages do."""
    assert len(slugs) >= len(OWN) - 2
    context = chromium.new_context(base_url=site.url)
    watch = Watch(context, site.url)
    page = context.new_page()
    addresses = [f"/kb/{slug}" for slug in slugs]
    addresses += ["/", "/kb", "/kb?order=newest", f"/search?q={WORD}", f"/search?q={WORD}&page=2"]
    addresses += [f"/search?q={quote(payload)}" for payload in texts]
    addresses += [f"/no-such-page/{quote(payload, safe='')}" for payload in OWN]
    for address in addresses:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status in (200, 400, 404), address
        page.mouse.move(300, 300)
        assert not _dangerous(watch), (address, watch.problems)
    context.close()


def test_suggestions_are_harmless(hostile: tuple[LiveSite, list[str]], chromium: Browser) -> None:
    site, _ = hostile
    context = chromium.new_context(base_url=site.url)
    watch = Watch(context, site.url)
    page = context.new_page()
    page.goto("/")
    for words in ("script", "img src", "alert", "title", "onerror"):
        page.locator("form.searchbox input[type=search]").fill(words)
        page.wait_for_timeout(400)
    assert not _dangerous(watch), watch.problems
    context.close()


def test_names_of_people_are_harmless(hostile: tuple[LiveSite, list[str]], chromium: Browser) -> None:
    """In the menu, on the organisation page and on the pages of staff."""
    site, _ = hostile
    _give_passwords(site)
    for email, addresses in (
        ("anna@xtreme.example", ["/", "/settings", "/organisation"]),
        ("ada@admin.example", ["/", "/staff", "/staff/people", "/staff/audit"]),
    ):
        context = chromium.new_context(base_url=site.url)
        watch = Watch(context, site.url)
        page = context.new_page()
        page.goto("/sign-in")
        page.fill("#email", email)
        page.fill("#password", people.PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("details.menu")
        for address in addresses:
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == 200, address
            page.locator(".topbar details.menu summary").click()
            assert not _dangerous(watch), (address, watch.problems)
        context.close()


def _give_passwords(site: LiveSite) -> None:
    from sqlalchemy import update

    from sportello.accounts.passwords import hash_password

    settings = Settings.from_env(site.environ)
    database = Database(settings.database, settings.counters_database)
    with database.write() as session:
        session.execute(update(Person).values(password_hash=hash_password(people.PASSWORD)))
    database.dispose()
