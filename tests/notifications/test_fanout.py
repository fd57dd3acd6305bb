"""From a notice to the people who hear of it: levels, choices, audience, and never twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from sportello.accounts.models import Person, PersonRole
from sportello.core import clock
from sportello.core.audience import Role
from sportello.core.handling import Site
from sportello.core.outbox import OutboxRow
from sportello.core.types import Ref
from sportello.notifications import fanout
from sportello.notifications.events import MailDue, NoticePosted, UrgentMailDue
from sportello.notifications.levels import Level
from sportello.notifications.models import ChannelChoice, Delivery, Notice, Notification
from sportello.notifications.services.announce import announce
from tests.notifications.posting import arrived, send_mails
from tests.notifications.telling import belled, mailed, spread, tell, waiting
from tests.notifications.things import ALARM, ALL_CLEAR, FORUM, MENTION, NEW_POST, SHOUT, TOPIC, Posts, follow
from tests.people import Cast, make_person


def ids(*people: Person) -> list[int]:
    return sorted(person.id for person in people)


def test_each_level_hears_through_its_channels(site: Site, cast: Cast, posts: Posts) -> None:
    ref = posts.write("Totals differ")
    levels = (Level.MUTED, Level.NORMAL, Level.TRACKING, Level.WATCHING)
    with site.database.write() as session:
        for person, level in zip((cast.anna, cast.piero, cast.elena, cast.sara), levels, strict=True):
            follow(session, person.id, FORUM, level)
    notice = tell(site, NEW_POST, ref)
    assert belled(site.database, notice) == ids(cast.elena, cast.sara)
    assert mailed(site.database, notice) == ids(cast.sara)
    assert notice.told == 2
    assert notice.finished_at is not None


def test_the_level_of_the_item_decides_over_what_is_around(site: Site, cast: Cast, posts: Posts) -> None:
    ref = posts.write("Totals differ")
    with site.database.write() as session:
        follow(session, cast.anna.id, FORUM, Level.WATCHING)
        follow(session, cast.anna.id, ref, Level.MUTED)
        follow(session, cast.piero.id, FORUM, Level.MUTED)
        follow(session, cast.piero.id, ref, Level.WATCHING)
    notice = tell(site, NEW_POST, ref)
    assert belled(site.database, notice) == mailed(site.database, notice) == ids(cast.piero)


def test_the_level_of_the_thread_counts_as_that_of_its_posts(site: Site, cast: Cast, posts: Posts) -> None:
    ref = posts.write("Totals differ")
    with site.database.write() as session:
        follow(session, cast.anna.id, FORUM, Level.WATCHING)
        follow(session, cast.anna.id, TOPIC, Level.TRACKING)
    notice = tell(site, NEW_POST, ref, thread=TOPIC)
    assert (belled(site.database, notice), mailed(site.database, notice)) == (ids(cast.anna), [])


def test_what_is_muted_around_silences_the_rest(site: Site, cast: Cast, posts: Posts) -> None:
    ref = posts.write("Totals differ", products=["ledger"])
    with site.database.write() as session:
        follow(session, cast.piero.id, FORUM, Level.MUTED)
    assert belled(site.database, tell(site, NEW_POST, ref)) == ids(cast.anna)


def test_licensed_products_are_tracked_without_a_word(site: Site, cast: Cast, posts: Posts) -> None:
    """Anna and Piero license Ledger; Elena does not, Ezio's coverage ended, and staff follow nothing."""
    notice = tell(site, NEW_POST, posts.write("Totals differ", products=["ledger"]))
    assert belled(site.database, notice) == ids(cast.anna, cast.piero)
    assert mailed(site.database, notice) == []


def test_a_level_of_ones_own_takes_the_place_of_the_default(site: Site, cast: Cast, posts: Posts) -> None:
    with site.database.write() as session:
        follow(session, cast.anna.id, Ref("product", "ledger"), Level.NORMAL)
        follow(session, cast.piero.id, Ref("product", "ledger"), Level.WATCHING)
    notice = tell(site, NEW_POST, posts.write("Totals differ", products=["ledger"]))
    assert belled(site.database, notice) == mailed(site.database, notice) == ids(cast.piero)


def test_who_may_not_read_it_is_not_told_however_closely_they_follow(site: Site, cast: Cast, posts: Posts) -> None:
    with site.database.write() as session:
        for person in (cast.anna, cast.piero, cast.elena, cast.ezio, cast.sara):
            follow(session, person.id, FORUM, Level.WATCHING)
    notice = tell(site, NEW_POST, posts.write("For premium", "premium"))
    assert belled(site.database, notice) == ids(cast.piero, cast.elena, cast.sara)
    notice = tell(site, NEW_POST, posts.write("For staff", "staff"))
    assert mailed(site.database, notice) == ids(cast.sara)


def test_an_audience_narrowed_after_the_announcement_counts(site: Site, cast: Cast, posts: Posts) -> None:
    ref = posts.write("Totals differ", "xtreme", products=["ledger"])
    with site.database.write() as session:
        notice = announce(session, NEW_POST.code, ref)
    posts.change(ref, audience="premium")
    spread(site)
    assert belled(site.database, notice) == ids(cast.piero)


