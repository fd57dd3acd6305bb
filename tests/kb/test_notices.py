"""When articles are announced, to whom, and what of the knowledge base can be followed."""

from typing import Any

import pytest
from sqlalchemy import select

from kb.events import ArticlePublished
from kb.models import Article, ArticleTranslation
from kb.notices import on_article_published
from kb.services import change_audience, delete_article, ensure_category, publish, revise, unpublish
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_of
from sportello.core import clock
from sportello.core.audience import anonymous, system
from sportello.core.db import Database
from sportello.core.handling import Site
from sportello.core.types import Ref
from sportello.notifications.levels import Level
from sportello.notifications.models import Notice
from sportello.notifications.registry import registry, subject_of
from sportello.portal.site import open_site
from tests.kb.articles import SYSTEM, customer, write
from tests.notifications.telling import belled, spread, waiting
from tests.notifications.things import follow
from tests.people import Cast


@pytest.fixture
def site(settings: Any, database: Database) -> Site:
    return open_site(settings, database)


def announced(site: Site) -> list[Notice]:
    """Let the handler see what was published since, and tell everybody; all notices so far."""
    for row in waiting(site.database, ArticlePublished.name):
        on_article_published(site, ArticlePublished(**row.payload))
    spread(site)
    with site.database.read() as session:
        return list(session.scalars(select(Notice).order_by(Notice.id)))


def test_an_article_made_readable_is_announced_once_in_its_language(site: Site, cast: Cast) -> None:
    with site.database.write() as session:
        slug = write(session, "Totals differ", "xtreme", products=["ledger"], published=False).slug
        publish(session, SYSTEM, slug)
    (notice,) = announced(site)
    assert (notice.event, notice.language) == ("article-published", "en")
    assert belled(site.database, notice) == sorted([cast.anna.id, cast.piero.id])
    with site.database.write() as session:
        unpublish(session, SYSTEM, slug)
        publish(session, SYSTEM, slug)
    assert len(announced(site)) == 1


def test_an_import_tells_nobody(site: Site, cast: Cast) -> None:
    with site.database.write() as session:
        write(session, "Totals differ", products=["ledger"])
    assert announced(site) == []


def test_new_words_are_announced_in_their_own_language(site: Site, cast: Cast) -> None:
    with site.database.write() as session:
        session.merge(cast.anna).language = "it"
        english = write(session, "Totals differ", it="I totali divergono", products=["ledger"])
        key = english.article.key
        italian = session.scalars(
            ArticleTranslation.visible_to(SYSTEM).where(Article.key == key, ArticleTranslation.language == "it")
        ).one()
        revise(session, SYSTEM, italian.slug, title="I totali divergono", markdown="Parole nuove.")
    (notice,) = announced(site)
    assert (notice.event, notice.language, notice.subject) == ("article-updated", "it", f"article:{key}")
    assert belled(site.database, notice) == [cast.anna.id]


def test_only_the_last_of_several_texts_is_announced(site: Site, cast: Cast) -> None:
    with site.database.write() as session:
        slug = write(session, "Totals differ", products=["ledger"]).slug
        revise(session, SYSTEM, slug, title="Totals differ", markdown="Once.")
        revise(session, SYSTEM, slug, title="Totals differ", markdown="Twice.")
    assert len(announced(site)) == 1


@pytest.mark.parametrize("fate", ["unpublished", "deleted"])
def test_what_is_gone_before_its_announcement_is_not_announced(site: Site, cast: Cast, fate: str) -> None:
    with site.database.write() as session:
        slug = write(session, "Totals differ", products=["ledger"]).slug
        revise(session, SYSTEM, slug, title="Totals differ", markdown="Once.")
    with site.database.write() as session:
        (unpublish if fate == "unpublished" else delete_article)(session, SYSTEM, slug)
    assert announced(site) == []


def test_what_becomes_narrower_before_it_is_told_is_told_to_fewer(site: Site, cast: Cast) -> None:
    with site.database.write() as session:
        slug = write(session, "Totals differ", "xtreme", products=["ledger"]).slug
        revise(session, SYSTEM, slug, title="Totals differ", markdown="Once.")
    for row in waiting(site.database, ArticlePublished.name):
        on_article_published(site, ArticlePublished(**row.payload))
    with site.database.write() as session:
        change_audience(session, SYSTEM, slug, "premium", ladder=site.plans.ladder)
    (notice,) = announced(site)
    assert belled(site.database, notice) == [cast.piero.id]


def test_a_typo_is_told_to_nobody_but_a_first_publication_is(site: Site, cast: Cast) -> None:
    with site.database.write() as session:
        row = write(session, "Totals differ", products=["ledger"])
        key, revision = row.article.key, row.revision_id or 0
    on_article_published(site, ArticlePublished(key, "en", revision, False, "typo"))
    assert announced(site) == []
    on_article_published(site, ArticlePublished(key, "en", revision, True, "typo"))
    on_article_published(site, ArticlePublished(key, "en", revision, True, "typo"))
    assert [notice.event for notice in announced(site)] == ["article-published"]


