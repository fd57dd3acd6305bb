"""Search over the real knowledge base: hits are read through the audience rule, in a constant number of statements."""

from typing import Any

import pytest
from sqlalchemy import event

from kb.indexing import ArticleSource
from kb.models import Article
from search_index import rebuild
from search_index.memory_engine import MemoryEngine
from search_index.page import SearchPage, SearchRequest
from search_index.service import SearchService
from sportello.core import audience
from sportello.core.db import Database
from sportello.core.types import Ref
from tests.factories.articles import make_article
from tests.search_index.shelf import viewer

AUDIENCES = ["public"] * 12 + ["premium"] * 3 + ["staff"]


@pytest.fixture
def service(database: Database, cast: Any) -> SearchService:
    with database.write() as session:
        for number, key in enumerate(AUDIENCES):
            make_article(session, f"invoice{number:02}", key)
        make_article(session, "draft-one", "public", published=False)
    engine = MemoryEngine()
    rebuild.rebuild(engine, database, [ArticleSource()])
    return SearchService(engine, (ArticleSource(),))


def find(service: SearchService, database: Database, text: str, who: str = "anonymous") -> SearchPage:
    with database.read() as session:
        return service.search(session, viewer(who), SearchRequest(text))


def test_only_what_is_published_and_readable_is_found(service: SearchService, database: Database) -> None:
    assert find(service, database, "invoice*").total == 12
    assert find(service, database, "invoice*", "Piero").total == 15
    assert find(service, database, "invoice*", "Sara").total == 16
    assert find(service, database, "draft", "Sara").total == 0


def test_a_page_takes_the_same_statements_for_one_hit_and_for_ten(service: SearchService, database: Database) -> None:
    find(service, database, "invoice")  # what is read once a process is not of interest
    counts = {}
    for text, expected in (("invoice01", 1), ("invoice*", 10)):
        statements: list[str] = []

        def note(*arguments: Any, found: list[str] = statements) -> None:
            found.extend([arguments[2]] if arguments[2].startswith("SELECT") else [])

        event.listen(database.engine, "before_cursor_execute", note)
        try:
            page = find(service, database, text)
        finally:
            event.remove(database.engine, "before_cursor_execute", note)
        assert len(page.entries) == expected
        counts[text] = len(statements)
    assert counts["invoice01"] == counts["invoice*"] <= 6


def test_an_index_that_lags_shows_nothing_that_was_taken_back(service: SearchService, database: Database) -> None:
    """Not even when nobody told the index or the mask: the database disposes."""
    with database.write() as session:
        article = session.scalars(Article.visible_to(audience.system()).where(Article.key == "invoice01")).one()
        article.audience = "elite"
    page = find(service, database, "invoice01")
    assert page.entries == ()
    assert page.total == 0


def test_an_update_follows_the_article(service: SearchService, database: Database) -> None:
    with database.write() as session:
        make_article(session, "tangerine", "public")
    rebuild.update(service.engine, database, [Ref("article", "tangerine")], [ArticleSource()])
    assert find(service, database, "tangerine").total == 1
    assert rebuild.differences(service.engine, database, [ArticleSource()]) == []


def test_the_fallback_obeys_the_same_rule(service: SearchService, database: Database) -> None:
    lost = SearchService(MemoryEngine(), (ArticleSource(),))
    for who, expected in (("anonymous", 12), ("Piero", 15), ("Sara", 16)):
        page = find(lost, database, "invoice", who)
        assert page.degraded
        assert page.total == expected
