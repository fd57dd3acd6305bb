"""What readers meet of it: the old address of an archived article, and what search finds."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from editorial import services
from kb.services import change_audience
from sportello.core.db import Database
from sportello.core.settings import Settings
from tests.editorial.writing import begin, save, viewer
from tests.kb.articles import SYSTEM, write
from tests.people import LADDER, Cast
from tests.work import work_off

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """As many searches as the test likes."""
    return replace(settings, limit_search_person=0)


def test_the_address_of_an_archived_article_leads_to_what_replaces_it_or_says_so_to_its_readers(
    app: Flask, sign_in: SignIn, database: Database, cast: Cast
) -> None:
    sara = viewer(cast.sara)
    with database.write() as session:
        new = write(session, "The new way", "premium").slug
        newer = write(session, "The newest way", "premium").slug
        old, alone = write(session, "The old way", "premium").slug, write(session, "Alone", "premium").slug
        services.archive(session, sara, old, new)
        services.archive(session, sara, new, newer)
        services.archive(session, sara, alone)
    piero, anna = sign_in("piero"), sign_in("anna")
    answer = piero.get(f"/kb/{old}")
    assert (answer.status_code, answer.location) == (302, f"/kb/{newer}")
    assert "“The old way” was archived" in piero.get(answer.location).get_data(as_text=True)
    gone = piero.get(f"/kb/{alone}")
    assert gone.status_code == 410
    assert "Alone" in gone.get_data(as_text=True)
    assert sign_in("sara").get(f"/kb/{old}").status_code == 200
    for client in (anna, sign_in("anonymous")):
        nowhere = client.get("/kb/nowhere-22222")
        for slug in (old, alone):
            assert (client.get(f"/kb/{slug}").status_code, nowhere.status_code) == (404, 404)
    with database.write() as session:
        change_audience(session, SYSTEM, newer, "elite", ladder=LADDER)
    answer = piero.get(f"/kb/{old}")
    assert answer.status_code == 410
    assert "newest" not in answer.get_data(as_text=True)


def test_search_has_what_is_published_and_nothing_that_is_staged_archived_or_binned(
    app: Flask, sign_in: SignIn, database: Database, cast: Cast
) -> None:
    sara = viewer(cast.sara)

    def found(word: str) -> bool:
        pages = [sign_in(name).get(f"/search?q={word}").get_data(as_text=True) for name in ("sara", "piero")]
        assert (f"<mark>{word}" in pages[0]) == (f"<mark>{word}" in pages[1])
        return f"<mark>{word}" in pages[0]

    with database.write() as session:
        slug = begin(session, sara, "Zanzibar", markdown="About zanzibar").slug
        save(session, sara, slug, audience="premium")
    work_off(app)
    assert not found("zanzibar")
    with database.write() as session:
        slug = services.publish_change(session, sara, slug, ladder=LADDER).slug
        save(session, sara, slug, title="Zanzibar", markdown="About zanzibar and quebec")
    work_off(app)
    assert found("zanzibar")
    assert not found("quebec")
    for away, back in ((services.archive, services.unarchive), (services.bin_article, services.unbin)):
        with database.write() as session:
            away(session, sara, slug)
        assert not found("zanzibar")  # at once, before the worker has done anything
        work_off(app)
        assert not found("zanzibar")
        with database.write() as session:
            back(session, sara, slug)
        work_off(app)
        assert found("zanzibar")
