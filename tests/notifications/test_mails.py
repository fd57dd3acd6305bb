"""Mails about notices: what they say, and that everything is asked anew when one is sent."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import update

from sportello.accounts.models import Organisation, Person
from sportello.core import clock
from sportello.core.handling import Site
from sportello.notifications.delivery import holding
from sportello.notifications.levels import Level
from sportello.notifications.models import (
    ChannelChoice,
    DeliveryState,
    Notice,
    Notification,
    Preference,
    RegisteredAddress,
    SeenMark,
    SuppressedAddress,
)
from tests.notifications.leaving import a_delivery
from tests.notifications.posting import arrived, body, deliveries, send_mails
from tests.notifications.telling import tell
from tests.notifications.things import ALARM, FORUM, MENTION, NEW_POST, SHOUT, TOPIC, Posts, follow
from tests.people import Cast

LATER = timedelta(minutes=11)


def watch(site: Site, *people: Person) -> None:
    with site.database.write() as session:
        for person in people:
            follow(session, person.id, FORUM, Level.WATCHING)


def mention(site: Site, posts: Posts, *people: Person, title: str = "Totals differ") -> Notice:
    return tell(site, MENTION, posts.write(title), people=[person.id for person in people])


def outcome(site: Site, notice: Notice) -> list[tuple[str, str | None]]:
    return [(row.state, row.error) for row in deliveries(site, notice)]


def test_a_mail_says_what_happened_where_and_why(site: Site, cast: Cast, posts: Posts) -> None:
    watch(site, cast.anna)
    with time_machine.travel(clock.now(), tick=True) as time:
        notice = tell(site, NEW_POST, posts.write("Totals differ", summaries={"en": "By one cent."}), thread=TOPIC)
        assert send_mails(site) == 0  # others may follow
        time.shift(LATER)
        send_mails(site)
    (mail,) = arrived(site)
    assert (mail["To"], mail["Subject"]) == (cast.anna.email, "Totals differ")
    for kind in ("plain", "html"):
        text = body(mail, kind)
        assert "http://127.0.0.1:8000/posts/post1" in text
        assert "By one cent." in text
        assert "because you watch Ledger-Talk" in text
        assert "/unsubscribe/" in text
        assert "/settings/notifications" in text
    assert outcome(site, notice) == [("sent", None)]


def test_a_mail_is_written_in_the_reader_s_language(site: Site, cast: Cast, posts: Posts) -> None:
    with site.database.write() as session:
        session.get_one(Person, cast.piero.id).language = "it"
    tell(site, MENTION, posts.write("Totals differ", it="I totali non tornano"), people=[cast.piero.id, cast.anna.id])
    send_mails(site)
    assert {(mail["To"], mail["Subject"]) for mail in arrived(site)} == {
        (cast.piero.email, "I totali non tornano"),
        (cast.anna.email, "Totals differ"),
    }
    assert '<html lang="it">' in body(arrived(site, cast.piero.email)[0], "html")


def test_the_sentence_of_who_posted_it_stands_in_the_mail(site: Site, cast: Cast, posts: Posts) -> None:
    tell(site, SHOUT, posts.write("Totals differ", "xtreme@ledger"), says={"en": "Read this <b>before</b> closing."})
    send_mails(site)
    (mail,) = arrived(site, cast.anna.email)
    assert "Read this <b>before</b> closing." in body(mail)
    assert "Read this &lt;b&gt;before&lt;/b&gt; closing." in body(mail, "html")


def test_programs_can_tell_what_a_mail_is(site: Site, cast: Cast, posts: Posts) -> None:
    watch(site, cast.anna)
    with time_machine.travel(clock.now(), tick=True) as time:
        for title in ("First", "Second"):
            tell(site, NEW_POST, posts.write(title), thread=TOPIC)
            time.shift(LATER)
            send_mails(site)
    first, second = arrived(site)
    assert first["Message-ID"] != second["Message-ID"]
    assert first["References"] == second["References"] == first["In-Reply-To"]
    assert first["List-Id"] == "<notifications.127.0.0.1>"
    assert (first["Auto-Submitted"], first["Precedence"]) == ("auto-generated", "list")
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert first["List-Unsubscribe"].startswith("<http://127.0.0.1:8000/unsubscribe/")


def test_headers_stand_there_as_they_are_however_long(site: Site, cast: Cast, posts: Posts) -> None:
    mention(site, posts, cast.anna)
    send_mails(site)
    (file,) = site.settings.mail_dir.glob("*.eml")
    (line,) = [one for one in file.read_text().splitlines() if one.startswith("List-Unsubscribe:")]
    assert line.endswith(">")
    assert "=?" not in line


def test_what_they_may_not_read_any_more_is_not_sent(site: Site, cast: Cast, posts: Posts) -> None:
    ref = posts.write("Secret", "public")
    notice = tell(site, MENTION, ref, people=[cast.anna.id, cast.sara.id])
    posts.change(ref, audience="staff")
    send_mails(site)
    assert [mail["To"] for mail in arrived(site)] == [cast.sara.email]
    assert [state for state, _error in outcome(site, notice)] == ["dropped", "sent"]


def test_a_downgrade_between_queueing_and_sending_counts(site: Site, cast: Cast, posts: Posts) -> None:
    notice = tell(site, MENTION, posts.write("For Elite", "elite"), people=[cast.elena.id])
    with site.database.write() as session:
        session.get_one(Organisation, cast.organisations["elite"].id).plan = "premium"
    send_mails(site)
    assert arrived(site) == []
    assert [state for state, _error in outcome(site, notice)] == ["dropped"]


@pytest.mark.parametrize("what", ["taken back", "gone", "closed", "switched off"])
def test_what_is_no_longer_wanted_is_not_sent(site: Site, cast: Cast, posts: Posts, what: str) -> None:
    ref = posts.write("Totals differ")
    notice = tell(site, MENTION, ref, people=[cast.anna.id])
    if what == "taken back":
        posts.change(ref, released=False)
    elif what == "gone":
        posts.remove(ref)
    with site.database.write() as session:
        if what == "closed":
            session.get_one(Person, cast.anna.id).active = False
        elif what == "switched off":
            session.add(ChannelChoice(person_id=cast.anna.id, event=MENTION.code, channel="mail", on=False))
    send_mails(site)
    assert arrived(site) == []
    ((state, error),) = outcome(site, notice)
    assert state == "dropped"
    assert error


def test_who_follows_it_less_meanwhile_gets_no_mail(site: Site, cast: Cast, posts: Posts) -> None:
    watch(site, cast.anna, cast.sara)
    with time_machine.travel(clock.now(), tick=True) as time:
        tell(site, NEW_POST, posts.write("Totals differ"), thread=TOPIC)
        with site.database.write() as session:
            follow(session, cast.anna.id, FORUM, Level.TRACKING)
        time.shift(LATER)
        send_mails(site)
    assert [mail["To"] for mail in arrived(site)] == [cast.sara.email]


@pytest.mark.parametrize("how", ["opened", "opened its thread", "marked"])
def test_what_was_read_meanwhile_is_not_sent(site: Site, cast: Cast, posts: Posts, how: str) -> None:
    watch(site, cast.anna)
    with time_machine.travel(clock.now(), tick=True) as time:
        ref = posts.write("Totals differ")
        notice = tell(site, NEW_POST, ref, thread=TOPIC)
        time.shift(timedelta(minutes=1))
        if how == "marked":
            with site.database.write() as session:
                session.execute(update(Notification).values(read_at=clock.now()))
        else:
            with site.database.counters() as counters:
                subject = str(ref if how == "opened" else TOPIC)
                counters.add(SeenMark(person_id=cast.anna.id, subject=subject, seen_at=clock.now()))
        time.shift(LATER)
        send_mails(site)
    assert arrived(site) == []
    assert [state for state, _error in outcome(site, notice)] == ["dropped"]


def test_posts_of_one_thread_within_the_window_are_one_mail(site: Site, cast: Cast, posts: Posts) -> None:
    watch(site, cast.anna)
    with time_machine.travel(clock.now(), tick=True) as time:
        notices = []
        for title in ("First", "Second", "Third"):
            notices.append(tell(site, NEW_POST, posts.write(title), thread=TOPIC))
            time.shift(timedelta(minutes=4))
        send_mails(site)
        (mail,) = arrived(site)
        assert mail["Subject"] == "First, and 2 more"
        places = [body(mail).index(f"* {title}") for title in ("First", "Second", "Third")]
        assert places == sorted(places)
        assert "/posts/post3" in body(mail, "html")
        time.shift(LATER)
        assert send_mails(site) == 2  # nothing is left to them
    assert len(arrived(site)) == 1
    assert [outcome(site, notice) for notice in notices] == [[("sent", None)]] * 3
    with site.database.read() as session:
        counted = holding.mails_since(session, _reader(cast.anna), datetime(2020, 1, 1, tzinfo=UTC))
    assert counted == 1


def test_a_post_of_the_window_that_is_hidden_meanwhile_is_left_out(site: Site, cast: Cast, posts: Posts) -> None:
    watch(site, cast.anna)
    with time_machine.travel(clock.now(), tick=True) as time:
        hidden, shown = posts.write("Canary"), posts.write("Shown")
        for ref in (hidden, shown):
            tell(site, NEW_POST, ref, thread=TOPIC)
        posts.change(hidden, audience="staff")
        time.shift(LATER)
        send_mails(site)
    (mail,) = arrived(site)
    assert mail["Subject"] == "Shown"
    assert "Canary" not in mail.as_string()


def test_two_changes_of_one_thing_are_told_once(site: Site, cast: Cast, posts: Posts) -> None:
    watch(site, cast.anna)
    with time_machine.travel(clock.now(), tick=True) as time:
        ref = posts.write("Totals differ")
        for _ in range(2):
            tell(site, NEW_POST, ref, thread=TOPIC)
        time.shift(LATER)
        send_mails(site)
    (mail,) = arrived(site)
    assert body(mail).count("/posts/post1") == 1


def test_another_thread_is_another_mail(site: Site, cast: Cast, posts: Posts) -> None:
    watch(site, cast.anna)
    with time_machine.travel(clock.now(), tick=True) as time:
        tell(site, NEW_POST, posts.write("First"), thread=TOPIC)
        tell(site, NEW_POST, posts.write("Second"))
        time.shift(LATER)
        send_mails(site)
    assert sorted(mail["Subject"] for mail in arrived(site)) == ["First", "Second"]


@time_machine.travel(datetime(2026, 11, 23, 22, 30, tzinfo=UTC), tick=False)  # 23:30 in Rome
def test_quiet_hours_are_waited_for_except_by_what_is_always_told(site: Site, cast: Cast, posts: Posts) -> None:
    with site.database.write() as session:
        session.add(Preference(person_id=cast.anna.id, quiet_from=22, quiet_to=7))
    notice = mention(site, posts, cast.anna)
    tell(site, ALARM, posts.write("Fire", products=["ledger"]))
    send_mails(site)
    assert [mail["Subject"] for mail in arrived(site, cast.anna.email)] == ["Fire"]
    (row,) = deliveries(site, notice)
    assert row.due_at == datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
    with time_machine.travel(row.due_at, tick=False):
        send_mails(site)
    assert len(arrived(site, cast.anna.email)) == 2


def test_the_hundred_and_first_mail_of_a_day_is_left_out_unless_it_is_always_told(
    site: Site, cast: Cast, posts: Posts
) -> None:
    with time_machine.travel(clock.now() - timedelta(hours=1), tick=True) as time, site.database.write() as session:
        for number in range(holding.DAILY):
            time.shift(timedelta(milliseconds=number + 1))
            a_delivery(session, DeliveryState.SENT, person_id=cast.anna.id)
    notice = mention(site, posts, cast.anna, cast.piero)
    tell(site, ALARM, posts.write("Fire", products=["ledger"]))
    send_mails(site)
    assert [mail["Subject"] for mail in arrived(site, cast.anna.email)] == ["Fire"]
    assert outcome(site, notice) == [("dropped", holding.LIMIT), ("sent", None)]
    with time_machine.travel(clock.now() + timedelta(days=1), tick=True):
        mention(site, posts, cast.anna, title="Tomorrow")
        send_mails(site)
    assert arrived(site, cast.anna.email)[-1]["Subject"] == "Tomorrow"


def test_no_mail_goes_to_an_address_from_which_it_came_back(site: Site, cast: Cast, posts: Posts) -> None:
    with site.database.write() as session:
        session.add(SuppressedAddress(email=cast.anna.email, reason="550", since=clock.now()))
    notice = mention(site, posts, cast.anna)
    send_mails(site)
    assert arrived(site) == []
    assert outcome(site, notice) == [("dropped", holding.SUPPRESSED)]


def test_a_registered_address_is_told_as_its_organisation_may_read(site: Site, cast: Cast, posts: Posts) -> None:
    with site.database.write() as session:
        for key, email in (("xtreme", "desk@xtreme.example"), ("elite", "desk@elite.example")):
            session.add(
                RegisteredAddress(
                    key=f"a-{key}", organisation_id=cast.organisations[key].id, email=email, name="Desk",
                    language="it", products=[], created_at=clock.now(), confirmed_at=clock.now(),
                )
            )  # fmt: skip
    ref = posts.write("Fire", "xtreme", products=["ledger", "harbor"])
    tell(site, ALARM, ref)
    posts.change(ref, audience="xtreme@ledger")  # Elite has no Ledger
    send_mails(site)
    (mail,) = arrived(site, "desk@xtreme.example")
    assert mail["List-Unsubscribe"].startswith("<http://127.0.0.1:8000/registered/leave/")
    assert "desk@xtreme.example" in body(mail)
    assert arrived(site, "desk@elite.example") == []
    assert arrived(site, cast.elena.email) == []


def test_what_is_always_told_offers_no_way_out_and_is_urgent(site: Site, cast: Cast, posts: Posts) -> None:
    tell(site, ALARM, posts.write("Fire", products=["ledger"]))
    send_mails(site)
    mail = arrived(site, cast.anna.email)[0]
    assert mail["List-Unsubscribe"] is None
    assert mail["Importance"] == "high"
    assert "cannot be switched off" in body(mail)
    assert "/unsubscribe/" not in mail.as_string()


def _reader(person: Person) -> holding.Recipient:
    from sportello.core.audience import anonymous

    return holding.Recipient(person.email, person.name, "en", "UTC", anonymous(), person_id=person.id)
