"""Who somebody is to the audience rule: effective on the next request, computed from the database as it is."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from sportello.accounts.models import Organisation, Person
from sportello.accounts.plans import Plans
from sportello.accounts.services import people, sessions
from sportello.accounts.services.sessions import Client
from sportello.accounts.viewer import find_person, viewer_for_email, viewer_of
from sportello.core import audience, clock
from sportello.core.audience import Viewer
from sportello.core.db import Database
from sportello.core.settings import Settings
from tests.people import Cast

EXPECTED = {
    "anna@xtreme.example": {"public", "xtreme", "xtreme@ledger", "org:xtreme"},
    "piero@premium.example": {
        "public", "xtreme", "premium", "xtreme@ledger", "premium@ledger", "xtreme@harbor", "premium@harbor",
        "org:premium",
    },
    "elena@elite.example": {
        "public", "xtreme", "premium", "elite", "xtreme@harbor", "premium@harbor", "elite@harbor", "org:elite",
    },
    "ezio@expired.example": {"public"},
    "sara@support.example": {"*"},
    "ada@admin.example": {"*"},
}  # fmt: skip


@pytest.mark.parametrize("email", EXPECTED)
def test_everybody_reads_exactly_what_plan_products_and_role_give(
    database: Database, cast: Cast, plans: Plans, email: str
) -> None:
    with database.read() as session:
        viewer = viewer_for_email(session, email.upper(), plans)
    assert viewer is not None
    assert viewer.audiences == EXPECTED[email]


def test_nobody_and_a_deactivated_person_read_what_is_public(plans: Plans, cast: Cast) -> None:
    cast.elena.active = False
    assert viewer_of(None, plans) == audience.anonymous()
    assert viewer_of(cast.elena, plans) == audience.anonymous()


def test_coverage_includes_its_first_and_its_last_day(plans: Plans, cast: Cast) -> None:
    organisation = cast.organisations["premium"]
    first, last, day = organisation.coverage_start, organisation.coverage_end, timedelta(days=1)
    covered = [viewer_of(cast.piero, plans, d).plan for d in (first - day, first, last, last + day)]
    assert covered == [None, "premium", "premium", None]


def test_without_coverage_no_organisation_key_stays(plans: Plans, cast: Cast) -> None:
    assert viewer_of(cast.ezio, plans).audiences == {"public"}
    assert viewer_of(cast.ezio, plans).products == frozenset()


def test_a_plan_that_is_no_longer_offered_is_no_coverage(plans: Plans, cast: Cast) -> None:
    cast.organisations["premium"].plan = "gold"
    assert viewer_of(cast.piero, plans).audiences == {"public"}


def test_staff_who_owe_a_second_factor_hold_no_rights_until_they_have_it(plans: Plans, cast: Cast) -> None:
    held_back = viewer_of(cast.sara, plans, second_factor=False)
    assert held_back.audiences == {"public"}
    assert not held_back.is_staff
    assert viewer_of(cast.piero, plans, second_factor=False).plan == "premium"


@pytest.fixture
def as_piero(database: Database, settings: Settings, plans: Plans, cast: Cast) -> Callable[[], Viewer]:
    """What the next request of Piero's browser sees."""
    with database.write() as session:
        token = sessions.open_session(session, settings, session.get_one(Person, cast.piero.id), Client())

    def next_request() -> Viewer:
        with database.read() as session:
            login = sessions.find_session(session, token)
            return viewer_of(login.person if login else None, plans)

    return next_request


def _downgrade(session: Session) -> None:
    session.query(Organisation).filter_by(key="premium").one().plan = "xtreme"


def _expire(session: Session) -> None:
    found = session.query(Organisation).filter_by(key="premium").one()
    found.coverage_end = clock.today() - timedelta(days=1)


def _take_products(session: Session) -> None:
    session.query(Organisation).filter_by(key="premium").one().products = []


def _deactivate(session: Session) -> None:
    people.deactivate(session, audience.system(), "p-piero")


def _move(session: Session) -> None:
    piero = session.query(Person).filter_by(key="p-piero").one()
    piero.organisation = session.query(Organisation).filter_by(key="elite").one()


CHANGES = {
    _downgrade: {"public", "xtreme", "xtreme@ledger", "xtreme@harbor", "org:premium"},
    _expire: {"public"},
    _take_products: {"public", "xtreme", "premium", "org:premium"},
    _deactivate: {"public"},
    _move: EXPECTED["elena@elite.example"],
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_is_effective_on_the_next_request(
    database: Database, as_piero: Callable[[], Viewer], change: Callable[[Session], None]
) -> None:
    assert as_piero().plan == "premium"
    with database.write() as session:
        change(session)
    assert as_piero().audiences == CHANGES[change]


def test_a_request_needs_one_statement_to_know_its_viewer(database: Database, as_piero: Callable[[], Viewer]) -> None:
    statements: list[str] = []
    event.listen(
        database.engine, "before_cursor_execute", lambda c, cur, statement, *rest: statements.append(statement)
    )
    viewer = as_piero()
    assert viewer.products == {"ledger", "harbor"}
    assert len([s for s in statements if s.startswith("SELECT")]) == 1


def test_an_address_is_found_in_any_case_of_letters(database: Database, cast: Cast) -> None:
    with database.read() as session:
        found = find_person(session, "  Anna@XTREME.example ")
    assert found is not None
    assert found.name == "Anna Test"