@pytest.mark.parametrize("gone", ["removed", "taken back"])
def test_nobody_hears_of_what_is_gone_before_it_was_told(site: Site, cast: Cast, posts: Posts, gone: str) -> None:
    ref = posts.write("Totals differ", products=["ledger"])
    with site.database.write() as session:
        notice = announce(session, NEW_POST.code, ref)
    posts.remove(ref) if gone == "removed" else posts.change(ref, released=False)
    assert spread(site) == 1
    assert belled(site.database, notice) == []
    with site.database.read() as session:
        assert session.get_one(Notice, notice.id).finished_at is not None


def test_a_plan_that_ended_after_the_announcement_counts(site: Site, cast: Cast, posts: Posts) -> None:
    ref = posts.write("Totals differ", "xtreme", products=["ledger"])
    with site.database.write() as session:
        notice = announce(session, NEW_POST.code, ref)
        session.merge(cast.organisations["xtreme"]).coverage_end = clock.today() - timedelta(days=1)
    spread(site)
    assert belled(site.database, notice) == ids(cast.piero)


def test_who_was_deactivated_is_not_told(site: Site, cast: Cast, posts: Posts) -> None:
    with site.database.write() as session:
        session.merge(cast.anna).active = False
    notice = tell(site, NEW_POST, posts.write("Totals differ", products=["ledger"]))
    assert belled(site.database, notice) == ids(cast.piero)


def test_nobody_hears_of_what_they_did_themselves(site: Site, cast: Cast, posts: Posts) -> None:
    notice = tell(site, NEW_POST, posts.write("Mine", products=["ledger"]), actor_id=cast.anna.id)
    assert belled(site.database, notice) == ids(cast.piero)


def test_a_channel_that_was_switched_off_stays_quiet_and_one_event_at_a_time(
    site: Site, cast: Cast, posts: Posts
) -> None:
    with site.database.write() as session:
        for person in (cast.anna, cast.piero):
            follow(session, person.id, FORUM, Level.WATCHING)
        session.add(ChannelChoice(person_id=cast.anna.id, event=NEW_POST.code, channel="mail", on=False))
        session.add(ChannelChoice(person_id=cast.piero.id, event=SHOUT.code, channel="mail", on=False))
    notice = tell(site, NEW_POST, posts.write("Totals differ"))
    assert (belled(site.database, notice), mailed(site.database, notice)) == (
        ids(cast.anna, cast.piero), ids(cast.piero),
    )  # fmt: skip


def test_a_choice_adds_no_channel_that_the_level_does_not_have(site: Site, cast: Cast, posts: Posts) -> None:
    with site.database.write() as session:
        session.add(ChannelChoice(person_id=cast.anna.id, event=NEW_POST.code, channel="mail", on=True))
    notice = tell(site, NEW_POST, posts.write("Totals differ", products=["ledger"]))
    assert mailed(site.database, notice) == []


def test_what_goes_to_an_audience_is_silenced_by_muting_the_item_alone(site: Site, cast: Cast, posts: Posts) -> None:
    ref = posts.write("Read this", "premium")
    with site.database.write() as session:
        follow(session, cast.piero.id, FORUM, Level.MUTED)
        follow(session, cast.elena.id, ref, Level.MUTED)
    notice = tell(site, SHOUT, ref)
    assert belled(site.database, notice) == mailed(site.database, notice) == ids(cast.piero)


def test_an_alarm_reaches_the_licensees_who_may_read_it_whatever_they_switched_off(
    site: Site, cast: Cast, posts: Posts
) -> None:
    ref = posts.write("Ledger loses entries", "xtreme", products=["ledger"])
    with site.database.write() as session:
        follow(session, cast.anna.id, ref, Level.MUTED)
        for channel in ("mail", "portal"):
            session.add(ChannelChoice(person_id=cast.piero.id, event=ALARM.code, channel=channel, on=False))
    notice = tell(site, ALARM, ref)
    assert belled(site.database, notice) == mailed(site.database, notice) == ids(cast.anna, cast.piero)


def test_people_of_staff_are_no_licensees_even_inside_an_organisation(site: Site, cast: Cast, posts: Posts) -> None:
    with site.database.write() as session:
        session.add(PersonRole(person_id=cast.anna.id, role=Role.AGENT.value))
    notice = tell(site, ALARM, posts.write("Ledger loses entries", products=["ledger"]))
    assert belled(site.database, notice) == ids(cast.piero)


def test_the_same_people_hear_again_unless_they_may_not_read_it_now(site: Site, cast: Cast, posts: Posts) -> None:
    ref = posts.write("Ledger loses entries", "xtreme", products=["ledger"])
    alarm = tell(site, ALARM, ref)
    with site.database.write() as session:
        newcomer = make_person(session, "nora", session.merge(cast.organisations["xtreme"]))
        session.merge(cast.organisations["xtreme"]).products = []
    notice = tell(site, ALL_CLEAR, ref, like=alarm)
    assert newcomer.id not in belled(site.database, notice)
    assert belled(site.database, notice) == mailed(site.database, notice) == ids(cast.anna, cast.piero)
    posts.change(ref, audience="premium")
    assert belled(site.database, tell(site, ALL_CLEAR, ref, like=alarm)) == ids(cast.piero)


