"""R2: whatever happens to the files of the index, searching goes on within what one may read, and it heals itself."""

import json
import time
from collections.abc import Iterator

import pytest

from search_index import rebuild
from sportello.core.handling import Site
from sportello.portal.housekeeping import ensure_index_exists
from sportello.portal.site import open_site
from sportello.portal.wiring import make_worker
from tests.damage.places import Answer, Browser, Place, wait_until
from tests.search_index.whoosh.harm import HARMS

pytestmark = pytest.mark.slow
QUESTION = "/search?q=restrict+warehouse+owner"
TITLE = "restrict-a-warehouse-user"  # in the address of an article of Premium
OPEN = "/search?q=invoice"
NOTICE = "Search is being repaired"
CHOSEN = ("folder emptied", "manifest cut", "contents missing", "contents garbage", "segment cut", "segment missing")
TOKEN = "a-token-for-monitors-0123456789"


@pytest.fixture
def watched(place: Place) -> Place:
    """The demo, with a token that shows the details of its health."""
    place.extra["SPORTELLO_HEALTH_TOKEN"] = TOKEN
    return place


@pytest.fixture
def site(watched: Place) -> Iterator[Site]:
    """What the worker works with; here it works when the test says so."""
    made = open_site(watched.settings)
    yield made
    made.database.dispose()


def signed_in(place: Place, email: str) -> Browser:
    browser = Browser(place.base)
    browser.sign_in(email)
    return browser


def index_is_well(place: Place) -> bool:
    answer = Browser(place.base).get("/healthz", Authorization=f"Bearer {TOKEN}")
    assert answer.status == 200
    found = json.loads(answer.body)
    if not found["index"]["ok"]:
        assert found["state"] == "degraded"
        assert Browser(place.base).get("/healthz").body == "degraded\n"
    return bool(found["index"]["ok"])


def asked(browser: Browser, path: str, *, repairing: bool) -> Answer:
    answer = browser.get(path)
    assert answer.status == 200
    assert (NOTICE in answer.body) == repairing, f"{path}: the notice is {'missing' if repairing else 'there'}"
    return answer


def searched_by_everybody(anna: Browser, piero: Browser, *, repairing: bool) -> None:
    """Piero finds what Premium may read; Anna does not, but what she may read; nobody gets an error."""
    assert TITLE in asked(piero, QUESTION, repairing=repairing).body
    assert TITLE not in asked(anna, QUESTION, repairing=repairing).body
    assert 'data-kind="' in asked(anna, OPEN, repairing=repairing).body
    assert anna.get("/search/suggest?q=rest").status == 200


def test_every_harm_is_survived_and_healed(watched: Place, site: Site) -> None:
    watched.serve("web")
    anna, piero = (signed_in(watched, email) for email in ("anna@xtreme.example", "piero@premium.example"))
    searched_by_everybody(anna, piero, repairing=False)
    for name in CHOSEN:  # the others: tests/search_index/whoosh/test_harm.py
        assert index_is_well(watched), name
        HARMS[name](site.settings.index_dir)  # while readers are open
        searched_by_everybody(anna, piero, repairing=True)
        wait_until(lambda: not index_is_well(watched), 10, f"health tells of it: {name}")
        ensure_index_exists(site)
        make_worker(site).run_once()
        searched_by_everybody(anna, piero, repairing=False)
        wait_until(lambda: index_is_well(watched), 10, f"health is well again: {name}")
        assert rebuild.differences(site.engine, site.database) == []
    assert watched.parked() == 0


def test_a_running_worker_repairs_by_itself(watched: Place, site: Site) -> None:
    watched.serve()
    anna, piero = (signed_in(watched, email) for email in ("anna@xtreme.example", "piero@premium.example"))
    wait_until(lambda: Browser(watched.base).get("/healthz").body == "ok\n", 60, "all is well")
    HARMS["folder deleted"](site.settings.index_dir)  # nobody searches: the worker looks every 5 s
    wait_until(lambda: site.engine.manifest() is not None, 20, "the worker has built the index again")
    searched_by_everybody(anna, piero, repairing=False)
    HARMS["segment cut"](site.settings.index_dir)  # what only reading finds, a search finds
    searched_by_everybody(anna, piero, repairing=True)
    wait_until(lambda: time.sleep(0.5) or NOTICE not in anna.get(OPEN).body, 20, "repaired because somebody searched")
    searched_by_everybody(anna, piero, repairing=False)
    wait_until(lambda: Browser(watched.base).get("/healthz").body == "ok\n", 20, "all is well again")
    assert "The index equals the database." in watched.command("index", "check").stdout