def test_categories_above_count_as_followed(site: Site, cast: Cast) -> None:
    with site.database.write() as session:
        ensure_category(session, SYSTEM, "ledger", {"en": "Ledger"})
        ensure_category(session, SYSTEM, "ledger/closing", {"en": "Closing"}, parent="ledger")
        follow(session, cast.elena.id, Ref("category", "ledger"), Level.TRACKING)
        follow(session, cast.sara.id, Ref("tag", "vat"), Level.TRACKING)
        row = write(session, "Totals differ", category="ledger/closing", tags=["vat"])
        publish(session, SYSTEM, row.slug)
        revise(session, SYSTEM, row.slug, title="Totals differ", markdown="New.")
    (notice,) = announced(site)
    assert belled(site.database, notice) == sorted([cast.elena.id, cast.sara.id])


def test_a_subject_says_what_readers_have(site: Site, cast: Cast) -> None:
    with site.database.write() as session:
        row = write(session, "Totals differ", "premium", it="I totali", products=["ledger"], versions=["15.1"])
        key, ref = row.article.key, Ref("article", row.article.key)
        subject = subject_of(session, ref)
        assert subject is not None
        assert subject.titles == {"en": "Totals differ", "it": "I totali"}
        assert (subject.audience, subject.released) == ("premium", True)
        assert (subject.products, dict(subject.versions)) == ({"ledger"}, {"ledger": ["15.1"]})
        assert subject.paths["en"] == f"/kb/{row.slug}"
        unpublish(session, SYSTEM, row.slug)
        subject = subject_of(session, ref)
        assert subject is not None
        assert (list(subject.titles), subject.released, subject.language("en")) == (["it"], True, "it")
        unpublish(session, SYSTEM, subject.paths["it"].removeprefix("/kb/"))
        subject = subject_of(session, ref)
        assert subject is not None
        assert (sorted(subject.titles), subject.released) == (["en", "it"], False)
        assert subject_of(session, Ref("article", "nonesuch42")) is None
        assert subject_of(session, Ref("recording", key)) is None


@pytest.mark.parametrize("name", ["anonymous", "anna", "piero", "elena", "ezio", "sara"])
def test_the_keys_in_sql_are_those_that_the_rule_admits(site: Site, cast: Cast, name: str) -> None:
    with site.database.write() as session:
        for audience in ("public", "xtreme", "premium", "elite", "premium@ledger", "org:elite", "staff"):
            write(session, f"For {audience}", audience)
        unpublish(session, SYSTEM, write(session, "A draft").slug)
    plans = Plans.load()
    with site.database.read() as session:
        person = cast.people.get(name)
        viewer = viewer_of(session.get(type(person), person.id), plans) if person else anonymous()
        source = registry.sources["article"]
        keys = set(session.scalars(source.visible_keys(viewer)))
        every = session.scalars(Article.visible_to(system(), Article.key)).all()
        subjects = source.subjects(session, every)
    from sportello.core.audience import admits

    assert len(subjects) == 8
    assert keys == {key for key, one in subjects.items() if one.released and admits(viewer, one.audience)}


def test_what_can_be_followed_exists_only_for_who_reads_something_in_it(site: Site, cast: Cast) -> None:
    with site.database.write() as session:
        ensure_category(session, SYSTEM, "hidden", {"en": "Hidden"})
        row = write(session, "For elite", "elite", products=["foundry"], tags=["secret"], category="hidden")
        asked = {"product": "foundry", "category": "hidden", "tag": "secret", "article": row.article.key}
        elite, xtreme = customer("elite"), customer("xtreme", "ledger")
        for kind, key in asked.items():
            followable = registry.followables[kind]
            assert list(followable.topics(session, elite, [key])) == [key]
            assert not followable.topics(session, xtreme, [key])
            assert not followable.topics(session, elite, [])
        licensed = registry.followables["product"].topics(session, xtreme, ["ledger", "harbor", "nonesuch"])
        assert {key: topic.name("it") for key, topic in licensed.items()} == {"ledger": "Ledger"}
        (topic,) = registry.followables["article"].topics(session, elite, [row.article.key]).values()
        assert (topic.name("it"), topic.path) == ("For elite", f"/kb/{row.slug}")


def test_the_time_of_a_publication_to_come_is_not_now(site: Site, cast: Cast) -> None:
    with site.database.write() as session:
        row = write(session, "Totals differ")
        row.published_at = clock.now().replace(year=clock.now().year + 1)
        row.article.published_at = row.published_at
        key, revision = row.article.key, row.revision_id or 0
    on_article_published(site, ArticlePublished(key, "en", revision, True, "normal"))
    assert announced(site) == []
