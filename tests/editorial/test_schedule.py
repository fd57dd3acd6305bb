"""At a time: publication and unpublication by the worker, moved, cancelled, and overtaken by events."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete
from sqlalchemy.orm import Session

from editorial import queries, services
from editorial.models import State, Verdict
from kb.models import Category
from kb.queries import get_article, read_article, read_markdown
from kb.services import ensure_category, revise
from sportello.core.audience import Viewer, anonymous
from sportello.core.db import Database
from sportello.core.errors import Conflict, Invalid, NotFound
from sportello.core.handling import Site
from sportello.portal.wiring import make_worker
from tests.editorial.writing import begin, make_agent, save, viewer
from tests.kb.articles import SYSTEM, write
from tests.people import LADDER, Cast

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANYBODY = anonymous()


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as frozen:
        yield frozen


@pytest.fixture
def sara(clock: Any, cast: Cast) -> Viewer:
    return viewer(cast.sara)


def work(app: Flask) -> None:
    site: Site = app.extensions["sportello.site"]
    make_worker(site).run_once()


def staged(database: Database, actor: Viewer, at: datetime | None = None, **fields: str) -> str:
    """A live article with a staged text, planned for `at`."""
    with database.write() as session:
        slug = write(session, "Live", markdown="Old").slug
        save(session, actor, slug, markdown="New", **fields)
        if at:
            services.schedule(session, actor, slug, at)
    return slug


def text(database: Database, slug: str, reader: Viewer = ANYBODY) -> str:
    with database.read() as session:
        return read_markdown(session, reader, slug)[1]


def test_a_planned_change_is_published_at_its_time_and_not_before(
    app: Flask, database: Database, sara: Viewer, clock: Any
) -> None:
    slug = staged(database, sara, NOON + HOUR)
    clock.move_to(NOON + HOUR - timedelta(seconds=1))
    work(app)
    assert text(database, slug) == "Old"
    clock.move_to(NOON + HOUR)
    work(app)
    assert text(database, slug) == "New"
    with database.read() as session:
        article = get_article(session, sara, slug)
        assert article.updated_at == NOON + HOUR
        assert article.article.verified_at == NOON + HOUR  # an editor had decided on it


def test_a_time_that_is_moved_or_cancelled_makes_the_old_event_harmless(
    app: Flask, database: Database, sara: Viewer, clock: Any
) -> None:
    moved, cancelled = staged(database, sara, NOON + HOUR), staged(database, sara, NOON + HOUR)
    with database.write() as session:
        services.schedule(session, sara, moved, NOON + 3 * HOUR)
        assert services.schedule(session, sara, cancelled, None).state == State.APPROVED
    clock.move_to(NOON + 2 * HOUR)
    work(app)
    assert (text(database, moved), text(database, cancelled)) == ("Old", "Old")
    clock.move_to(NOON + 3 * HOUR)
    work(app)
    assert (text(database, moved), text(database, cancelled)) == ("New", "Old")


def test_what_is_written_after_the_approval_is_not_published_by_the_plan(
    app: Flask, database: Database, sara: Viewer, clock: Any
) -> None:
    slug = staged(database, sara, NOON + HOUR)
    with database.write() as session:
        assert save(session, sara, slug, markdown="Newer").state == State.DRAFT
    clock.move_to(NOON + 2 * HOUR)
    work(app)
    assert text(database, slug) == "Old"


def test_an_authors_wish_counts_once_a_reviewer_approves(
    app: Flask, database: Database, sara: Viewer, clock: Any
) -> None:
    with database.write() as session:
        agent = make_agent(session)
        slug = begin(session, agent, "Planned", markdown="Words").slug
        change = save(session, agent, slug, audience="public", confidence="validated")
        assert services.schedule(session, agent, slug, NOON + HOUR).state == State.DRAFT
        services.submit(session, agent, slug)
        assert services.decide(session, sara, change.key, Verdict.APPROVED).state == State.SCHEDULED
    clock.move_to(NOON + HOUR)
    work(app)
    assert text(database, slug) == "Words"


def test_a_plan_overtaken_by_a_direct_edit_waits_for_a_person(
    app: Flask, database: Database, sara: Viewer, clock: Any
) -> None:
    slug = staged(database, sara, NOON + HOUR)
    with database.write() as session:
        revise(session, SYSTEM, slug, title="Live", markdown="Corrected at once")
    clock.move_to(NOON + HOUR)
    work(app)
    assert text(database, slug) == "Corrected at once"
    with database.read() as session:
        change = queries.open_change(session, sara, slug)
    assert change is not None
    assert change.state == State.APPROVED


def test_a_plan_that_cannot_be_carried_out_leaves_everything_as_it_was(
    app: Flask, database: Database, sara: Viewer, clock: Any
) -> None:
    with database.write() as session:
        slug = write(session, "Live", "premium", markdown="Old").slug
        ensure_category(session, SYSTEM, "passing")
        save(session, sara, slug, title="New", markdown="New", audience="public", category="passing")
        services.schedule(session, sara, slug, NOON + HOUR)
    with database.write() as session:
        session.execute(delete(Category))
    clock.move_to(NOON + HOUR)
    work(app)
    assert text(database, slug, sara) == "Old"
    with database.read() as session:
        article = get_article(session, sara, slug)
        change = queries.open_change(session, sara, slug)
        assert (article.title, article.article.audience) == ("Live", "premium")
        assert change is not None
        assert change.state == State.APPROVED


@pytest.mark.parametrize("away", ["archive", "bin_article"])
def test_an_article_that_left_the_shelf_is_not_published_by_an_old_plan(
    app: Flask, database: Database, sara: Viewer, clock: Any, away: str
) -> None:
    slug = staged(database, sara, NOON + HOUR)
    with database.write() as session:
        getattr(services, away)(session, sara, slug)
    clock.move_to(NOON + HOUR)
    work(app)
    with database.read() as session, pytest.raises(NotFound):
        read_article(session, ANYBODY, slug)


def test_an_article_is_taken_from_its_readers_at_its_time(
    app: Flask, database: Database, sara: Viewer, clock: Any
) -> None:
    with database.write() as session:
        gone, kept = write(session, "Gone", it="Via").slug, write(session, "Kept").slug
        for slug in (gone, kept):
            services.set_unpublish_at(session, sara, slug, NOON + HOUR)
        services.set_unpublish_at(session, sara, kept, None)
    work(app)
    assert text(database, gone)
    clock.move_to(NOON + HOUR)
    work(app)
    assert text(database, kept)
    with database.write() as session:
        with pytest.raises(NotFound):
            read_article(session, ANYBODY, gone)
        services.publish_change(session, sara, gone, ladder=LADDER)
    assert text(database, gone)


def test_a_time_in_the_past_is_refused(session: Session, sara: Viewer) -> None:
    slug = write(session, "Live").slug
    save(session, sara, slug, markdown="New")
    with pytest.raises(Invalid):
        services.schedule(session, sara, slug, NOON)
    with pytest.raises(Invalid):
        services.set_unpublish_at(session, sara, slug, NOON - HOUR)
    services.discard_change(session, sara, slug)
    with pytest.raises(Conflict):
        services.schedule(session, sara, slug, NOON + HOUR)
