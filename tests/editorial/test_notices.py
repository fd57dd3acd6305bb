"""What readers are told on a page: that its translation is behind, in both languages, and where to read on."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from editorial import services
from kb.models import Significance
from kb.services import unpublish
from sportello.accounts.models import Person
from sportello.core.audience import Viewer
from sportello.core.db import Database
from tests.editorial.writing import save, viewer
from tests.kb.articles import SOLUTION, write
from tests.people import LADDER, Cast

SignIn = Callable[[str], FlaskClient]
ENGLISH, ITALIAN = "The original of this translation has changed since.", "L'originale di questa traduzione è cambiato"


@pytest.fixture
def sara(cast: Cast) -> Viewer:
    return viewer(cast.sara)


@pytest.fixture
def pair(database: Database, sara: Viewer) -> tuple[str, str]:
    """A public article in English and its Italian translation: their slugs."""
    with database.write() as session:
        source = write(session, "Invoice total is off").slug
        made = services.start_translation(session, sara, source, "it", title="Il totale", markdown=SOLUTION)
        return source, services.publish_change(session, sara, made.slug, ladder=LADDER).slug


def change(database: Database, sara: Viewer, slug: str, weight: Significance) -> None:
    with database.write() as session:
        save(session, sara, slug, markdown=SOLUTION + f"More, {weight}.\n", significance=weight)
        services.publish_change(session, sara, slug, ladder=LADDER)


def told(client: FlaskClient, slug: str) -> tuple[bool, bool]:
    page = client.get(f"/kb/{slug}").text.replace("&#39;", "'")
    return ENGLISH in page, ITALIAN in page


@pytest.mark.parametrize("language", ["en", "it"])
def test_readers_of_a_stale_translation_are_told_in_both_languages(
    sign_in: SignIn, pair: tuple[str, str], database: Database, sara: Viewer, cast: Cast, language: str
) -> None:
    source, translation = pair
    with database.write() as session:
        session.get_one(Person, cast.anna.id).language = language
    reader = sign_in("anna")
    assert told(reader, translation) == (False, False)
    change(database, sara, source, Significance.TYPO)
    assert told(reader, translation) == (False, False)
    change(database, sara, source, Significance.NORMAL)
    assert told(reader, translation) == (True, True)
    assert f'href="/kb/{source}" hreflang="en"' in reader.get(f"/kb/{translation}").text
    assert told(reader, source) == (False, False)


def test_a_staged_change_of_the_source_tells_readers_nothing(
    sign_in: SignIn, pair: tuple[str, str], database: Database, sara: Viewer
) -> None:
    source, translation = pair
    with database.write() as session:
        save(session, sara, source, markdown=SOLUTION + "Staged.\n", significance=Significance.MAJOR)
    assert told(sign_in("anna"), translation) == (False, False)


def test_a_source_that_is_no_longer_published_is_not_named(
    sign_in: SignIn, pair: tuple[str, str], database: Database, sara: Viewer
) -> None:
    source, translation = pair
    change(database, sara, source, Significance.MAJOR)
    with database.write() as session:
        unpublish(session, sara, source)
    reader = sign_in("anna")
    assert told(reader, translation) == (False, False)
    assert source not in reader.get(f"/kb/{translation}").text
