"""What editors tune for an article leaves no more trace than the article: the same answers, byte for byte."""

from collections.abc import Iterator
from urllib.parse import quote_plus

import pytest
import time_machine
from sqlalchemy.orm import Session

from kb.queries import get_article
from kb.services import add_keyword
from search_index.editing import pinning, synonyms
from sportello.core import audience
from sportello.core.types import Ref
from tests.browsing import ask, client_for
from tests.databases import Databases
from tests.gating import world
from tests.gating.sites import Site, make_site
from tests.gating.world import ITEMS, SYSTEM

HIDDEN = next(item for item in ITEMS if item.audience == "elite" and item.variant == 0)
SHOWN = [item for item in ITEMS if item.audience in ("public", "xtreme", "premium")]
PINNED = ("invoice", "invoice rounding", "rounding", "nothing at all has these words", HIDDEN.canary, "padding")
WORDS = ("zqsynonym", "invoce", "roundng", "till receipt")  # each a synonym of the hidden canary


def tune(session: Session, slug: str) -> None:
    """Everything that editors can do for an article."""
    ref = Ref("article", get_article(session, SYSTEM, slug).article.key)
    for language in ("en", "it"):
        for query in PINNED:
            pinning.add_pin(session, SYSTEM, language, query, ref)
        for word in WORDS:
            synonyms.add_synonym(session, SYSTEM, language, [word, HIDDEN.canary])
        add_keyword(session, SYSTEM, slug, language, "till receipt zqkeyword")


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory, _databases: Databases) -> Iterator[Site]:
    """The site with the Elite article, pinned, with synonyms and a keyword."""
    with time_machine.travel(world.NOW, tick=False):
        for site in make_site(tmp_path_factory.mktemp("tuned"), _databases, lambda item: item in (*SHOWN, HIDDEN)):
            with site.database.write() as session:
                tune(session, site.slugs[HIDDEN][0])
            site.settle()
            yield site


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory, _databases: Databases) -> Iterator[Site]:
    """The site without the article, and without anything that was done for it."""
    with time_machine.travel(world.NOW, tick=False):
        yield from make_site(tmp_path_factory.mktemp("untouched"), _databases, lambda item: item in SHOWN)


def addresses() -> Iterator[str]:
    wordings = (*PINNED, *WORDS, "zqkeyword", "roundings of invoice", f"{HIDDEN.canary[:-1]}x", "zqsynonyn")
    for text in wordings:
        yield f"/search?q={quote_plus(text)}"
        yield f"/search/suggest?q={quote_plus(text[:5])}"
    for text in ("invoice", "roundng", "padding"):
        more = ("lang=it", "exact=1", "page=2", "sort=newest", "product=ledger", "kind=solution", "language=it")
        yield from (f"/search?q={text}&{one}" for one in more)


@pytest.mark.parametrize("name", ["anonymous", "anna", "piero"])
def test_what_is_tuned_for_a_hidden_article_changes_nothing_for_others(tuned: Site, untouched: Site, name: str) -> None:
    ours, theirs = (client_for(site.app, site.cast.people.get(name)) for site in (tuned, untouched))
    differing = [address for address in addresses() if ask(ours, address) != ask(theirs, address)]
    assert differing == []


def test_those_who_may_read_it_see_the_difference(tuned: Site, untouched: Site) -> None:
    """The comparison can fail: for Elena the same addresses differ."""
    ours, theirs = (client_for(site.app, site.cast.elena) for site in (tuned, untouched))
    slug = tuned.slugs[HIDDEN][0].encode()
    for text in (*PINNED, *WORDS, "zqkeyword"):
        body = ask(ours, f"/search?q={quote_plus(text)}").body
        assert slug in body, text
        assert (b"Picked by support" in body) is (text in PINNED), text
        assert slug not in ask(theirs, f"/search?q={quote_plus(text)}").body


def test_a_pin_to_what_was_hidden_meanwhile_is_gone_with_the_next_request(tuned: Site) -> None:
    """Without the worker: the pin is loaded as hits are."""
    from kb import services

    elena = client_for(tuned.app, tuned.cast.elena)
    address = "/search?q=nothing+at+all+has+these+words"
    assert b"Picked by support" in ask(elena, address).body
    slug = tuned.slugs[HIDDEN][0]
    with tuned.database.write() as session:
        services.change_audience(session, SYSTEM, slug, audience.STAFF, ladder=("xtreme", "premium", "elite"))
    try:
        answer = ask(elena, address)
        assert b"Picked by support" not in answer.body
        assert b"Nothing found" in answer.body
    finally:
        with tuned.database.write() as session:
            services.change_audience(session, SYSTEM, slug, HIDDEN.audience, ladder=("xtreme", "premium", "elite"))
        tuned.settle()


def test_the_staff_pages_are_for_editors_only(tuned: Site) -> None:
    for name in ("anonymous", "anna", "elena", "ezio"):
        browser = client_for(tuned.app, tuned.cast.people.get(name))
        for address in ("/staff/pins", "/staff/synonyms", "/queues/gaps", "/staff/pins?try=invoice"):
            answer = ask(browser, address)
            assert answer.status == 404, (name, address)
            assert HIDDEN.canary.encode() not in answer.body
