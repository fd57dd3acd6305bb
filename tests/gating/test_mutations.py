"""T9: the proofs can fail. Take one part of the rule away, and what should differ differs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from kb import services
from kb.queries import kept
from kb.services import visibility
from search_index.whoosh_engine import WhooshEngine
from sportello.core import audience, outbox
from sportello.core.audience import VISIBLE_TO, Gated
from sportello.core.types import Ref
from tests.browsing import ask, client_for
from tests.databases import Databases
from tests.gating import world
from tests.gating.reading import total
from tests.gating.sites import Site, make_site
from tests.gating.world import ITEMS, SYSTEM
from tests.people import LADDER


@pytest.fixture
def site(tmp_path: Path, _databases: Databases) -> Iterator[Site]:
    with time_machine.travel(world.NOW, tick=False):
        yield from make_site(tmp_path / "mutated", _databases)


@pytest.fixture(autouse=True)
def statements_of_the_changed_rule() -> Iterator[None]:
    """What was built before the rule changed is not asked, and what is built of the changed one does not stay."""
    kept.forget()
    yield
    kept.forget()


def hidden_slug(site: Site) -> str:
    return next(slugs[0] for item, slugs in site.slugs.items() if item.audience == "elite")


def visible_count() -> int:
    return sum(item.audience == "public" and item.variant != 2 for item in ITEMS)


def test_unchanged_it_hides(site: Site) -> None:
    browser = client_for(site.app, None)
    assert ask(browser, f"/kb/{hidden_slug(site)}").status == 404
    assert total(ask(browser, "/search?q=invoice").body) == visible_count()


def test_without_the_clause_of_the_rule_a_page_leaks(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def unguarded(cls: Any, viewer: audience.Viewer, *columns: Any) -> Any:
        statement = select(*columns).select_from(cls) if columns else select(cls)
        entity: Any = cls
        for step in cls.gate_path:
            link = getattr(entity, step)
            statement, entity = statement.join(link), link.property.mapper.class_
        return statement.execution_options(**{VISIBLE_TO: True})

    monkeypatch.setattr(Gated, "visible_to", classmethod(unguarded))
    assert ask(client_for(site.app, None), f"/kb/{hidden_slug(site)}").status == 200


def test_with_the_wrong_partitions_a_total_leaks(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    real = WhooshEngine.search

    def everything(self: WhooshEngine, query: Any, *, audiences: frozenset[str], **options: Any) -> Any:
        return real(self, query, audiences=audience.EVERY_AUDIENCE, **options)

    monkeypatch.setattr(WhooshEngine, "search", everything)
    assert total(ask(client_for(site.app, None), "/search?q=invoice").body) != visible_count()


def test_without_the_mask_what_was_unpublished_is_still_counted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:

    slug = next(slugs[0] for item, slugs in site.slugs.items() if item.audience == "public" and item.variant == 0)
    monkeypatch.setattr(visibility, "hide", lambda session, article: None)
    with site.database.write() as session:
        services.unpublish(session, SYSTEM, slug)
    with_trace = ask(client_for(site.app, None), "/search?q=rounding")
    monkeypatch.undo()
    with site.database.write() as session:
        services.publish(session, SYSTEM, slug)
        services.unpublish(session, SYSTEM, slug)
    assert with_trace != ask(client_for(site.app, None), "/search?q=rounding"), "its facets must still have counted it"


def test_without_an_emit_the_index_stays_behind(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    slug = next(slugs[0] for item, slugs in site.slugs.items() if item.audience == "public" and item.variant == 0)
    monkeypatch.setattr(outbox, "emit", lambda session, event, available_at=None: None)
    with site.database.write() as session:
        article = services.change_audience(session, SYSTEM, slug, "premium", ladder=LADDER).article
    site.settle()
    engine = site.app.extensions["sportello.site"].engine
    assert Ref("article", article.key) not in engine.refs("premium"), "the index followed although nothing was emitted"
