"""My settings show when the next digest comes and what it would hold: exactly what would be sent."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import update

from kb.models import Article
from sportello.accounts.models import Organisation, Person
from sportello.core import clock
from sportello.core.db import Database
from sportello.core.types import Ref
from sportello.notifications.models import DigestRhythm, Preference
from sportello.notifications.services.announce import announce
from sportello.notifications.services.seen import note_seen
from tests.kb.articles import write
from tests.people import Cast

SUNDAY = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAGE = "/settings/notifications/digest"
Page = Callable[[str], str]


@pytest.fixture(autouse=True)
def sunday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(SUNDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def page(sign_in: Callable[[str], FlaskClient]) -> Page:
    """The page as somebody of the cast sees it."""

    def made(name: str) -> str:
        answer = sign_in(name).get(PAGE)
        assert answer.status_code == 200
        return answer.text

    return made


def tell(database: Database, title: str, audience: str = "public", **more: object) -> str:
    with database.write() as session:
        key = write(session, title, audience, **{"products": ["ledger"], **more}).article.key
        announce(session, "article-published", Ref("article", key))
    return key


def prefer(database: Database, person: Person, **what: object) -> None:
    with database.write() as session:
        session.merge(Preference(person_id=person.id, **{"digest": DigestRhythm.WEEKLY, **what}))


def test_it_says_when_and_what(database: Database, page: Page) -> None:
    tell(database, "Rounding of totals", summary="Totals are off by one.")
    shown = page("anna")
    assert "Monday 23 November 2026, 07:00" in shown
    assert "New articles" in shown
    assert "Rounding of totals" in shown
    assert "Totals are off by one." in shown
    assert "16 November 2026" in shown


def test_without_news_it_says_that_nothing_is_sent(page: Page) -> None:
    assert "Nothing to tell yet." in page("anna")
    assert "Nothing to tell yet." in page("ada")


def test_who_gets_none_is_shown_how_to_choose(database: Database, cast: Cast, page: Page) -> None:
    prefer(database, cast.anna, digest=DigestRhythm.NEVER)
    tell(database, "Rounding")
    shown = page("anna")
    assert "You get no digests." in shown
    assert "Rounding" not in shown


@pytest.mark.parametrize(
    ("wishes", "moment"),
    [
        ({"digest": DigestRhythm.DAILY}, "Monday 23 November 2026, 07:00"),
        ({"quiet_from": 22, "quiet_to": 9}, "Monday 23 November 2026, 09:00"),
        ({"next_digest_at": datetime(2026, 11, 23, 12, tzinfo=UTC)}, "Monday 23 November 2026, 13:00"),
    ],
)
def test_the_time_is_that_of_sending(
    database: Database, cast: Cast, page: Page, wishes: dict[str, object], moment: str
) -> None:
    """Also for somebody who has moved from New York, where seven is 13 o'clock in Rome."""
    prefer(database, cast.anna, **wishes)
    assert moment in page("anna")


def test_each_sees_only_what_they_may_read(database: Database, page: Page) -> None:
    tell(database, "For Premium", "premium")
    tell(database, "For staff", "staff")
    assert "For Premium" in page("piero")
    for name in ("anna", "elena", "ezio"):
        assert "For Premium" not in page(name)
    assert not [name for name in ("anna", "piero", "elena", "ezio") if "For staff" in page(name)]


def test_narrowing_and_a_downgrade_count_at_once(database: Database, page: Page) -> None:
    key = tell(database, "For Premium", "premium")
    tell(database, "For Xtreme", "xtreme")
    with database.write() as session:
        session.execute(update(Organisation).where(Organisation.key == "premium").values(plan="xtreme"))
    assert "For Premium" not in page("piero")
    with database.write() as session:
        session.execute(update(Article).where(Article.key == key).values(audience="staff"))
        session.execute(update(Organisation).where(Organisation.key == "premium").values(plan="elite"))
    shown = page("piero")
    assert "For Premium" not in shown
    assert "For Xtreme" in shown


def test_what_was_opened_is_gone(database: Database, cast: Cast, page: Page, sunday: time_machine.Traveller) -> None:
    key = tell(database, "Rounding")
    sunday.shift(timedelta(minutes=1))
    with database.counters() as counters:
        note_seen(counters, {(cast.anna.id, f"article:{key}"): clock.now()})
    assert "Rounding" not in page("anna")
    assert "Rounding" in page("piero")


def test_in_italian_with_foreign_titles_marked_as_such(database: Database, cast: Cast, page: Page) -> None:
    with database.write() as session:
        session.execute(update(Person).where(Person.id == cast.anna.id).values(language="it"))
    tell(database, "Rounding")
    tell(database, "Totals", it="Totali")
    shown = page("anna")
    assert 'lang="en" hreflang="en">Rounding' in shown
    assert ">Totali</a>" in shown
    assert "lunedì 23 novembre 2026, 07:00" in shown


def test_it_is_for_people_who_are_signed_in(sign_in: Callable[[str], FlaskClient]) -> None:
    answer = sign_in("anonymous").get(PAGE)
    assert answer.status_code == 302
    assert "/sign-in" in answer.headers["Location"]
