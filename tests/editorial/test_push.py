"""An editor tells everybody who may read an article: counted before, once for each text, with a sentence of theirs."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.services import publish, revise, unpublish
from kb.services.push import push_article, push_preview
from sportello.accounts.models import Person
from sportello.core import clock
from sportello.core.audience import Role, Viewer
from sportello.core.db import Database
from sportello.core.errors import Conflict, Forbidden, Invalid, NotFound
from sportello.core.handling import Site
from sportello.core.types import Ref
from sportello.notifications.levels import Level
from sportello.notifications.models import ChannelChoice, Notice
from sportello.notifications.queries.audience import audience_of
from sportello.notifications.registry import Subject, registry
from tests.browsing import client_for
from tests.editorial.writing import PLANS, make_agent, viewer
from tests.kb.articles import SYSTEM, write
from tests.notifications.telling import belled, mailed, spread
from tests.notifications.things import follow
from tests.people import Cast, make_person

AUDIENCES = ("public", "xtreme", "premium", "elite", "premium@harbor", "org:elite", "staff")


@pytest.fixture
def site(app: Flask) -> Site:
    made: Site = app.extensions["sportello.site"]
    return made


@pytest.fixture
def sara(cast: Cast) -> Viewer:
    return viewer(cast.sara)


def fill(session: Session, cast: Cast) -> None:
    """Colleagues, somebody without an organisation, somebody who left, choices and a second factor."""
    make_person(session, "bruno", session.merge(cast.organisations["premium"]))
    make_person(session, "carla", session.merge(cast.organisations["premium"]), Role.MODERATOR)
    make_person(session, "dario", None, Role.CUSTOMER, domain="nowhere").active = True
    make_person(session, "left", session.merge(cast.organisations["xtreme"])).active = False
    session.merge(cast.ada).totp_confirmed_at = clock.now()
    for person, channels in ((cast.piero, ("portal", "mail")), (cast.anna, ("mail",))):
        for channel in channels:
            session.add(ChannelChoice(person_id=person.id, event="article-pushed", channel=channel, on=False))


@pytest.mark.parametrize("totp", [False, True])
@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_preview_counts_exactly_who_is_told(
    site: Site, cast: Cast, sara: Viewer, audience: str, totp: bool
) -> None:
    site = replace(site, settings=replace(site.settings, require_staff_totp=totp))
    with site.database.write() as session:
        fill(session, cast)
        row = write(session, "Read this", audience)
        ref = Ref("article", row.article.key)
        follow(session, cast.elena.id, ref, Level.MUTED)
        follow(session, cast.ada.id, ref, Level.TRACKING)
        for name, level in (("fede", Level.NORMAL), ("gaia", Level.WATCHING)):
            agent = make_person(session, name, None, Role.AGENT)
            session.flush()
            follow(session, agent.id, ref, level)
    with site.database.read() as session:
        found = push_preview(session, sara, site.plans, row.slug, staff_totp=totp)
    with site.database.write() as session:
        notice = push_article(session, sara, row.slug, {})
    spread(site)
    told = set(belled(site.database, notice)) | set(mailed(site.database, notice))
    with site.database.read() as session:
        people = [session.get_one(Person, id) for id in told]
        staff = [person for person in people if viewer(person).is_staff]
        others = [person for person in people if person not in staff]
        assert found.audience.staff == len(staff)
        assert found.audience.people == len(others)
        assert found.audience.organisations == len({p.organisation_id for p in others if p.organisation_id})
    assert cast.sara.id not in told
    assert cast.elena.id not in told


def test_a_text_is_pushed_once_and_again_when_it_has_changed(site: Site, cast: Cast, sara: Viewer) -> None:
    with site.database.write() as session:
        slug = write(session, "Read this", it="Da leggere").slug
        first = push_article(session, sara, slug, {"en": "  It saves\n an hour. ", "it": "", "xx": "No"})
        assert first.says == {"en": "It saves an hour."}
        with pytest.raises(Conflict):
            push_article(session, sara, slug, {})
        other = next(
            path for path in push_preview(session, sara, PLANS, slug).subject.paths.values() if slug not in path
        )
        with pytest.raises(Conflict):  # the other language is the same article
            push_article(session, sara, other.removeprefix("/kb/"), {})
        revise(session, SYSTEM, slug, title="Read this", markdown="Other words.")
        assert push_preview(session, sara, PLANS, slug).before is None
        assert push_article(session, sara, slug, {}).id != first.id


def test_a_push_is_told_to_those_who_may_read_it_when_they_are_told(site: Site, cast: Cast, sara: Viewer) -> None:
    with site.database.write() as session:
        row = write(session, "Read this", "xtreme")
        notice = push_article(session, sara, row.slug, {})
        row.article.audience = "elite"
    spread(site)
    assert belled(site.database, notice) == [cast.elena.id]


def test_staff_hear_of_a_push_as_followers_and_of_what_is_for_staff_as_its_audience(
    site: Site, cast: Cast, sara: Viewer
) -> None:
    def told(audience: str) -> tuple[list[int], list[int]]:
        with site.database.write() as session:
            row = write(session, "Read this", audience)
            if audience == "xtreme":
                follow(session, cast.ada.id, Ref("article", row.article.key), Level.TRACKING)
            notice = push_article(session, sara, row.slug, {})
        spread(site)
        return belled(site.database, notice), mailed(site.database, notice)

    customers = sorted([cast.anna.id, cast.piero.id, cast.elena.id])
    assert told("xtreme") == (sorted([*customers, cast.ada.id]), customers)  # she follows it, not closely
    assert told("public")[0] == sorted([*customers, cast.ezio.id])
    assert told("staff") == ([cast.ada.id], [cast.ada.id])


def test_who_may_not_push_is_told_so_or_nothing(session: Session, cast: Cast) -> None:
    slug, hidden = write(session, "Read this").slug, write(session, "Hidden", "elite").slug
    for actor in (make_agent(session), viewer(cast.piero), viewer(None)):
        with pytest.raises(Forbidden):
            push_article(session, actor, slug, {})
    with pytest.raises(NotFound):
        push_article(session, viewer(cast.anna), hidden, {})


def test_what_nobody_reads_and_sentences_that_are_too_long_are_refused(
    session: Session, cast: Cast, sara: Viewer
) -> None:
    slug = write(session, "Read this").slug
    with pytest.raises(Invalid) as refused:
        push_article(session, sara, slug, {"en": "x" * 301})
    assert refused.value.field == "says_en"
    unpublish(session, SYSTEM, slug)
    with pytest.raises(Conflict):
        push_article(session, sara, slug, {})
    with pytest.raises(Conflict):
        push_preview(session, sara, PLANS, slug)
    publish(session, SYSTEM, slug)
    assert session.scalars(select(Notice)).all() == []


def test_only_events_for_an_audience_are_counted(session: Session) -> None:
    subject = Subject(ref=Ref("article", "x"), audience="public", released=False, titles={}, paths={})
    with pytest.raises(ValueError, match="not for an audience"):
        audience_of(session, PLANS, registry.events["article-published"], subject)
    assert audience_of(session, PLANS, registry.events["article-pushed"], subject).people == 0


@pytest.fixture
def slug(database: Database, cast: Cast) -> str:
    with database.write() as session:
        return write(session, "Read this", "premium", it="Da leggere").slug


@pytest.fixture
def editor(app: Flask, cast: Cast) -> FlaskClient:
    return client_for(app, cast.sara)


def test_the_page_says_how_many_and_sends(app: Flask, site: Site, cast: Cast, editor: FlaskClient, slug: str) -> None:
    assert f"/kb/{slug}/push" in editor.get(f"/kb/{slug}").text
    page = editor.get(f"/kb/{slug}/push").text
    assert "Tell 2 people" in page  # Piero and Elena
    assert "in Italiano" in page
    answer = editor.post(f"/kb/{slug}/push", data={"says_en": "It saves an hour.", "says_it": "Fa risparmiare un’ora."})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/kb/{slug}/push")
    assert "its readers are being told" in editor.get(f"/kb/{slug}/push").text
    spread(site)
    page = editor.get(f"/kb/{slug}/push").text
    assert "2 people were told." in page
    assert "Fa risparmiare un’ora." in page
    assert "<textarea" not in page
    again = editor.post(f"/kb/{slug}/push", data={})
    assert (again.status_code, again.headers["Location"]) == (303, f"/kb/{slug}")
    assert "pushed already" in editor.get(f"/kb/{slug}").text


def test_a_sentence_that_is_too_long_comes_back(editor: FlaskClient, slug: str) -> None:
    answer = editor.post(f"/kb/{slug}/push", data={"says_it": "y" * 301})
    assert answer.status_code == 400
    assert "y" * 301 in answer.text
    assert 'id="says_it-error"' in answer.text


def test_the_page_says_when_nobody_would_be_told(app: Flask, site: Site, cast: Cast, editor: FlaskClient) -> None:
    with site.database.write() as session:
        session.merge(cast.ada).active = False
        slug = write(session, "For staff", "staff").slug
    page = editor.get(f"/kb/{slug}/push").text
    assert "Nobody would be told" in page
    assert "btn-primary" not in page.split("<main", 1)[-1]


def test_an_article_that_nobody_reads_cannot_be_pushed(site: Site, editor: FlaskClient, slug: str) -> None:
    with site.database.write() as session:
        slug = write(session, "Draft").slug
        unpublish(session, SYSTEM, slug)
    for answer in (editor.get(f"/kb/{slug}/push"), editor.post(f"/kb/{slug}/push")):
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/kb/{slug}")


def test_for_everybody_else_the_page_does_not_exist(app: Flask, site: Site, cast: Cast, slug: str) -> None:
    with site.database.write() as session:
        make_agent(session)
        gino = session.scalars(select(Person).where(Person.name == "Gino Test")).one()
    for person in (cast.piero, gino):
        client = client_for(app, person)
        assert client.get(f"/kb/{slug}/push").status_code == 404
        assert client.post(f"/kb/{slug}/push").status_code == 404
        assert f"/kb/{slug}/push" not in client.get(f"/kb/{slug}").text


def test_the_page_speaks_the_language_of_the_editor(site: Site, cast: Cast, editor: FlaskClient, slug: str) -> None:
    with site.database.write() as session:
        session.merge(cast.sara).language = "it"
    page = editor.get(f"/kb/{slug}/push").text
    assert '<html lang="it"' in page
    assert "Organizzazioni" in page
