"""When nobody looks, a plan is carried out only while what it was decided on still holds."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from editorial import queries, services
from editorial.models import State, Verdict
from kb.models import Confidence
from kb.queries import get_article
from kb.services import change_audience, set_confidence
from sportello.accounts.models import Person
from sportello.core.audience import Viewer
from sportello.core.db import Database
from tests.editorial.test_schedule import HOUR, NOON, clock, sara, text, work
from tests.editorial.writing import make_agent, save, viewer
from tests.kb.articles import write
from tests.people import LADDER, Cast

__all__ = ["clock", "sara"]


def planned(database: Database, actor: Viewer, audience: str, wanted: str = "") -> str:
    """A live article with a staged text that is planned; `wanted`: the audience that the change gives it."""
    with database.write() as session:
        slug = write(session, "Live", audience, markdown="Old", confidence=Confidence.NOT_VALIDATED).slug
        fields: dict[str, Any] = {"audience": wanted} if wanted else {}
        save(session, actor, slug, markdown="New", **fields)
        services.schedule(session, actor, slug, NOON + HOUR)
    return slug


def later(app: Flask, database: Database, slug: str, sara: Viewer, clock: object) -> tuple[str, str, str]:
    """After the planned time: the text, the article's audience, where the change stands."""
    clock.move_to(NOON + HOUR + timedelta(minutes=1))  # type: ignore[attr-defined]
    work(app)
    with database.read() as session:
        change = queries.open_change(session, sara, slug)
        audience = get_article(session, sara, slug).article.audience
    return text(database, slug, sara), audience, change.state if change else ""


def test_what_was_narrowed_meanwhile_is_not_opened_again(
    app: Flask, database: Database, sara: Viewer, clock: object
) -> None:
    slug = planned(database, sara, "premium", "public")
    with database.write() as session:
        change_audience(session, sara, slug, "elite", ladder=LADDER)
    assert later(app, database, slug, sara, clock) == ("Old", "elite", State.DRAFT)


def test_words_for_few_are_not_given_to_the_many_who_read_meanwhile(
    app: Flask, database: Database, sara: Viewer, clock: object
) -> None:
    slug = planned(database, sara, "elite")
    with database.write() as session:
        change_audience(session, sara, slug, "public", ladder=LADDER)
    assert later(app, database, slug, sara, clock) == ("Old", "public", State.DRAFT)


@pytest.mark.parametrize(
    ("before", "wanted", "meanwhile"),
    [("premium", "", "elite"), ("premium", "elite", "public"), ("elite", "public", ""), ("premium", "elite", "elite")],
)
def test_what_gives_it_to_nobody_else_is_published(
    app: Flask, database: Database, sara: Viewer, clock: object, before: str, wanted: str, meanwhile: str
) -> None:
    slug = planned(database, sara, before, wanted)
    with database.write() as session:
        if meanwhile:
            change_audience(session, sara, slug, meanwhile, ladder=LADDER)
    assert later(app, database, slug, sara, clock) == ("New", wanted or meanwhile, "")


def _vouched(session: Session, slug: str, sara: Viewer, agent: Person) -> None:
    set_confidence(session, sara, slug, Confidence.VALIDATED)


def _left(session: Session, slug: str, sara: Viewer, agent: Person) -> None:
    agent.active = False


def _customer(session: Session, slug: str, sara: Viewer, agent: Person) -> None:
    agent.role_rows.clear()


@pytest.mark.parametrize("happened", [None, _vouched, _left, _customer])
def test_what_an_agent_planned_alone_needs_a_review_once_they_could_not_publish_it(
    app: Flask, database: Database, sara: Viewer, clock: object, happened: Callable[..., None] | None
) -> None:
    with database.write() as session:
        agent = make_agent(session)
    slug = planned(database, agent, "public")
    with database.write() as session:
        if happened:
            person = session.get_one(Person, agent.person_id)
            happened(session, slug, sara, person)
    found = later(app, database, slug, sara, clock)
    assert found == (("Old", "public", State.DRAFT) if happened else ("New", "public", ""))


def test_a_plan_without_a_review_that_is_off_is_a_draft_again(
    app: Flask, database: Database, sara: Viewer, cast: Cast, clock: object
) -> None:
    with database.write() as session:
        agent = make_agent(session)
    slug = planned(database, agent, "public")
    with database.write() as session:
        services.archive(session, sara, slug)
        services.unarchive(session, sara, slug)
        change = queries.open_change(session, sara, slug)
        assert change is not None
        assert (change.state, change.publish_at) == (State.DRAFT, None)
        services.submit(session, agent, slug)
        services.decide(session, viewer(cast.ada), change.key, Verdict.APPROVED)
    assert text(database, slug) == "New"
