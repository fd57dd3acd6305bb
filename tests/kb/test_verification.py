"""Keeping articles true: due dates, the queue, who is reminded and when, and what readers are told."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from kb.models import Article, Confidence
from kb.queries.verification import Queue, Show, Upkeep, verify_queue
from kb.reminders import remind_owners
from kb.services import set_confidence, set_interval, set_owner, unpublish, verify
from kb.services.verify import reckon_all
from sportello.accounts.models import Person
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_of
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.db import Database
from sportello.core.errors import Forbidden, Invalid, NotFound
from sportello.core.settings import Settings
from tests.kb.articles import SYSTEM, customer, write
from tests.people import Cast
from tests.work import work_off

SignIn = Callable[[str], FlaskClient]
MORNING = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MORNING, tick=False) as moment:
        yield moment


@pytest.fixture
def sara(cast: Cast) -> Viewer:
    return viewer_of(cast.sara, Plans.load(None))


def ago(days: float) -> datetime:
    return clock.now() - timedelta(days=days)


def queue(database: Database, viewer: Viewer, show: Show, **more: object) -> Queue:
    with database.read() as session:
        return verify_queue(session, viewer, Upkeep(show, **more))  # type: ignore[arg-type]


def titles(database: Database, viewer: Viewer, show: Show, **more: object) -> list[str]:
    return [row.title for row in queue(database, viewer, show, **more).rows]


def article(database: Database, slug: str) -> Article:
    from kb.queries import get_article

    with database.read() as session:
        return get_article(session, SYSTEM, slug).article


def test_still_correct_counts_from_now_for_its_interval(database: Database, sara: Viewer) -> None:
    with database.write() as session:
        slug = write(session, "Old", verified_at=ago(800)).slug
    assert article(database, slug).verify_due_at == ago(800) + timedelta(days=365)
    with database.write() as session:
        verify(session, sara, slug)
    assert article(database, slug).verified_at == MORNING
    assert article(database, slug).verify_due_at == MORNING + timedelta(days=365)
    with database.write() as session:
        set_interval(session, sara, slug, 30)
    assert article(database, slug).verify_due_at == MORNING + timedelta(days=30)


@pytest.mark.parametrize("days", [0, 3651, -1])
def test_an_interval_out_of_bounds_is_refused(database: Database, sara: Viewer, days: int) -> None:
    with database.write() as session:
        slug = write(session, "Old").slug
    with database.write() as session, pytest.raises(Invalid) as refused:
        set_interval(session, sara, slug, days)
    assert refused.value.field == "verify_days"


def test_the_sites_own_interval_is_followed_when_it_changes(database: Database, cast: Cast) -> None:
    with database.write() as session:
        usual, own = write(session, "Usual"), write(session, "Own", verify_days=10)
    assert reckon_all(database, 100) == 1
    assert article(database, usual.slug).verify_due_at == MORNING + timedelta(days=100)
    assert article(database, own.slug).verify_due_at == MORNING + timedelta(days=10)
    assert reckon_all(database, 100) == 0
    assert reckon_all(database, 0) == 1
    assert article(database, usual.slug).verify_due_at is None


def test_only_writers_verify_and_only_writers_own(database: Database, cast: Cast, sara: Viewer) -> None:
    with database.write() as session:
        slug = write(session, "Premium", "premium").slug
    for action in (verify, lambda s, v, a: set_owner(s, v, a, None), lambda s, v, a: set_interval(s, v, a, 30)):
        with database.write() as session, pytest.raises(Forbidden):
            action(session, customer("premium"), slug)
        with database.write() as session, pytest.raises(NotFound):
            action(session, customer("xtreme"), slug)
    for key in (cast.piero.key, "nobody"):
        with database.write() as session, pytest.raises(Invalid):
            set_owner(session, sara, slug, key)
    with database.write() as session:
        set_owner(session, sara, slug, cast.sara.key)
    assert article(database, slug).owner_id == cast.sara.id


def test_the_queue_has_its_parts_longest_due_first(database: Database, cast: Cast, sara: Viewer) -> None:
    with database.write() as session:
        write(session, "Fine", verified_at=ago(1), owner=cast.sara.email)
        write(session, "Due", verified_at=ago(400), owner=cast.sara.email, products=("ledger",))
        write(session, "Long due", verified_at=ago(900), owner=cast.ada.email, it="Da tempo")
        write(session, "Soon", verified_at=ago(350), owner=cast.sara.email)
        write(session, "Never")
        gone = write(session, "Not published", verified_at=ago(900))
        unpublish(session, SYSTEM, gone.slug)
    assert titles(database, sara, Show.DUE) == ["Long due", "Due"]
    assert titles(database, sara, Show.SOON) == ["Soon"]
    assert titles(database, sara, Show.UNOWNED) == ["Never"]
    assert titles(database, sara, Show.LONG) == ["Long due", "Never"]
    assert titles(database, sara, Show.DUE, owner=cast.sara.id) == ["Due"]
    assert titles(database, sara, Show.DUE, product="ledger") == ["Due"]
    assert queue(database, sara, Show.DUE).counts == {"due": 2, "soon": 1, "unowned": 1, "long": 2}
    with pytest.raises(Forbidden):
        queue(database, customer("elite"), Show.DUE)


def test_a_long_queue_goes_on_without_gap_or_repetition(database: Database, cast: Cast, sara: Viewer) -> None:
    with database.write() as session:
        for number in range(45):
            write(session, f"Article {number:02}", verified_at=ago(400 + number // 3))
    first = queue(database, sara, Show.DUE)
    assert first.after is not None
    second = queue(database, sara, Show.DUE, after=first.after)
    assert second.after is None
    assert len({row.slug for row in (*first.rows, *second.rows)}) == 45
    with pytest.raises(Invalid):
        queue(database, sara, Show.DUE, after="nonsense")


def test_an_article_of_somebody_who_left_is_nobodys(database: Database, cast: Cast, sara: Viewer) -> None:
    with database.write() as session:
        write(session, "Hers", owner=cast.sara.email, verified_at=ago(400))
        session.get_one(Person, cast.sara.id).active = False
    (row,) = queue(database, sara, Show.UNOWNED).rows
    assert (row.title, row.owner) == ("Hers", None)


def mails(settings: Settings) -> list[tuple[str, str, str]]:
    """To, subject and text of every mail, oldest first."""
    found = []
    for path in sorted(Path(settings.mail_dir).glob("*.eml")):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        body = mail.get_body(("plain",))
        assert body is not None
        found.append((str(mail["To"]), str(mail["Subject"]), body.get_content()))
    return found


def remind(app: Flask) -> None:
    remind_owners(app.extensions["sportello.site"])
    work_off(app)


def test_an_owner_gets_one_mail_a_day_for_all_that_is_due(
    app: Flask, database: Database, cast: Cast, settings: Settings, at: time_machine.Traveller
) -> None:
    with database.write() as session:
        for number in range(12):
            write(session, f"Stale {number:02}", "premium", verified_at=ago(400 + number), owner=cast.sara.email)
        write(session, "Tomorrow", verified_at=ago(364.5), owner=cast.sara.email)
        write(session, "Nobody's", verified_at=ago(400))
    remind(app)
    remind(app)
    ((to, subject, text),) = mails(settings)
    assert to == cast.sara.email
    assert "12" in subject
    assert "Stale 11" in text
    assert "due since 11 October 2026" in text
    assert "And 2 more." in text
    assert "/queues/verify?whose=mine" in text
    assert "Tomorrow" not in text
    at.shift(timedelta(days=1))
    remind(app)
    assert len(mails(settings)) == 2, "something became due since"
    at.shift(timedelta(days=1))
    remind(app)
    assert len(mails(settings)) == 2, "nothing new: not every day the same"
    at.shift(timedelta(days=6))
    remind(app)
    assert len(mails(settings)) == 3, "what stays due is said again after a week"


def test_nobody_is_written_to_before_morning(
    app: Flask, database: Database, cast: Cast, settings: Settings, at: time_machine.Traveller
) -> None:
    with database.write() as session:
        write(session, "Stale", verified_at=ago(400), owner=cast.sara.email)
    at.move_to(datetime(2026, 11, 26, 5, 30, tzinfo=UTC))  # half past six in Rome
    remind(app)
    assert mails(settings) == []
    at.move_to(datetime(2026, 11, 26, 6, 30, tzinfo=UTC))
    remind(app)
    assert len(mails(settings)) == 1


@pytest.mark.parametrize("change", ["verified", "unpublished", "left", "demoted"])
def test_what_is_no_longer_so_when_the_mail_is_sent_is_not_said(
    app: Flask, database: Database, cast: Cast, settings: Settings, sara: Viewer, change: str
) -> None:
    with database.write() as session:
        slug = write(session, "Stale", verified_at=ago(400), owner=cast.sara.email).slug
    remind_owners(app.extensions["sportello.site"])
    with database.write() as session:
        if change == "verified":
            verify(session, sara, slug)
        elif change == "unpublished":
            unpublish(session, SYSTEM, slug)
        elif change == "left":
            session.get_one(Person, cast.sara.id).active = False
        else:
            session.get_one(Person, cast.sara.id).role_rows = []
    work_off(app)
    assert mails(settings) == []


def test_an_owner_is_written_to_in_their_language(
    app: Flask, database: Database, cast: Cast, settings: Settings
) -> None:
    with database.write() as session:
        write(session, "Stale", it="Da rivedere", verified_at=ago(400), owner=cast.sara.email)
        session.get_one(Person, cast.sara.id).language = "it"
    remind(app)
    ((_, _, text),) = mails(settings)
    assert "Da rivedere" in text
    assert "ottobre 2026" in text


def page(client: FlaskClient, address: str) -> str:
    return client.get(address).text


def test_readers_are_told_when_it_was_verified_and_nothing_false_later(
    app: Flask, database: Database, cast: Cast, sign_in: SignIn, at: time_machine.Traveller
) -> None:
    with database.write() as session:
        slug = write(session, "Totals differ", verified_at=ago(21), products=("ledger",)).slug
    work_off(app)
    reader = sign_in("anna")
    shown = page(reader, f"/kb/{slug}")
    assert "Verified <time" in shown
    assert "3 weeks ago" in shown
    assert 'title="5 November 2026, 09:30"' in shown
    for address in ("/", "/kb/all", "/search?q=totals"):
        assert "Verified" in page(reader, address), address
    at.shift(timedelta(days=400))
    assert "Last verified" in page(reader, f"/kb/{slug}")
    for address in (f"/kb/{slug}", "/", "/kb/all", "/kb", "/search?q=totals"):
        assert "Verified <time" not in page(reader, address), address


def test_readers_are_told_what_is_not_validated_until_it_is(
    app: Flask, database: Database, cast: Cast, sign_in: SignIn, sara: Viewer
) -> None:
    with database.write() as session:
        slug = write(session, "Totals differ", confidence=Confidence.NOT_VALIDATED).slug
    work_off(app)
    reader = sign_in("anna")
    assert "Not validated" in page(reader, f"/kb/{slug}")
    assert "nobody else has confirmed it" in page(reader, f"/kb/{slug}")
    assert "Not validated" in page(reader, "/search?q=totals")
    with database.write() as session, pytest.raises(Forbidden):
        set_confidence(session, viewer_of(cast.anna, Plans.load(None)), slug, Confidence.VALIDATED)
    assert sign_in("sara").post(f"/kb/{slug}/confidence", data={"confidence": "validated"}).status_code == 303
    assert "Not validated" not in page(reader, f"/kb/{slug}")
    assert "Not validated" not in page(reader, "/search?q=totals")
