"""Critical solutions are a row of the plans matrix: the plans file decides whose organisations are told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from sportello.accounts.plans import SHIPPED, Feature, Plans
from sportello.accounts.viewer import viewer_of
from sportello.core.audience import Viewer
from sportello.core.db import Database
from sportello.core.errors import Conflict, Forbidden
from sportello.core.handling import Site
from sportello.core.settings import Settings
from sportello.notifications.delivery.asking import OVER
from sportello.notifications.models import CriticalNotice, Delivery, Notice
from sportello.notifications.queries.critical.banner import banners, my_notices
from sportello.notifications.queries.critical.reach import reached
from sportello.notifications.queries.critical.subjects import abouts
from sportello.notifications.registry import registry
from sportello.notifications.services.critical import send
from sportello.notifications.services.critical.acknowledge import acknowledge
from tests.notifications import alarms
from tests.notifications.alarms import closing, drafted, told, viewer, work
from tests.notifications.posting import arrived, send_mails
from tests.notifications.telling import spread, tell
from tests.notifications.test_beyond import addressed, called, connect, register
from tests.notifications.things import ALARM, Posts
from tests.people import Cast

ROW = "values = {{ xtreme = {}, premium = true, elite = true }}"
SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def plans_file(tmp_path: Path) -> Path:
    """The plans of a vendor whose lowest plan has no critical solutions."""
    text = SHIPPED.read_text("utf-8")
    head, key, rest = text.partition('key = "critical-solutions"')
    path = tmp_path / "plans.toml"
    path.write_text(head + key + rest.replace(ROW.format("true"), ROW.format("false"), 1), "utf-8")
    return path


@pytest.fixture
def settings(settings: Settings, plans_file: Path) -> Settings:
    return replace(settings, plans_file=str(plans_file))


def anna(site: Site, cast: Cast) -> Viewer:
    return viewer_of(cast.anna, site.plans)


def critical(site: Site, cast: Cast) -> CriticalNotice:
    """One about Ledger, which Xtreme and Premium license, and everybody may read."""
    with site.database.write() as session:
        notice = drafted(session, viewer(cast.sara), closing(session))
        return send.send(session, viewer(cast.ada), notice.key, plans=site.plans, two_people=False)


def test_the_shipped_plans_have_it_and_a_feature_is_asked_by_name(site: Site, cast: Cast) -> None:
    assert all(Feature.CRITICAL_SOLUTIONS in plan.features for plan in Plans.load(None).plans)
    assert Feature.CRITICAL_SOLUTIONS not in anna(site, cast).features
    assert Feature.CRITICAL_SOLUTIONS in viewer_of(cast.piero, site.plans).features
    assert viewer_of(cast.ezio, site.plans).features == viewer_of(cast.sara, site.plans).features == frozenset()


def test_an_organisation_without_it_is_not_counted_told_or_asked(app: Flask, cast: Cast) -> None:
    site: Site = app.extensions["sportello.site"]
    desk = register(site, cast, "premium", "desk@premium.example")
    register(site, cast, "xtreme", "desk@xtreme.example")
    notice = critical(site, cast)
    with site.database.read() as session:
        who = reached(session, site.plans, notice.products, abouts(session, [notice])[notice.subject])
        assert (who.organisations, who.people, who.addresses) == (1, 1, 1)
        assert banners(session, anna(site, cast)) == my_notices(session, anna(site, cast)) == []
        assert len(banners(session, viewer_of(cast.piero, site.plans))) == 1
    work(app)
    assert told(site.database, "critical-notice") == ["piero"]
    with site.database.read() as session:
        assert addressed(site, session.scalars(select(Notice)).one()) == [desk]
    with site.database.write() as session, pytest.raises(Forbidden):
        acknowledge(session, anna(site, cast), notice.key, 1)


def test_nobody_to_tell_is_said_before_it_goes_out(site: Site, cast: Cast) -> None:
    with site.database.write() as session:
        session.merge(cast.piero).active = False
        notice = drafted(session, viewer(cast.sara), closing(session))
        with pytest.raises(Conflict, match="Nobody would be told"):
            send.send(session, viewer(cast.ada), notice.key, plans=site.plans, two_people=False)


def test_the_page_of_an_organisation_without_it_has_no_banner(app: Flask, cast: Cast, sign_in: SignIn) -> None:
    critical(app.extensions["sportello.site"], cast)
    assert alarms.WORDS.consequence["en"] in sign_in("piero").get("/plans").text
    assert alarms.WORDS.consequence["en"] not in sign_in("anna").get("/plans").text


def test_plans_that_are_replaced_between_queueing_and_sending_count_when_it_is_sent(
    database: Database, settings: Settings, cast: Cast, site: Site
) -> None:
    """Told under plans that have it, sent under those that do not."""
    before = replace(site, plans=Plans.load(None))
    register(before, cast, "xtreme", "desk@xtreme.example")
    connect(before, cast, "xtreme", ALARM)
    notice = critical(before, cast)
    spread(before)
    with database.read() as session:
        waiting = session.scalars(select(Delivery).join(Notice).where(Notice.subject == f"critical:{notice.key}")).all()
    assert {row.state for row in waiting} == {"queued"}
    assert len(waiting) == 3  # Anna, Piero, and the mailbox
    send_mails(site)
    assert [mail["To"] for mail in arrived(site)] == [cast.piero.email]
    with database.read() as session:
        dropped = session.scalars(select(Delivery.error).where(Delivery.state == "dropped")).all()
    assert len(dropped) == 2
    assert OVER not in dropped


def test_systems_are_licensees_too(site: Site, cast: Cast, posts: Posts) -> None:
    event = replace(ALARM, feature=Feature.CRITICAL_SOLUTIONS)
    registry.add_event(event)
    connect(site, cast, "xtreme", ALARM)
    piero = connect(site, cast, "premium", ALARM)
    assert called(site, tell(site, event, posts.write("Fire", products=["ledger"]))) == [piero]
