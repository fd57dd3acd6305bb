"""How somebody wants to be told: the digest, quiet hours, channels by kind of event, and the feed's address."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from sportello.accounts.models import Person
from sportello.core import clock
from sportello.core.audience import anonymous
from sportello.core.db import Database
from sportello.core.errors import Forbidden
from sportello.notifications.levels import Channel
from sportello.notifications.models import ChannelChoice, DigestRhythm, Preference
from sportello.notifications.queries.choices import channels_for
from sportello.notifications.queries.preferences import Wishes, wishes_of
from sportello.notifications.services import prefer
from tests.notifications.things import ALARM, MENTION, NEW_POST, Posts
from tests.people import Cast

PAGE = "/settings/notifications"
Browser = Callable[[str], FlaskClient]
ADDRESS = re.compile(r'value="http://127.0.0.1:8000(/feeds/[^"]+\.atom)"')


def wishes(database: Database, person: Person) -> Wishes:
    with database.read() as session:
        return wishes_of(session, person.id)


def choices(database: Database) -> set[tuple[str, str, bool]]:
    with database.read() as session:
        return {(row.event, row.channel, row.on) for row in session.scalars(select(ChannelChoice))}


def ticked(page: str) -> set[str]:
    return set(re.findall(r'value="([a-z-]+:[a-z]+)"[^>]* checked', page))


def test_nothing_is_kept_of_somebody_who_has_chosen_nothing(database: Database, cast: Cast, sign_in: Browser) -> None:
    assert sign_in("anna").get(PAGE).status_code == 200
    assert wishes(database, cast.anna) == Wishes()
    with database.read() as session:
        assert session.get(Preference, cast.anna.id) is None


def test_what_is_saved_is_what_the_page_shows_afterwards(
    database: Database, cast: Cast, posts: Posts, sign_in: Browser
) -> None:
    anna = sign_in("anna")
    before = ticked(anna.get(PAGE).text)
    assert {"post-written:portal", "post-written:mail", "post-written:digest"} < before
    wanted = (before - {"post-written:mail"}) | {"post-mention:portal"}
    form = {"digest": "daily", "quiet_from": "22", "quiet_to": "7", "on": sorted(wanted)}
    assert anna.post(PAGE, data=form).status_code == 303
    page = anna.get(PAGE).text
    assert ticked(page) == wanted
    assert '<option selected value="daily">' in page
    assert '<option selected value="22">22:00' in page
    found = wishes(database, cast.anna)
    assert (found.digest, found.quiet_from, found.quiet_to) == (DigestRhythm.DAILY, 22, 7)
    assert choices(database) == {("post-written", "mail", False)}, "only what differs from the event's own"
    with database.read() as session:
        heard = channels_for(session, [cast.anna.id], NEW_POST)[cast.anna.id]
    assert heard == {Channel.PORTAL, Channel.DIGEST}, "delivery reckons alike"
    anna.post(PAGE, data={**form, "on": sorted(before)})
    assert choices(database) == set()


def test_what_is_always_told_is_shown_as_such_and_cannot_be_switched_off(
    database: Database, cast: Cast, posts: Posts, sign_in: Browser
) -> None:
    anna = sign_in("anna")
    page = anna.get(PAGE).text
    assert ALARM.label in page
    assert "post-alarm:" not in page
    assert anna.post(PAGE, data={"digest": "weekly", "quiet_from": "", "quiet_to": ""}).status_code == 303
    with database.read() as session:
        assert channels_for(session, [cast.anna.id], ALARM)[cast.anna.id] == ALARM.channels
        assert channels_for(session, [cast.anna.id], MENTION)[cast.anna.id] == frozenset()
    assert all(event != "post-alarm" for event, _channel, _on in choices(database))


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"digest": "hourly"}, "digest"),
        ({"digest": ""}, "digest"),
        ({"quiet_from": "24"}, "quiet_from"),
        ({"quiet_from": "-1"}, "quiet_from"),
        ({"quiet_from": "22"}, "quiet_to"),
        ({"quiet_to": "7"}, "quiet_from"),
        ({"quiet_from": "7", "quiet_to": "7"}, "quiet_to"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field_and_kept_in_the_form(
    database: Database, cast: Cast, posts: Posts, sign_in: Browser, form: dict[str, str], field: str
) -> None:
    sent = {"digest": "daily", "quiet_from": "", "quiet_to": "", "on": "post-mention:mail", **form}
    answer = sign_in("anna").post(PAGE, data=sent)
    assert answer.status_code == 400
    assert f'id="{field}-error"' in answer.text
    assert ticked(answer.text) == {"post-mention:mail"}
    assert wishes(database, cast.anna) == Wishes()


def test_boxes_of_events_or_channels_that_are_none_are_left_out(
    database: Database, cast: Cast, sign_in: Browser
) -> None:
    sent = {"digest": "weekly", "quiet_from": "", "quiet_to": "", "on": ["nothing:mail", "x", ":", "post:pigeon"]}
    assert sign_in("anna").post(PAGE, data=sent).status_code == 303
    assert all(not on for _event, _channel, on in choices(database))


def test_another_rhythm_is_reckoned_anew_and_the_same_one_is_not(database: Database, cast: Cast) -> None:
    moment = clock.now() + timedelta(days=3)
    with database.write() as session:
        prefer.preference_of(session, cast.anna.id).next_digest_at = moment
        prefer.set_digest(session, cast.anna.id, "weekly")
    with database.write() as session:
        assert session.get_one(Preference, cast.anna.id).next_digest_at == moment
        prefer.set_digest(session, cast.anna.id, "daily")
    with database.read() as session:
        assert session.get_one(Preference, cast.anna.id).next_digest_at is None


def test_somebody_signed_out_prefers_nothing(database: Database, sign_in: Browser) -> None:
    with database.write() as session, pytest.raises(Forbidden):
        prefer.prefer(session, anonymous(), digest="daily", quiet=(None, None), wanted=())
    assert sign_in("anonymous").post(PAGE, data={"digest": "daily"}).headers["Location"] == "/sign-in"


def test_each_has_choices_of_their_own(database: Database, cast: Cast, posts: Posts, sign_in: Browser) -> None:
    sign_in("anna").post(PAGE, data={"digest": "never", "quiet_from": "", "quiet_to": ""})
    assert wishes(database, cast.piero) == Wishes()
    assert {"post-written:mail"} < ticked(sign_in("piero").get(PAGE).text)


def test_the_page_names_the_clock_that_counts(database: Database, cast: Cast, sign_in: Browser) -> None:
    with database.write() as session:
        session.get_one(Person, cast.anna.id).timezone = "America/New_York"
    assert "America/New_York" in sign_in("anna").get(PAGE).text


def test_the_feed_s_address_is_shown_once_replaced_and_switched_off(cast: Cast, sign_in: Browser) -> None:
    anna, reader = sign_in("anna"), sign_in("anonymous")
    made = ADDRESS.search(anna.post(f"{PAGE}/feed", data={"do": "make"}).text)
    assert made
    assert reader.get(made[1]).status_code == 200
    page = anna.get(PAGE).text
    assert not ADDRESS.search(page)
    assert "A new address ends the one before." in page
    again = ADDRESS.search(anna.post(f"{PAGE}/feed", data={"do": "make"}).text)
    assert again
    assert reader.get(made[1]).status_code == 404
    assert anna.post(f"{PAGE}/feed", data={"do": "perhaps"}).status_code == 400
    assert reader.get(again[1]).status_code == 200
    assert anna.post(f"{PAGE}/feed", data={"do": "revoke"}).status_code == 303
    assert reader.get(again[1]).status_code == 404


def test_choices_are_kept_when_a_feed_is_made(database: Database, cast: Cast, sign_in: Browser) -> None:
    anna = sign_in("anna")
    anna.post(PAGE, data={"digest": "daily", "quiet_from": "", "quiet_to": ""})
    page = anna.post(f"{PAGE}/feed", data={"do": "make"}).text
    assert '<option selected value="daily">' in page
    assert wishes(database, cast.anna).digest is DigestRhythm.DAILY


def test_every_label_has_its_field(sign_in: Browser) -> None:
    page = sign_in("anna").get(PAGE).text
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert sorted(ids) == sorted(set(ids))
