"""Which acts of writing are told to readers: first publications and new words, never typos or what only comes back."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from editorial import services
from editorial.models import Verdict
from kb.models import Significance
from kb.services import unpublish
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.db import Database
from sportello.notifications.models import Notice
from tests.editorial.writing import begin, make_agent, save, viewer
from tests.kb.articles import SYSTEM, write
from tests.people import LADDER, Cast
from tests.work import work_off


@pytest.fixture
def sara(cast: Cast) -> Viewer:
    return viewer(cast.sara)


def announced(app: Flask) -> list[tuple[str, str]]:
    """Let the worker do what is due; event and language of every notice so far."""
    work_off(app)
    database: Database = app.extensions["sportello.database"]
    with database.read() as session:
        return [(row.event, row.language or "") for row in session.scalars(select(Notice).order_by(Notice.id))]


def test_a_first_publication_is_new_and_later_words_are_a_change(app: Flask, database: Database, sara: Viewer) -> None:
    with database.write() as session:
        slug = begin(session, sara).slug
    assert announced(app) == []
    with database.write() as session:
        slug = services.publish_change(session, sara, slug, ladder=LADDER).slug
    assert announced(app) == [("article-published", "en")]
    with database.write() as session:
        save(session, sara, slug, markdown="## Symptoms\n\nNew words.")
    assert len(announced(app)) == 1  # staged is not published
    with database.write() as session:
        services.publish_change(session, sara, slug, ladder=LADDER)
    assert announced(app)[1:] == [("article-updated", "en")]


@pytest.mark.parametrize("edited", [True, False])
def test_an_imported_draft_is_new_when_it_gets_its_first_readers(
    app: Flask, database: Database, sara: Viewer, edited: bool
) -> None:
    with database.write() as session:
        slug = write(session, "Not yet", published=False).slug
        if edited:
            save(session, sara, slug, markdown="## Symptoms\n\nBetter words.", significance=Significance.TYPO)
        slug = services.publish_change(session, sara, slug, ladder=LADDER).slug
    assert announced(app) == [("article-published", "en")]
    with database.write() as session:
        save(session, sara, slug, markdown="## Symptoms\n\nOther words.")
        services.publish_change(session, sara, slug, ladder=LADDER)
    assert announced(app)[1:] == [("article-updated", "en")]


def test_what_an_import_took_away_is_changed_when_it_comes_back_with_other_words(
    app: Flask, database: Database, sara: Viewer
) -> None:
    with database.write() as session:
        slug = write(session, "Live").slug
        unpublish(session, SYSTEM, slug)
        save(session, sara, slug, markdown="## Symptoms\n\nBetter words.")
        services.publish_change(session, sara, slug, ladder=LADDER)
    assert announced(app) == [("article-updated", "en")]


def test_a_typo_is_told_to_nobody(app: Flask, database: Database, sara: Viewer) -> None:
    with database.write() as session:
        slug = write(session, "Live").slug
        save(session, sara, slug, markdown="The words", significance=Significance.TYPO)
        services.publish_change(session, sara, slug, ladder=LADDER)
    assert announced(app) == []


def test_a_planned_publication_is_told_at_its_time(app: Flask, database: Database, sara: Viewer) -> None:
    at = clock.now() + timedelta(hours=5)
    with database.write() as session:
        slug = begin(session, sara).slug
        services.schedule(session, sara, slug, at)
    assert announced(app) == []
    with time_machine.travel(at + timedelta(minutes=1)):
        assert announced(app) == [("article-published", "en")]


def test_what_a_reviewer_publishes_is_told(app: Flask, database: Database, cast: Cast, sara: Viewer) -> None:
    with database.write() as session:
        gino = make_agent(session)
        slug = write(session, "Live").slug
        save(session, gino, slug, markdown="Better words")
        change = services.submit(session, gino, slug)
        services.decide(session, sara, change.key, Verdict.APPROVED, ladder=LADDER)
    assert announced(app) == [("article-updated", "en")]


def test_what_comes_back_from_archive_and_bin_is_no_news(app: Flask, database: Database, sara: Viewer) -> None:
    with database.write() as session:
        slug = write(session, "Live").slug
        services.archive(session, sara, slug, None)
        services.unarchive(session, sara, slug)
        services.bin_article(session, sara, slug)
        services.unbin(session, sara, slug)
    assert announced(app) == []


def test_what_was_taken_from_its_readers_is_no_news_when_they_get_it_back(
    app: Flask, database: Database, sara: Viewer
) -> None:
    at = clock.now() + timedelta(hours=1)
    with database.write() as session:
        slug = write(session, "Live").slug
        services.set_unpublish_at(session, sara, slug, at)
    with time_machine.travel(at + timedelta(minutes=1)):
        assert announced(app) == []
        with database.write() as session:
            services.publish_change(session, sara, slug, ladder=LADDER)
        assert announced(app) == []


def test_a_language_that_is_added_is_told_to_those_who_read_it(
    app: Flask, database: Database, cast: Cast, sara: Viewer
) -> None:
    with database.write() as session:
        session.merge(cast.piero).language = "it"
        original = write(session, "Live", products=["ledger"])
        row = services.start_translation(session, sara, original.slug, "it", title="Dal vivo", markdown="Parole.")
        services.publish_change(session, sara, row.slug, ladder=LADDER)
    assert announced(app) == [("article-published", "it")]
    with database.read() as session:
        assert session.scalars(select(Notice.told)).one() == 1
