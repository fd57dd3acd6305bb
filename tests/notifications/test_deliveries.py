"""Dead letters are kept until somebody tries them again or lets them go; each channel says how it stands."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.accounts.models import AuditEntry
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_of
from sportello.core import clock, outbox
from sportello.core.audience import Viewer, system
from sportello.core.errors import Conflict, Forbidden, NotFound
from sportello.core.outbox import OutboxRow
from sportello.notifications.events import CallDue, DigestDue, MailDue, NoticePosted
from sportello.notifications.models import Delivery, DeliveryChannel, DeliveryState, SuppressedAddress
from sportello.notifications.queries.deliveries import (
    PAGE,
    ChannelState,
    Wanted,
    channel_states,
    given_up_events,
    sendings,
    suppressed,
)
from sportello.notifications.services import deliveries as service
from tests.notifications.leaving import a_delivery, a_notice, waiting_events
from tests.people import Cast

SYSTEM = system()
MAIL, DIGEST, WEBHOOK = DeliveryChannel.MAIL, DeliveryChannel.DIGEST, DeliveryChannel.WEBHOOK
EVENTS = {MAIL: MailDue, DIGEST: DigestDue, WEBHOOK: CallDue}


def park(session: Session, event: outbox.Event, error: str = "MailError: 554 refused") -> OutboxRow:
    row = outbox.emit(session, event)
    session.flush()
    row.parked_at, row.attempts, row.error = clock.now(), 12, error
    return row


def states(session: Session) -> dict[str, ChannelState]:
    return {state.channel: state for state in channel_states(session)}


@pytest.mark.parametrize("channel", list(DeliveryChannel))
def test_what_the_worker_gave_up_on_becomes_a_dead_letter(session: Session, channel: DeliveryChannel) -> None:
    delivery = a_delivery(session, DeliveryState.QUEUED, channel)
    row = park(session, EVENTS[channel](delivery.id))
    assert service.has_given_up(session)
    assert service.note_given_up(session) == 1
    session.refresh(delivery)
    assert (delivery.state, delivery.error, delivery.attempts) == (DeliveryState.FAILED, "MailError: 554 refused", 12)
    assert row.finished_at is not None
    assert outbox.backlog(session).parked == 0, "it is counted in one place"
    assert not service.has_given_up(session)


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.DROPPED])
def test_what_was_sent_or_dropped_after_all_is_no_dead_letter(session: Session, state: DeliveryState) -> None:
    delivery = a_delivery(session, state)
    park(session, MailDue(delivery.id))
    park(session, MailDue(4711))  # its person was removed meanwhile, and the delivery with them
    service.note_given_up(session)
    session.refresh(delivery)
    assert delivery.state == state
    assert not service.has_given_up(session)


def test_other_events_stay_parked_and_are_tried_again_one_by_one(session: Session, cast: Cast) -> None:
    first, second = park(session, NoticePosted("one")), park(session, NoticePosted("two"))
    assert service.note_given_up(session) == 0
    assert {row.id for row in given_up_events(session)} == {first.id, second.id}
    service.retry_event(session, SYSTEM, first.id)
    session.expire_all()
    assert [row.id for row in given_up_events(session)] == [second.id]
    assert waiting_events(session, "NoticePosted") == [{"key": "one"}]
    with pytest.raises(NotFound):
        service.retry_event(session, SYSTEM, first.id)
    with pytest.raises(NotFound):
        service.retry_event(session, SYSTEM, 4711)


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.DROPPED])
def test_one_is_tried_again_afresh(session: Session, cast: Cast, state: DeliveryState) -> None:
    delivery = a_delivery(session, state, person_id=cast.anna.id, error="554 refused", attempts=12, age=timedelta(3))
    service.retry(session, SYSTEM, delivery.key)
    assert (delivery.state, delivery.error, delivery.attempts) == (DeliveryState.QUEUED, None, 0)
    assert clock.now() - delivery.due_at < timedelta(minutes=1)
    assert waiting_events(session, "MailDue") == [{"delivery": delivery.id}]
    assert session.scalars(select(AuditEntry.action)).all() == ["delivery.retry"]
    with pytest.raises(Conflict):
        service.retry(session, SYSTEM, delivery.key)
    assert len(waiting_events(session, "MailDue")) == 1, "a second click asks for no second mail"


def test_what_is_always_told_waits_behind_nothing_the_second_time_too(session: Session) -> None:
    alarm, news = (a_notice(session, event=code) for code in ("critical-notice", "article-updated"))
    urgent, other = (a_delivery(session, notice_id=notice.id) for notice in (alarm, news))
    assert service.retry_all(session, SYSTEM) == 2
    assert waiting_events(session, "UrgentMailDue") == [{"delivery": urgent.id}]
    assert waiting_events(session, "MailDue") == [{"delivery": other.id}]


def test_an_event_that_no_database_can_number_is_not_there(session: Session) -> None:
    with pytest.raises(NotFound):
        service.retry_event(session, SYSTEM, 10**30)


def test_one_that_was_sent_is_not_sent_twice(session: Session, cast: Cast) -> None:
    delivery = a_delivery(session, DeliveryState.SENT, person_id=cast.anna.id)
    with pytest.raises(Conflict):
        service.retry(session, SYSTEM, delivery.key)
    with pytest.raises(NotFound):
        service.retry(session, SYSTEM, "neverwas00")
    assert waiting_events(session, "MailDue") == []


def test_all_are_tried_again_or_those_of_a_channel(session: Session, cast: Cast) -> None:
    for channel in DeliveryChannel:
        for state in DeliveryState:
            a_delivery(session, state, channel)
    assert service.retry_all(session, SYSTEM, WEBHOOK) == 1
    assert [len(waiting_events(session, event.name)) for event in EVENTS.values()] == [0, 0, 1]
    assert service.retry_all(session, SYSTEM) == 2
    assert [len(waiting_events(session, event.name)) for event in EVENTS.values()] == [1, 1, 1]
    assert service.retry_all(session, SYSTEM) == 0
    ended = select(Delivery.state).where(Delivery.state.in_([DeliveryState.SENT, DeliveryState.DROPPED]))
    assert len(session.scalars(ended).all()) == 6


def test_many_dead_letters_are_queued_in_one_go(session: Session, cast: Cast) -> None:
    for _ in range(service.BATCH + 3):
        a_delivery(session)
    assert service.retry_all(session, SYSTEM) == service.BATCH + 3
    assert len(waiting_events(session, "MailDue")) == service.BATCH + 3


def test_a_dead_letter_can_be_let_go(session: Session, cast: Cast) -> None:
    delivery = a_delivery(session, error="554 refused")
    service.let_go(session, SYSTEM, delivery.key)
    assert (delivery.state, delivery.error) == (DeliveryState.DROPPED, "554 refused")
    for key, wrong in ((delivery.key, Conflict), ("neverwas00", NotFound)):
        with pytest.raises(wrong):
            service.let_go(session, SYSTEM, key)


def test_an_address_gets_mail_again_when_it_is_lifted(session: Session, cast: Cast) -> None:
    session.add(SuppressedAddress(email="anna@xtreme.example", reason="550 5.1.1 no such user", since=clock.now()))
    session.flush()
    service.lift(session, SYSTEM, [" Anna@Xtreme.example "])
    session.flush()
    assert suppressed(session) == []
    (entry,) = session.scalars(select(AuditEntry)).all()
    assert (entry.action, entry.subject) == ("address.lift", "anna@xtreme.example")
    with pytest.raises(NotFound, match="nobody@xtreme"):
        service.lift(session, SYSTEM, ["nobody@xtreme.example"])


@pytest.mark.parametrize("name", ["anna", "elena", "ezio", "sara"])
def test_only_administrators_manage_deliveries(session: Session, cast: Cast, name: str) -> None:
    viewer: Viewer = viewer_of(cast.people[name], Plans.load(None))
    delivery = a_delivery(session)
    for act in (
        lambda: service.retry(session, viewer, delivery.key),
        lambda: service.retry_all(session, viewer),
        lambda: service.let_go(session, viewer, delivery.key),
        lambda: service.retry_event(session, viewer, 1),
        lambda: service.lift(session, viewer, ["anna@xtreme.example"]),
    ):
        with pytest.raises(Forbidden):
            act()
    assert delivery.state == DeliveryState.FAILED


def test_a_channel_counts_what_waits_what_was_sent_and_what_was_given_up(session: Session, cast: Cast) -> None:
    for state, ages in {
        DeliveryState.QUEUED: (0, 3), DeliveryState.SENT: (0, 0, 30), DeliveryState.DROPPED: (0, 40),
        DeliveryState.FAILED: (0, 100),
    }.items():  # fmt: skip
        for hours in ages:
            a_delivery(session, state, age=timedelta(hours=hours))
    a_delivery(session, DeliveryState.QUEUED, due=clock.now() + timedelta(hours=2))  # waits for its person's morning
    mail = states(session)[MAIL]
    assert (mail.queued, mail.sent, mail.dropped, mail.failed, mail.failed_lately) == (3, 2, 1, 2, 1)
    assert mail.lag_seconds == pytest.approx(3 * 3600, abs=60)
    assert states(session)[DIGEST] == ChannelState(DIGEST, 0, None, 0, 0, 0)


def test_what_waits_for_its_time_is_not_late(session: Session) -> None:
    a_delivery(session, DeliveryState.QUEUED, age=timedelta(hours=9), due=clock.now() + timedelta(hours=1))
    mail = states(session)[MAIL]
    assert (mail.queued, mail.oldest, mail.is_well) == (1, None, True)


@pytest.mark.parametrize(("channel", "late"), [(MAIL, True), (DIGEST, False), (WEBHOOK, False)])
def test_a_channel_is_behind_when_something_waits_too_long(
    session: Session, channel: DeliveryChannel, late: bool
) -> None:
    """Mails ten minutes; calls as long as it takes, for the other side may be away."""
    a_delivery(session, DeliveryState.QUEUED, channel, age=timedelta(minutes=11))
    assert states(session)[channel].is_late is late
    assert states(session)[channel].is_well is not late


def test_a_notice_that_nobody_goes_on_telling_is_seen(session: Session) -> None:
    notice = a_notice(session, told=7)
    assert (states(session)["portal"].is_well, states(session)["portal"].sent) == (True, 7)
    notice.finished_at = None
    outbox.emit(session, NoticePosted(notice.key), clock.now() + timedelta(hours=1))  # a reminder has its time
    session.flush()
    assert (states(session)["portal"].queued, states(session)["portal"].is_well) == (1, True)
    outbox.emit(session, NoticePosted(notice.key), clock.now() - timedelta(minutes=2))
    session.flush()
    portal = states(session)["portal"]
    assert (portal.queued, portal.is_late) == (1, True)


def test_some_dead_letters_are_no_failing_channel_and_many_are(session: Session) -> None:
    for _ in range(4):
        a_delivery(session)
    assert states(session)[MAIL].is_well
    a_delivery(session)
    assert states(session)[MAIL].is_failing
    for _ in range(200):
        a_delivery(session, DeliveryState.SENT)
    assert states(session)[MAIL].is_well, "five of two hundred"
    for _ in range(9):
        a_delivery(session, channel=WEBHOOK)
    assert states(session)[WEBHOOK].is_well, "another's system"


def test_pages_of_deliveries_show_each_once_newest_first(session: Session, cast: Cast) -> None:
    made = [
        a_delivery(session, channel=list(DeliveryChannel)[number % 3], age=timedelta(hours=number)).key
        for number in range(2 * PAGE + 5)
    ]
    seen: list[str] = []
    before = None
    for size in (PAGE, PAGE, 5):
        page = sendings(session, SYSTEM, Wanted(before=before))
        assert len(page.rows) == size
        seen += [row.key for row in page.rows]
        before = page.next
    assert before is None
    assert seen == made
    with pytest.raises(NotFound):
        sendings(session, SYSTEM, Wanted(before="neverwas00"))


def test_deliveries_are_found_by_who_was_to_get_them(session: Session, cast: Cast) -> None:
    a_delivery(session, person_id=cast.anna.id)
    a_delivery(session, person_id=cast.piero.id)
    for part, names in {
        "anna@": ["Anna Test"], "TEST": ["Piero Test", "Anna Test"], "premium": ["Piero Test"], "100%": [], "_nna": [],
    }.items():  # fmt: skip
        assert [row.name for row in sendings(session, SYSTEM, Wanted(q=part)).rows] == names, part
    (row,) = sendings(session, SYSTEM, Wanted(q="anna")).rows
    assert (row.to, row.organisation, row.title) == ("anna@xtreme.example", "Xtreme", "")
