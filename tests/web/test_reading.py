"""W2: reading changes nothing but counters and the search log."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from search_index.models import SearchLog
from tests.gating.sites import Site
from tests.people import NAMES
from tests.web.dump import dump
from tests.web.routes import readable_addresses


@pytest.mark.parametrize("name", NAMES)
def test_reading_every_page_changes_nothing(site: Site, browser: Callable[[str], FlaskClient], name: str) -> None:
    client = browser(name)
    before = dump(site.database)
    for address in readable_addresses(site):
        for method in ("GET", "HEAD", "OPTIONS"):
            client.open(address, method=method).close()
    after = dump(site.database)
    assert {table for table in before if before[table] != after[table]} == set()


def test_what_is_searched_is_counted(site: Site, browser: Callable[[str], FlaskClient]) -> None:
    """The counter-proof: the dump leaves the search log out because it does change."""

    def searches() -> int:
        with site.database.counters() as session:
            return session.scalar(select(func.count()).select_from(SearchLog)) or 0

    before = searches()
    browser("elena").get("/search?q=unheardof", headers={"User-Agent": "Mozilla/5.0"}).close()
    assert searches() == before + 1
    assert "search_log" in dump(site.database, without=set())
