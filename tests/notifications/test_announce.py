"""Announcing costs a request one row, happens once, and refuses what makes no sense."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sportello.core import clock
from sportello.core.handling import Site
from sportello.core.outbox import OutboxRow
from sportello.core.types import Ref
from sportello.notifications.models import Notice
from sportello.notifications.services.announce import announce
from tests.notifications.telling import belled, spread
from tests.notifications.things import ALARM, ALL_CLEAR, MENTION, NEW_POST, TOPIC, Posts
from tests.people import Cast


def count(session: Session, model: type) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_an_announcement_is_one_notice_and_one_event(session: Session, cast: Cast, posts: Posts) -> None:
    ref = posts.write("Totals differ")
    notice = announce(session, NEW_POST.code, ref, actor_id=cast.anna.id, thread=TOPIC, says={"en": "Look", "it": " "})
    assert (notice.subject, notice.thread, notice.actor_id) == (str(ref), "topic:rounding", cast.anna.id)
    assert (notice.says, notice.cursor, notice.told, notice.finished_at) == ({"en": "Look"}, 0, 0, None)
    assert [row.payload for row in session.scalars(select(OutboxRow))] == [{"key": notice.key}]


def test_an_occasion_is_announced_once(session: Session, posts: Posts) -> None:
    ref = posts.write("Totals differ")
    first = announce(session, NEW_POST.code, ref, once="post:1")
    assert announce(session, NEW_POST.code, ref, once="post:1").id == first.id
    assert announce(session, NEW_POST.code, ref, once="post:2").id != first.id
    assert announce(session, NEW_POST.code, ref).id != announce(session, NEW_POST.code, ref).id
    assert (count(session, Notice), count(session, OutboxRow)) == (4, 4)


def test_what_is_rolled_back_was_never_announced(site: Site, cast: Cast, posts: Posts) -> None:
    ref = posts.write("Ledger loses entries", products=["ledger"])
    with site.database.write() as session:
        announce(session, ALARM.code, ref)
        session.rollback()
    assert spread(site) == 0


def test_a_reminder_waits_for_its_time(site: Site, cast: Cast, posts: Posts) -> None:
    ref, tomorrow = posts.write("Tomorrow", products=["ledger"]), clock.now() + timedelta(days=1)
    with site.database.write() as session:
        notice = announce(session, NEW_POST.code, ref, at=tomorrow)
    assert spread(site) == 0
    posts.change(ref, audience="premium")  # whoever may read it then
    with time_machine.travel(tomorrow + timedelta(seconds=1)):
        assert spread(site) == 1
    assert belled(site.database, notice) == [cast.piero.id]


def test_what_no_feature_registered_is_refused(session: Session, posts: Posts) -> None:
    with pytest.raises(ValueError, match="no feature registered"):
        announce(session, "nonesuch", Ref("post", "x"))


def test_a_reach_gets_what_it_needs_and_nothing_else(session: Session, posts: Posts) -> None:
    ref = posts.write("Totals differ")
    notice = announce(session, ALARM.code, ref)
    for event, more in (
        (MENTION.code, {}),
        (ALL_CLEAR.code, {}),
        (NEW_POST.code, {"people": [1]}),
        (ALARM.code, {"like": notice}),
    ):
        with pytest.raises(ValueError, match="reaches"):
            announce(session, event, ref, **more)  # type: ignore[arg-type]
