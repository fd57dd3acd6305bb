"""Translations: begun from the source, saved with the revision that they say, stale after more than a typo."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from editorial import services
from editorial.queries.translation import article_languages
from kb.models import Significance
from kb.queries import get_article
from kb.queries.translation import stale_translation
from sportello.core.audience import Viewer
from sportello.core.db import Database
from tests.editorial.forms import filled
from tests.editorial.writing import save, viewer
from tests.kb.articles import SOLUTION, SYSTEM, customer, write
from tests.people import LADDER, Cast

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def sara(cast: Cast) -> Viewer:
    return viewer(cast.sara)


def publish(session: Session, actor: Viewer, slug: str) -> str:
    return services.publish_change(session, actor, slug, ladder=LADDER).slug


@pytest.fixture
def source(session: Session, cast: Cast) -> str:
    """A public article in English; its slug."""
    return write(session, "Invoice total is off").slug


@pytest.fixture
def italian(session: Session, sara: Viewer, source: str) -> str:
    """Its published Italian translation; its slug."""
    made = services.start_translation(session, sara, source, "it", title="Il totale non torna", markdown=SOLUTION)
    return publish(session, sara, made.slug)


def change(session: Session, actor: Viewer, slug: str, words: str, weight: Significance) -> None:
    save(session, actor, slug, markdown=SOLUTION + words, significance=weight)
    publish(session, actor, slug)


READER = customer("xtreme")


def test_a_fresh_translation_is_not_stale(session: Session, italian: str) -> None:
    assert stale_translation(session, READER, italian) is None


def test_after_a_normal_or_major_change_of_the_source_readers_are_told(
    session: Session, sara: Viewer, source: str, italian: str
) -> None:
    change(session, sara, source, "One.\n", Significance.TYPO)
    assert stale_translation(session, READER, italian) is None
    change(session, sara, source, "Two.\n", Significance.NORMAL)
    change(session, sara, source, "Three.\n", Significance.MAJOR)
    stale = stale_translation(session, READER, italian)
    assert stale is not None
    assert (stale.slug, stale.language, stale.behind) == (source, "en", 2)
    assert stale_translation(session, READER, source) is None


def test_a_staged_change_of_the_source_makes_nothing_stale(
    session: Session, sara: Viewer, source: str, italian: str
) -> None:
    save(session, sara, source, markdown=SOLUTION + "Staged.\n", significance=Significance.MAJOR)
    assert stale_translation(session, READER, italian) is None


def test_a_source_that_a_reader_cannot_read_is_not_mentioned(
    session: Session, sara: Viewer, source: str, italian: str
) -> None:
    change(session, sara, source, "Two.\n", Significance.NORMAL)
    get_article(session, SYSTEM, source).published_at = None
    session.flush()
    assert stale_translation(session, READER, italian) is None
    assert stale_translation(session, sara, italian) is None


def test_an_imported_translation_that_says_no_source_is_never_stale(session: Session, sara: Viewer) -> None:
    slug = write(session, "Both at once", it="Tutte e due").slug
    article = get_article(session, SYSTEM, slug)
    other = next(row for row in article_languages(session, sara, article.article_id) if row.slug != slug)
    change(session, sara, slug, "More.\n", Significance.MAJOR)
    assert stale_translation(session, READER, str(other.slug)) is None


def test_catching_up_makes_it_fresh_again(session: Session, sara: Viewer, source: str, italian: str) -> None:
    change(session, sara, source, "Two.\n", Significance.NORMAL)
    article = get_article(session, SYSTEM, source)
    [state] = [row for row in article_languages(session, sara, article.article_id) if row.slug == italian]
    assert state.behind == 1
    newest = article.revision_id
    save(session, sara, italian, markdown=SOLUTION + "Due.\n", source_revision_id=newest)
    [state] = [row for row in article_languages(session, sara, article.article_id) if row.slug == italian]
    assert state.behind == 0  # what is staged knows it
    assert stale_translation(session, READER, italian) is not None  # what readers have does not yet
    publish(session, sara, italian)
    assert stale_translation(session, READER, italian) is None


def test_a_translation_over_the_web(sign_in: SignIn, database: Database, cast: Cast) -> None:
    with database.write() as session:
        source = write(session, "Invoice total is off").slug
    sara = sign_in("sara")
    page = f"/kb/{source}/translate/it"
    assert "Nobody has begun this translation" in sara.get(page).text
    assert sara.post(page, data={"title": "Il totale non torna"}).status_code == 303
    typed = filled(sara.get(page).text, title="Il totale della fattura", part={3: "Arrotondamento."})
    assert sara.post(page, data=typed).status_code == 303
    with database.write() as session:
        actor = viewer(cast.sara)
        change(session, actor, source, "Since then.\n", Significance.NORMAL)
    shown = sara.get(page).text
    assert "The source changed since" in shown
    assert "Since then." in shown
    assert "1 revision behind" in sara.get(f"/kb/{source}/edit").text
    assert sara.post(page, data=filled(shown, part={3: "Arrotondamento, da allora."})).status_code == 303
    assert "The source changed since" not in sara.get(page).text
    assert sara.get(f"/kb/{source}/translate/en").status_code == 404
    assert sara.get(f"/kb/{source}/translate/fr").status_code == 404


def test_saying_that_nothing_needs_translating_is_enough(sign_in: SignIn, database: Database, cast: Cast) -> None:
    """The source changed, the translation needs no word: saving it unchanged says so."""
    with database.write() as session:
        actor = viewer(cast.sara)
        source = write(session, "Invoice total is off").slug
        services.start_translation(session, actor, source, "it", title="Il totale", markdown=SOLUTION)
    with database.write() as session:
        change(session, actor, source, "Since then.\n", Significance.NORMAL)
    sara = sign_in("sara")
    page = f"/kb/{source}/translate/it"
    assert sara.post(page, data=filled(sara.get(page).text)).status_code == 303
    assert "The source changed since" not in sara.get(page).text
