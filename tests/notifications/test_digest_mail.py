"""Sending digests: who wants none gets none, nothing is sent twice, and a mail server may do what it likes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update

from kb.models import Article
from sportello.accounts.models import Person
from sportello.core.handling import Site
from sportello.core.mail import MailError, message_id, stored_mails
from sportello.notifications.delivery import digest_mail
from sportello.notifications.delivery.digest import queue_digests
from sportello.notifications.delivery.digest_mail import on_digest_due
from sportello.notifications.delivery.holding import IN_DOUBT, TWICE
from sportello.notifications.events import DigestDue
from sportello.notifications.models import (
    Delivery,
    DeliveryChannel,
    DeliveryState,
    DigestRhythm,
    Preference,
    SuppressedAddress,
)
from sportello.notifications.registry import registry
from tests.notifications.digesting import (
    MONDAY,
    SUNDAY,
    Digest,
    Postman,
    add,
    change,
    ended,
    mails,
    queue,
    send,
    tell,
    text,
)  # fmt: skip
from tests.people import Cast
from tests.work import work_off

pytestmark = pytest.mark.usefixtures("sunday")


@pytest.fixture
def site(site: Site, cast: Cast) -> Site:
    """It is known when everybody's digest is due."""
    queue_digests(site)
    return site


def test_one_click_ends_it_and_programs_know_what_it_is(site: Site, digest: Digest) -> None:
    tell(site, "Rounding")
    mail = digest()["anna"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = str(mail["List-Unsubscribe"]).strip("<>")
    assert link in text(mail)
    assert mail["Precedence"] == "list"
    html = mail.get_body(("html",))
    assert html is not None
    assert "Rounding" in html.get_content()


@pytest.mark.parametrize("when", ["before", "after"])
def test_who_switched_it_off_gets_none(site: Site, cast: Cast, sunday: time_machine.Traveller, when: str) -> None:
    tell(site, "Rounding")
    never = update(Preference).where(Preference.person_id == cast.anna.id).values(digest=DigestRhythm.NEVER)
    if when == "before":
        change(site, never)
    queue(site, sunday)
    change(site, never)
    send(site)
    assert set(mails(site)) == {"piero"}


def test_who_left_or_whose_mail_comes_back_gets_none(site: Site, cast: Cast, sunday: time_machine.Traveller) -> None:
    tell(site, "Rounding")
    queue(site, sunday)
    change(site, update(Person).where(Person.id == cast.anna.id).values(active=False))
    add(site, SuppressedAddress(email=cast.piero.email, reason="5.1.1", since=SUNDAY, bounces=1))
    send(site)
    assert mails(site) == {}
    assert ended(site, cast.anna) == (DeliveryState.DROPPED, "Nobody who can sign in.")
    assert ended(site, cast.piero) == (DeliveryState.DROPPED, "Mail to this address came back for good.")


def test_it_waits_for_the_end_of_quiet_hours(
    app: Flask, site: Site, cast: Cast, sunday: time_machine.Traveller
) -> None:
    tell(site, "Rounding")
    queue(site, sunday)
    change(site, update(Preference).where(Preference.person_id == cast.anna.id).values(quiet_from=22, quiet_to=9))
    work_off(app)
    assert set(mails(site)) == {"piero"}
    sunday.move_to(datetime(2026, 11, 23, 7, 59, tzinfo=UTC))
    work_off(app)
    assert set(mails(site)) == {"piero"}
    sunday.move_to(datetime(2026, 11, 23, 8, 0, 1, tzinfo=UTC))
    work_off(app)
    assert set(mails(site)) == {"anna", "piero"}


def test_handled_again_it_is_not_sent_again(site: Site, digest: Digest) -> None:
    tell(site, "Rounding")
    digest()
    for row in stored_mails(site.settings.mail_dir):
        (site.settings.mail_dir / f"{row.name}.eml").unlink()
    send(site)
    on_digest_due(site, DigestDue(987654))
    assert mails(site) == {}


def test_a_server_that_is_away_is_tried_again_with_the_news_of_then(
    site: Site, cast: Cast, sunday: time_machine.Traveller
) -> None:
    key = tell(site, "Narrowed meanwhile")
    tell(site, "Stays")
    queue(site, sunday)
    postman = Postman(MailError("away", away=True))
    trying = replace(site, mailer=postman)
    with pytest.raises(MailError):
        send(trying, [cast.anna])
    assert ended(site, cast.anna) == (DeliveryState.QUEUED, None)
    change(site, update(Article).where(Article.key == key).values(audience="staff"))
    send(trying, [cast.anna])
    assert [mail.subject for mail in postman.taken] == ["Stays"]
    assert ended(site, cast.anna) == (DeliveryState.SENT, None)


def test_a_mailbox_that_does_not_exist_gets_no_more_mail(
    site: Site, cast: Cast, sunday: time_machine.Traveller
) -> None:
    tell(site, "Rounding")
    queue(site, sunday)
    send(replace(site, mailer=Postman(MailError("550 5.1.1 no such user", gone=True))), [cast.anna])
    assert ended(site, cast.anna) == (DeliveryState.FAILED, "550 5.1.1 no such user")
    with site.database.read() as session:
        assert session.get(SuppressedAddress, cast.anna.email) is not None


def test_a_server_that_got_it_and_said_nothing_gets_it_once_more_and_then_no_more(
    site: Site, cast: Cast, sunday: time_machine.Traveller
) -> None:
    tell(site, "Rounding")
    queue(site, sunday)
    trying = replace(site, mailer=Postman(*[MailError("cut", away=True, unanswered=True)] * 2))
    send(trying, [cast.anna])
    assert ended(site, cast.anna) == (DeliveryState.QUEUED, IN_DOUBT)
    for _ in range(2):
        send(trying, [cast.anna])
    assert ended(site, cast.anna) == (DeliveryState.FAILED, TWICE)


def test_killed_after_sending_it_goes_out_once_more_under_the_same_name(
    site: Site, cast: Cast, sunday: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    tell(site, "Rounding")
    queue(site, sunday)
    postman = Postman()
    trying = replace(site, mailer=postman)
    with monkeypatch.context() as killed:
        killed.setattr(digest_mail, "settle", dies)
        with pytest.raises(KeyboardInterrupt):
            send(trying, [cast.anna])
    for _ in range(3):
        send(trying, [cast.anna])
    assert len(postman.taken) == 2
    assert len({message_id(mail, site.settings.base_url) for mail in postman.taken}) == 1


def test_nobody_gets_more_than_a_hundred_mails_a_day(site: Site, cast: Cast, sunday: time_machine.Traveller) -> None:
    tell(site, "Rounding")
    queue(site, sunday)
    sent = {"person_id": cast.anna.id, "channel": DeliveryChannel.MAIL, "state": DeliveryState.SENT}
    add(
        site,
        *(
            Delivery(
                key=f"k{n}", occasion=f"o{n}", created_at=SUNDAY, due_at=SUNDAY, attempts=0,
                sent_at=MONDAY - timedelta(minutes=n), **sent,
            )
            for n in range(100)
        ),
    )  # fmt: skip
    send(site)
    assert set(mails(site)) == {"piero"}
    assert ended(site, cast.anna) == (DeliveryState.DROPPED, "More mails than a person gets in a day.")


def test_what_comes_while_one_is_written_is_for_the_next_and_told_once(
    site: Site, cast: Cast, sunday: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Meanwhile:
        code, heading = "meanwhile", "Meanwhile"

        def items(self, *arguments: object) -> tuple[()]:
            sunday.shift(1)
            tell(site, "Just in time")
            return ()

    tell(site, "Rounding")
    queue(site, sunday)
    with monkeypatch.context() as writing:
        writing.setattr(registry, "sections", {"meanwhile": Meanwhile(), **registry.sections})
        send(site, [cast.anna])
    assert mails(site)["anna"]["Subject"] == "Rounding"
    queue(site, sunday, MONDAY + timedelta(days=7))
    send(site, [cast.anna])
    assert mails(site)["anna"]["Subject"] == "Just in time"
