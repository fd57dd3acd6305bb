"""What is old goes after its time, and nothing that somebody still needs goes with it."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sportello.core import clock, keys
from sportello.core.db import Database
from sportello.notifications.models import (
    CriticalMessage,
    CriticalNotice,
    CriticalState,
    Delivery,
    DeliveryState,
    MessageKind,
    Notice,
    Notification,
    Webhook,
    WebhookAttempt,
)
from sportello.notifications.services import purge
from tests.notifications.leaving import a_delivery, a_notice
from tests.people import Cast

OLD, RECENT = timedelta(days=181), timedelta(days=179)


def tell(session: Session, cast: Cast, age: timedelta) -> Notice:
    """Anna was told of something in her bell and by mail, so long ago."""
    notice = a_notice(session)
    notice.created_at = clock.now() - age
    session.add(
        Notification(
            key=keys.new_key(), notice_id=notice.id, person_id=cast.anna.id, kind="article", subject="nothing",
            created_at=notice.created_at,
        )
    )  # fmt: skip
    a_delivery(session, DeliveryState.SENT, notice_id=notice.id, person_id=cast.anna.id, age=age)
    session.flush()
    return notice


def counts(session: Session) -> tuple[int, ...]:
    """Notices, notifications, deliveries."""
    return tuple(
        session.scalar(select(func.count()).select_from(model)) or 0 for model in (Notice, Notification, Delivery)
    )


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "BATCH", 2)


def test_notifications_go_after_180_days_and_deliveries_after_90(database: Database, cast: Cast) -> None:
    with database.write() as session:
        for days in (400, 181, 179, 91, 89, 0):
            tell(session, cast, timedelta(days=days))
    assert purge.purge_notices(database) == 2 + 4 + 2
    with database.read() as session:
        assert counts(session) == (4, 4, 2)
    assert purge.purge_notices(database) == 0


def test_many_go_in_batches(database: Database, cast: Cast) -> None:
    with database.write() as session:
        for _ in range(5):
            tell(session, cast, OLD)
        tell(session, cast, RECENT)
    purge.purge_notices(database)
    with database.read() as session:
        assert counts(session) == (1, 1, 0)


def test_what_still_waits_to_be_sent_stays(database: Database, cast: Cast) -> None:
    with database.write() as session:
        notice = a_notice(session)
        notice.created_at = clock.now() - OLD
        a_delivery(session, DeliveryState.QUEUED, notice_id=notice.id, age=timedelta(days=100))
        a_delivery(session, DeliveryState.FAILED, age=timedelta(days=100))
    assert purge.purge_notices(database) == 1
    with database.read() as session:
        assert counts(session) == (1, 0, 1)


def test_a_notice_that_is_still_being_told_stays(database: Database) -> None:
    with database.write() as session:
        notice = a_notice(session)
        notice.created_at, notice.finished_at = clock.now() - OLD, None
    assert purge.purge_notices(database) == 0


@pytest.mark.parametrize(
    ("state", "ended", "kept"),
    [
        (CriticalState.SENT, None, True),
        (CriticalState.CLOSED, RECENT, True),
        (CriticalState.WITHDRAWN, RECENT, True),
        (CriticalState.CLOSED, OLD, False),
    ],
)
def test_who_was_told_of_a_critical_notice_is_known_while_it_may_be_corrected(
    database: Database, cast: Cast, state: CriticalState, ended: timedelta | None, kept: bool
) -> None:
    then: datetime = clock.now() - timedelta(days=500)
    with database.write() as session:
        notice = tell(session, cast, timedelta(days=500))
        tell(session, cast, timedelta(days=499))
        message = CriticalMessage(notice_id=notice.id, kind=MessageKind.NOTICE, version=1, texts={}, sent_at=then)
        critical = CriticalNotice(
            key=keys.new_key(), subject="article:nothing", state=state, created_at=then, changed_at=then, sent_at=then,
            ended_at=clock.now() - ended if ended else None, messages=[message],
        )  # fmt: skip
        session.add(critical)
    purge.purge_notices(database)
    with database.read() as session:
        assert counts(session) == ((1, 1, 1) if kept else (0, 0, 0))


def test_answers_of_webhooks_go_after_30_days(database: Database, cast: Cast) -> None:
    with database.write() as session:
        hook = Webhook(
            key=keys.new_key(), organisation_id=cast.organisations["xtreme"].id, name="Hook", url="https://a.example",
            secret="whsec_", created_at=clock.now(),
        )  # fmt: skip
        session.add(hook)
        session.flush()
        for days in (31, 31, 31, 29, 0):
            at = clock.now() - timedelta(days=days)
            session.add(WebhookAttempt(webhook_id=hook.id, at=at, status=500, ms=3))
            session.flush()
    assert purge.purge_attempts(database) == 3
    with database.read() as session:
        assert len(session.scalars(select(WebhookAttempt)).all()) == 2
