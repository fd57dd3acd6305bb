"""R6 on the wire: without its database the site says what is wrong and when to come back, in the reader's language."""

import contextlib
import time
from dataclasses import replace

import pytest
from flask import Flask

from sportello.core.db import Database
from sportello.core.settings import Settings
from sportello.portal.app import create_app
from tests.browsing import client_for
from tests.people import Cast

NOBODY_LISTENS = "postgresql+psycopg://nobody@127.0.0.1:1/none"
WORDS = {"en": '<html lang="en"', "it": '<html lang="it"'}
PAGES = (
    "/",
    "/kb",
    "/kb/some-article-abcde",
    "/search?q=invoice",
    "/sitemap.xml",
    "/staff/",
    "/settings",
    "/organisation",
)


@pytest.fixture
def away(settings: Settings) -> Flask:
    """An application whose database nobody answers for."""
    app = create_app(replace(settings, database_url=NOBODY_LISTENS), Database(NOBODY_LISTENS))
    app.config.update(WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    return app


@pytest.mark.parametrize("language", ["en", "it"])
def test_every_page_that_needs_the_database_says_when_to_come_back(away: Flask, language: str) -> None:
    client = away.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "somebody-who-was-signed-in"
    for address in PAGES:
        started = time.perf_counter()
        answer = client.get(address, headers={"Accept-Language": language})
        assert (address, answer.status_code) == (address, 503)
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.headers["Cache-Control"] == "no-store"
        assert WORDS[language] in answer.text
        assert time.perf_counter() - started < 10


def test_signed_out_what_needs_no_database_still_answers(away: Flask) -> None:
    client = away.test_client()
    for address in ("/plans", "/privacy", "/robots.txt", "/sign-in", "/opensearch.xml", "/favicon.ico"):
        assert client.get(address).status_code == 200, address
    assert client.get("/no-such-page").status_code == 404


def test_signing_in_says_so_too(away: Flask) -> None:
    answer = away.test_client().post("/sign-in", data={"email": "anna@xtreme.example", "password": "x"})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_health_is_degraded_and_not_an_error(away: Flask) -> None:
    answer = away.test_client().get("/healthz")
    assert (answer.status_code, answer.text.strip()) == (503, "degraded")


def test_without_the_counters_people_still_search_and_nobody_guesses_passwords(
    settings: Settings, database: Database, cast: Cast
) -> None:
    """Searching is not limited meanwhile; signing in is refused, because failures could not be counted."""
    broken = Database(settings.database, NOBODY_LISTENS)
    app = create_app(settings, broken)
    app.config.update(WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    client = client_for(app, None)
    assert client.get("/search?q=invoice").status_code == 200
    assert client.get("/search/suggest?q=inv").status_code == 200
    assert client.post("/sign-in", data={"email": "anna@xtreme.example", "password": "x"}).status_code == 503
    broken.dispose()


def test_a_language_that_the_catalogue_lacks_is_no_error(away: Flask) -> None:
    for header in ("", "xx", "de, it;q=0.5", "*", "it-CH,it;q=0.9", "\xff", "a" * 5000, "en;q=x"):
        assert away.test_client().get("/", headers={"Accept-Language": header}).status_code == 503


def test_when_every_connection_is_taken_the_answer_is_to_come_back(settings: Settings, database: Database) -> None:
    """Not an error of ours: the pool gives up after a few seconds, and the next moment may do."""
    small = Database(settings.database, settings.counters_database)
    small.engine.pool._timeout = 0.1  # type: ignore[attr-defined]
    app = create_app(settings, small)
    app.config.update(PROPAGATE_EXCEPTIONS=False)
    with contextlib.ExitStack() as taken:
        for _ in range(small.engine.pool.size() + small.engine.pool._max_overflow):  # type: ignore[attr-defined]
            taken.enter_context(small.engine.connect())
        answer = client_for(app, None).get("/kb")
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert client_for(app, None).get("/kb").status_code == 200
    small.dispose()
