"""T4: the same site with and without what a viewer may not read answers them byte for byte alike.

Form one compares sites: everything seeded, against only what the viewer may read. Form two compares histories: an
item that was once readable and then narrowed, unpublished or deleted, against a site where it never was.
"""

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest
import time_machine
from flask.testing import FlaskClient

from editorial.services import bin_article
from kb import services
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_of
from sportello.core import keys
from sportello.core.audience import Viewer
from tests.browsing import ask, client_for
from tests.databases import Databases
from tests.gating import world
from tests.gating.addresses import addresses
from tests.gating.reading import total
from tests.gating.sites import Site, make_site
from tests.gating.world import ITEMS, SYSTEM, Item
from tests.people import LADDER, NAMES

BELOW = [name for name in NAMES if name not in ("sara", "ada")]
EACH_BELOW = [pytest.param(name, marks=() if name in ("anonymous", "anna") else pytest.mark.long) for name in BELOW]
"""`make test` asks for those from whom most is hidden."""


@pytest.fixture(autouse=True)
def _frozen() -> Iterator[None]:
    with time_machine.travel(world.NOW, tick=False):
        yield


@pytest.fixture
def site(tmp_path: Path, _databases: Databases) -> Iterator[Callable[..., Site]]:
    """Makes sites, and takes them down at the end."""
    running = []

    def make(name: str, keep: Callable[[Item], bool] = lambda item: True, **options: bool) -> Site:
        source = make_site(tmp_path / name, _databases, keep, **options)
        running.append(source)
        return next(source)

    yield make
    for source in running:
        next(source, None)


def viewer(site: Site, name: str) -> Viewer:
    """The viewer somebody of the cast is."""
    return viewer_of(site.cast.people.get(name), Plans.load(None))


def every_slug(site: Site) -> list[str]:
    return [slug for slugs in site.slugs.values() for slug in slugs]


def signed_in(site: Site, name: str, language: str) -> FlaskClient:
    """A browser of somebody's, with the same session key in every site."""
    keys.seed(len(language) + ord(language[0]))
    client = client_for(site.app, site.cast.people.get(name))
    keys.seed(None)
    client.set_cookie("language", language)
    return client


def differences(
    one: Site, other: Site, name: str, slugs: list[str], *, languages: tuple[str, ...] = ("en", "it")
) -> list[str]:
    """Addresses at which the two sites answer `name` differently, in either language."""
    found = []
    for language in languages:
        clients = [signed_in(site, name, language) for site in (one, other)]
        for address in addresses(one.app, slugs):
            first, second = (ask(client, address) for client in clients)
            if first != second:
                found.append(f"{language} {address}: {first.status} {second.status}")
    return found


@pytest.mark.parametrize("name", EACH_BELOW)
def test_hidden_content_leaves_no_trace(site: Callable[..., Site], name: str) -> None:
    full = site("full")
    bare = site("bare", world.readable_by(viewer(full, name)))
    assert len(bare.slugs) < len(full.slugs)
    found = differences(full, bare, name, every_slug(full))
    assert not found, "\n".join(found)


Change = Callable[..., object]


def narrow(session: object, slug: str) -> object:
    return services.change_audience(session, SYSTEM, slug, "staff", ladder=LADDER)  # type: ignore[arg-type]


def unpublish(session: object, slug: str) -> object:
    return services.unpublish(session, SYSTEM, slug)  # type: ignore[arg-type]


def delete(session: object, slug: str) -> object:
    return services.delete_article(session, SYSTEM, slug)  # type: ignore[arg-type]


def throw_away(session: object, slug: str) -> object:
    return bin_article(session, SYSTEM, slug)  # type: ignore[arg-type]


HISTORIES = [
    pytest.param(change, stopped, id=f"{change.__name__}, worker {'stopped' if stopped else 'running'}")
    for change, stopped in (*product((narrow, unpublish, delete), (False, True)), (throw_away, True))
]


@pytest.mark.slow
@pytest.mark.parametrize(("change", "stopped"), HISTORIES)
def test_what_was_once_readable_leaves_no_trace(site: Callable[..., Site], change: Change, stopped: bool) -> None:
    """Effective on the next request, with the worker stopped too, and complete once it has worked (T8)."""
    gone = {item for item in ITEMS if item.audience in ("public", "xtreme") and item.variant != 1}
    past = site("past")
    with past.database.write() as session:
        for item in gone:
            change(session, past.slugs[item][0])
    if not stopped:
        past.settle()
    never = site(
        "never", lambda item: item not in gone and item.audience in ("public", "xtreme", "xtreme@foundry", "org:xtreme")
    )
    slugs = every_slug(past)
    found = differences(past, never, "anna", slugs, languages=("en",))
    assert not found, "\n".join(found)


def test_words_that_were_edited_away_are_neither_found_nor_suggested(site: Callable[..., Site]) -> None:
    """Deleted words linger in an index's lexicon: nothing may offer them."""
    past = site("past")
    item = next(item for item in ITEMS if item.audience == "public" and item.variant == 0)
    word = item.canary
    with past.database.write() as session:
        slug = past.slugs[item][0]
        revised = services.revise(session, SYSTEM, slug, title="A plain title", markdown="Nothing of it is left.")
        article = revised.article
        article.tags, article.codes, article.category_id = [], [], None
        revised.summary = ""
    past.settle()
    browser = client_for(past.app, None)
    assert total(ask(browser, f"/search?q={word}&exact=1").body) == 0
    for address in (f"/search/suggest?q={word[:-1]}", f"/search?q={word[:-1]}x", f"/search?q={word[:4]}*"):
        assert word.encode() not in ask(browser, address).body, address
