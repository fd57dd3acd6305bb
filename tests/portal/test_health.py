"""/healthz and the doctor: what is wrong is seen, and only staff see what."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kb.models import Article
from search_index.rebuild import request_rebuild
from sportello.accounts.models import Organisation
from sportello.core import clock, outbox
from sportello.core.handling import Site
from sportello.core.settings import Settings
from sportello.notifications.events import MailDue
from sportello.notifications.models import DeliveryChannel, DeliveryState
from sportello.portal import checks, migrate
from sportello.portal.app import create_app
from sportello.portal.wiring import rebuild_index
from sportello.portal.worker.leadership import Leadership
from tests.notifications.leaving import a_delivery

SignIn = Callable[[str], FlaskClient]
TOKEN = "a-token-for-monitoring"


@pytest.fixture
def site(app: Flask) -> Site:
    made: Site = app.extensions["sportello.site"]
    return made


@pytest.fixture
def well(site: Site) -> Site:
    """Everything is there: index and a worker that leads."""
    rebuild_index(site)
    leadership = Leadership(site.database)
    assert leadership.acquire()
    yield site  # type: ignore[misc]
    leadership.release()


def test_a_site_that_is_well_says_ok(well: Site, sign_in: SignIn) -> None:
    answer = sign_in("anonymous").get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_a_worker_it_is_degraded(site: Site, sign_in: SignIn) -> None:
    rebuild_index(site)
    answer = sign_in("anonymous").get("/healthz")
    assert (answer.status_code, answer.text) == (200, "degraded\n")


def test_without_an_index_it_is_degraded(well: Site, sign_in: SignIn) -> None:
    shutil.rmtree(well.settings.index_dir)
    assert sign_in("anonymous").get("/healthz").text == "degraded\n"


def test_a_damaged_index_is_degraded_until_it_is_rebuilt(well: Site, sign_in: SignIn) -> None:
    with well.database.write() as session:
        request_rebuild(session)
    assert sign_in("anonymous").get("/healthz").text == "degraded\n"


@pytest.mark.parametrize("name", ["anonymous", "anna", "elena", "ezio"])
def test_customers_see_no_details(well: Site, sign_in: SignIn, name: str) -> None:
    assert sign_in(name).get("/healthz").text == "ok\n"


@pytest.mark.parametrize("name", ["sara", "ada"])
def test_staff_see_the_details(well: Site, sign_in: SignIn, name: str) -> None:
    details = sign_in(name).get("/healthz").json
    assert details is not None
    assert details["state"] == "ok"
    assert details["index"]["generation"] == well.engine.manifest().generation
    assert details["database"]["lag_seconds"] == 0
    assert details["worker"]["ok"] is True
    assert details["mail"] == {"by": "files"}


def test_the_token_shows_the_details_and_a_wrong_one_does_not(settings: Settings, well: Site) -> None:
    with_token = create_app(replace(settings, health_token=TOKEN), well.database)
    right = with_token.test_client().get("/healthz", headers={"Authorization": f"Bearer {TOKEN}"})
    wrong = with_token.test_client().get("/healthz", headers={"Authorization": "Bearer nothing"})
    none = with_token.test_client().get("/healthz", headers={"Authorization": "Bearer "})
    assert right.json is not None
    assert wrong.text == none.text == "ok\n"


def test_an_empty_token_opens_nothing(well: Site, sign_in: SignIn) -> None:
    answer = sign_in("anonymous").get("/healthz", headers={"Authorization": "Bearer "})
    assert answer.text == "ok\n"


def test_the_doctor_looks_at_every_part(well: Site) -> None:
    migrate.stamp(well.database)
    found = checks.run(well, checks.DOCTOR)
    assert [check.name for check in found] == [
        "database", "migrations", "audiences", "index", "worker", "notices", "mail", "media",
    ]  # fmt: skip
    assert all(check.ok for check in found), found


def test_the_doctor_finds_parked_events(well: Site) -> None:
    with well.database.write() as session:
        request_rebuild(session)
        for row in session.query(outbox.OutboxRow):
            row.parked_at = clock.now()
    (database,) = checks.run(well, (checks.database,))
    assert not database.ok
    assert "outbox" in database.line


def test_mails_that_wait_too_long_are_degraded_and_staff_see_of_which_channel(well: Site, sign_in: SignIn) -> None:
    with well.database.write() as session:
        a_delivery(session, DeliveryState.QUEUED, DeliveryChannel.WEBHOOK, age=timedelta(hours=5))
    assert sign_in("anonymous").get("/healthz").text == "ok\n", "another's system may be away"
    with well.database.write() as session:
        delivery = a_delivery(session, DeliveryState.QUEUED, age=timedelta(minutes=11))
        outbox.emit(session, MailDue(delivery.id), clock.now() - timedelta(minutes=11))
    assert sign_in("anonymous").get("/healthz").text == "degraded\n"
    details = sign_in("sara").get("/healthz").json
    assert details is not None
    told = details["notices"]
    assert [told[channel]["ok"] for channel in ("portal", "mail", "digest", "webhook")] == [True, False, True, True]
    assert told["mail"]["waiting"] == 1
    assert told["mail"]["lag_seconds"] >= 660
    assert details["database"]["ok"], "many mails on their way are no trouble of the database"


def test_the_doctor_names_the_channel_that_is_behind(well: Site) -> None:
    with well.database.write() as session:
        a_delivery(session, DeliveryState.QUEUED, age=timedelta(minutes=11))
        a_delivery(session, DeliveryState.FAILED, DeliveryChannel.DIGEST)
    (told,) = checks.run(well, (checks.notices,))
    assert not told.ok
    assert re.fullmatch(
        r"portal 0 wait; mail 1 wait, since 6\d\d s; digest 0 wait, 1 given up; webhook 0 wait "
        r"\(sportello notices list\)",
        told.line,
    )


def test_an_audience_that_the_plans_do_not_know_is_named(well: Site) -> None:
    with well.database.write() as session:
        session.add(
            Article(
                key="lost",
                kind="solution",
                audience="platinum@ledger",
                created_at=clock.now(),
                updated_at=clock.now(),
            )
        )
    with pytest.raises(checks.UnknownAudiences, match=r"article lost with audience 'platinum@ledger'"):
        checks.require_known_audiences(well.database, well.plans.ladder)


def test_an_organisation_on_a_plan_that_is_gone_is_named(well: Site) -> None:
    with well.database.write() as session:
        today = clock.today()
        session.add(
            Organisation(
                key="old", name="Old", plan="bronze", coverage_start=today, coverage_end=today, created_at=clock.now()
            )
        )
    with pytest.raises(checks.UnknownAudiences, match=r"organisation old with plan 'bronze'"):
        checks.require_known_audiences(well.database, well.plans.ladder)