def test_named_people_hear_and_nobody_else(site: Site, cast: Cast, posts: Posts) -> None:
    ref = posts.write("See this", "premium", products=["ledger"])
    notice = tell(site, MENTION, ref, people=[cast.piero.id, cast.anna.id, 987654], actor_id=cast.sara.id)
    assert belled(site.database, notice) == mailed(site.database, notice) == ids(cast.piero)


def test_many_named_people_are_told_in_batches_with_gaps_among_them(
    site: Site, cast: Cast, posts: Posts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "BATCH", 2)
    with site.database.write() as session:
        session.merge(cast.elena).active = False
    everybody = [person.id for person in cast.people.values()]
    notice = tell(site, MENTION, posts.write("See this"), people=[*everybody, 987654])
    assert belled(site.database, notice) == ids(cast.anna, cast.piero, cast.ezio, cast.sara, cast.ada)


def test_staff_without_the_second_factor_that_they_need_hear_what_is_public(
    site: Site, cast: Cast, posts: Posts
) -> None:
    strict = replace(site, settings=replace(site.settings, require_staff_totp=True))
    with site.database.write() as session:
        for person in (cast.sara, cast.ada):
            follow(session, person.id, FORUM, Level.TRACKING)
        session.merge(cast.ada).totp_confirmed_at = clock.now()
    assert belled(site.database, tell(strict, NEW_POST, posts.write("For staff", "staff"))) == ids(cast.ada)
    assert belled(site.database, tell(strict, NEW_POST, posts.write("For all"))) == ids(cast.sara, cast.ada)


def test_a_mail_that_waits_for_staff_is_not_sent_once_their_second_factor_is_gone(
    site: Site, cast: Cast, posts: Posts
) -> None:
    strict = replace(site, settings=replace(site.settings, require_staff_totp=True))
    for confirmed, left in ((clock.now(), 1), (None, 1)):
        with site.database.write() as session:
            session.merge(cast.ada).totp_confirmed_at = clock.now()
        tell(strict, MENTION, posts.write("For staff", "staff"), people=[cast.ada.id])
        with site.database.write() as session:
            session.merge(cast.ada).totp_confirmed_at = confirmed
        assert send_mails(strict) == 1
        assert len(arrived(strict)) == left


def test_a_notice_in_one_language_is_for_those_who_are_told_in_it(site: Site, cast: Cast, posts: Posts) -> None:
    with site.database.write() as session:
        session.merge(cast.anna).language = "it"
    ref = posts.write("Totals differ", it="I totali divergono", products=["ledger"])
    assert belled(site.database, tell(site, NEW_POST, ref, language="it")) == ids(cast.anna)
    assert belled(site.database, tell(site, NEW_POST, ref, language="en")) == ids(cast.piero)
    only = posts.write("English alone", products=["ledger"])
    assert belled(site.database, tell(site, NEW_POST, only, language="en")) == ids(cast.anna, cast.piero)


def test_mails_of_an_event_with_a_window_are_due_when_it_ends(site: Site, cast: Cast, posts: Posts) -> None:
    with site.database.write() as session:
        follow(session, cast.anna.id, FORUM, Level.WATCHING)
    notice = tell(site, NEW_POST, posts.write("Totals differ"))
    with site.database.read() as session:
        delivery = session.scalars(select(Delivery)).one()
        row = session.scalars(select(OutboxRow).where(OutboxRow.name == MailDue.name)).one()
    assert delivery.due_at - notice.created_at >= NEW_POST.window
    assert (row.available_at, row.payload) == (delivery.due_at, {"delivery": delivery.id})
    assert (delivery.occasion, delivery.state) == (notice.key, "queued")


def test_handled_again_a_notice_tells_nobody_twice(site: Site, cast: Cast, posts: Posts) -> None:
    notice = tell(site, ALARM, posts.write("Ledger loses entries", products=["ledger"]))
    with site.database.write() as session:  # as after a kill before the end was noted
        row = session.get_one(Notice, notice.id)
        row.cursor, row.finished_at = 0, None
    fanout.on_notice_posted(site, NoticePosted(notice.key))
    fanout.on_notice_posted(site, NoticePosted(notice.key))
    fanout.on_notice_posted(site, NoticePosted("nonesuch42"))
    assert belled(site.database, notice) == mailed(site.database, notice) == ids(cast.anna, cast.piero)
    assert len(waiting(site.database, UrgentMailDue.name)) == 2


def test_two_events_for_one_notice_share_the_work(
    site: Site, cast: Cast, posts: Posts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "BATCH", 1)
    with site.database.write() as session:
        notice = announce(session, ALARM.code, posts.write("Ledger loses entries", products=["ledger"]))
    fanout.on_notice_posted(site, NoticePosted(notice.key))
    assert len(belled(site.database, notice)) == 1
    spread(site)
    assert belled(site.database, notice) == ids(cast.anna, cast.piero)
    with site.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Notification)) == 2
        assert session.get_one(Notice, notice.id).told == 2
