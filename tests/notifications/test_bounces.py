"""Mails that come back: an address that is gone gets no more, and nobody else can have one suppressed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from sqlalchemy import select

from sportello.accounts.models import Person
from sportello.core import clock
from sportello.core.db import Database
from sportello.core.settings import Settings, SettingsError
from sportello.core.shell import Shell
from sportello.notifications.delivery.bounces import MOST, Taken, Verdict, read_report, take_bounce
from sportello.notifications.delivery.envelope import return_path, returned_to, sent_id
from sportello.notifications.models import Delivery, DeliveryState, SuppressedAddress
from sportello.portal.cli import cli
from tests.notifications.leaving import a_delivery
from tests.people import Cast

REPORT = """\
From: MAILER-DAEMON@relay.example
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="frontier"

--frontier
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--frontier
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example
X-Queue-ID: 4F2A

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {diagnostic}

--frontier
Content-Type: {quoted_type}

From: support@vendor.example
Message-ID: {quoted}
Subject: Totals differ

--frontier--
"""


@pytest.fixture
def bouncing(settings: Settings) -> Settings:
    return replace(settings, bounce_address="bounces@vendor.example")


def report(
    to: str,
    recipient: str,
    status: str = "5.1.1",
    *,
    action: str = "failed",
    quoted: str = "<nothing@elsewhere.example>",
    quoted_type: str = "text/rfc822-headers",
    diagnostic: str = "550 5.1.1 unknown",
) -> bytes:
    return REPORT.format(
        to=to, recipient=recipient, status=status, action=action, quoted=quoted, quoted_type=quoted_type,
        diagnostic=diagnostic,
    ).encode()  # fmt: skip


def sent(database: Database, person: Person) -> Delivery:
    with database.write() as session:
        return a_delivery(session, DeliveryState.SENT, person_id=person.id)


def take(database: Database, settings: Settings, raw: bytes) -> Taken:
    with database.write() as session:
        return take_bounce(session, settings, read_report(raw))


def suppressed(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(SuppressedAddress.email)))


def state(database: Database, delivery: Delivery) -> tuple[str, str | None]:
    with database.read() as session:
        row = session.get_one(Delivery, delivery.id)
        return row.state, row.error


def test_an_address_that_is_gone_gets_no_more_mail(database: Database, cast: Cast, bouncing: Settings) -> None:
    delivery = sent(database, cast.anna)
    raw = report(return_path(bouncing, delivery.key), cast.anna.email)
    assert take(database, bouncing, raw).verdict == Verdict.SUPPRESSED
    assert suppressed(database) == [cast.anna.email]
    assert state(database, delivery) == ("failed", "5.1.1 550 5.1.1 unknown")


def test_without_a_return_path_the_message_id_tells_which_mail_it_was(
    database: Database, cast: Cast, settings: Settings
) -> None:
    sent(database, cast.anna)
    delivery = sent(database, cast.anna)
    quoted = sent_id(settings, cast.anna.email, delivery.key)
    for kind in ("text/rfc822-headers", "message/rfc822"):
        raw = report("support@vendor.example", cast.anna.email.upper(), quoted=quoted, quoted_type=kind)
        take(database, settings, raw)
        assert suppressed(database) == [cast.anna.email]
        assert state(database, delivery)[0] == "failed"


def test_a_report_that_somebody_made_up_suppresses_nobody(database: Database, cast: Cast, bouncing: Settings) -> None:
    delivery = sent(database, cast.anna)
    for raw in (
        report("bounces@vendor.example", cast.anna.email),
        report("bounces+abcdefghjk@vendor.example", cast.anna.email),
        report(return_path(bouncing, delivery.key), cast.piero.email),  # a key of one's own for another's address
        report("bounces@vendor.example", cast.anna.email, quoted=sent_id(bouncing, cast.piero.email, delivery.key)),
    ):
        assert take(database, bouncing, raw) == Taken(Verdict.IGNORED)
    assert suppressed(database) == []
    assert state(database, delivery)[0] == "sent"


@pytest.mark.parametrize("status", ["5.2.2", "5.7.1", "5.0.0", "4.4.7"])
def test_a_full_mailbox_or_a_message_that_was_not_liked_is_a_dead_letter(
    database: Database, cast: Cast, bouncing: Settings, status: str
) -> None:
    delivery = sent(database, cast.anna)
    raw = report(return_path(bouncing, delivery.key), cast.anna.email, status, diagnostic="552 mailbox full")
    assert take(database, bouncing, raw).verdict == Verdict.NOTED
    assert suppressed(database) == []
    assert state(database, delivery) == ("failed", f"{status} 552 mailbox full")


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", ""])
def test_what_is_only_late_changes_nothing(database: Database, cast: Cast, bouncing: Settings, action: str) -> None:
    delivery = sent(database, cast.anna)
    raw = report(return_path(bouncing, delivery.key), cast.anna.email, "4.4.1", action=action)
    assert take(database, bouncing, raw).verdict == Verdict.IGNORED
    assert state(database, delivery)[0] == "sent"


def test_an_answer_from_the_beach_changes_nothing(database: Database, cast: Cast, bouncing: Settings) -> None:
    delivery = sent(database, cast.anna)
    to = return_path(bouncing, delivery.key)
    raw = f"From: {cast.anna.email}\nTo: {to}\nSubject: Out of office\n\nBack on Monday. 550 5.1.1\n".encode()
    assert take(database, bouncing, raw).verdict == Verdict.IGNORED


def test_the_same_report_twice_counts_once(database: Database, cast: Cast, bouncing: Settings) -> None:
    delivery = sent(database, cast.anna)
    raw = report(return_path(bouncing, delivery.key), cast.anna.email)
    assert [take(database, bouncing, raw).verdict for _ in range(2)] == [Verdict.SUPPRESSED, Verdict.IGNORED]
    with database.read() as session:
        assert session.get_one(SuppressedAddress, cast.anna.email).bounces == 1


def test_what_went_in_one_mail_comes_back_in_one(database: Database, cast: Cast, bouncing: Settings) -> None:
    with database.write() as session:
        at = clock.now()
        first, second = (a_delivery(session, DeliveryState.SENT, person_id=cast.anna.id) for _ in range(2))
        first.sent_at = second.sent_at = at
        other = a_delivery(session, DeliveryState.SENT, person_id=cast.anna.id, age=timedelta(hours=1))
        waiting = a_delivery(session, DeliveryState.QUEUED, person_id=cast.anna.id)
    take(database, bouncing, report(return_path(bouncing, first.key), cast.anna.email))
    assert [state(database, row)[0] for row in (first, second, other, waiting)] == [
        "failed",
        "failed",
        "sent",
        "queued",
    ]


def test_a_report_on_a_mail_that_was_not_noted_as_sent_touches_no_other(
    database: Database, cast: Cast, bouncing: Settings
) -> None:
    with database.write() as session:
        one, other = (a_delivery(session, DeliveryState.QUEUED, person_id=cast.anna.id) for _ in range(2))
    take(database, bouncing, report(return_path(bouncing, one.key), cast.anna.email))
    assert [state(database, row)[0] for row in (one, other)] == ["failed", "queued"]


def test_the_return_path_is_read_back(bouncing: Settings) -> None:
    path = return_path(bouncing, "abcdefghjk")
    assert path == "bounces+abcdefghjk@vendor.example"
    assert returned_to(bouncing, ["support@vendor.example", f"<{path.upper()}>"]) == "abcdefghjk"
    assert returned_to(bouncing, ["bounces@vendor.example", "bounces+abc@vendor.example", "@", ""]) == ""


@effort(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_comes_it_is_no_reason_to_stop(
    database: Database, cast: Cast, bouncing: Settings, data: st.DataObject
) -> None:
    whole = report("bounces+abcdefghjk@vendor.example", cast.anna.email, quoted_type="message/rfc822")
    cut = data.draw(st.integers(0, len(whole)))
    noise = data.draw(st.binary(max_size=40))
    assert take(database, bouncing, whole[:cut] + noise + whole[cut:]).verdict == Verdict.IGNORED


@pytest.mark.parametrize("part", ["message/rfc822", 'multipart/mixed; boundary="b{n}"\n\n--b{n}'])
def test_parts_in_parts_without_an_end_are_no_report(
    database: Database, cast: Cast, bouncing: Settings, part: str
) -> None:
    delivery = sent(database, cast.anna)
    nested = "".join(f"Content-Type: {part.format(n=number)}\n\n" for number in range(2000))
    to = return_path(bouncing, delivery.key)
    assert take(database, bouncing, f"To: {to}\n{nested}".encode()).verdict == Verdict.IGNORED


def test_what_no_database_keeps_is_left_out(database: Database, cast: Cast, bouncing: Settings) -> None:
    delivery = sent(database, cast.anna)
    raw = report(return_path(bouncing, delivery.key), cast.anna.email, diagnostic="550 no\x00body\x1b[2J here")
    assert take(database, bouncing, raw).verdict == Verdict.SUPPRESSED
    assert state(database, delivery) == ("failed", "5.1.1 550 no body [2J here")


def test_of_a_report_on_very_many_recipients_the_first_are_looked_at() -> None:
    block = "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n\n"
    raw = report("bounces@vendor.example", "anna@xtreme.example").replace(b"Final-", (block * 500).encode() + b"Final-")
    assert len(read_report(raw).bounces) == MOST


def test_the_mail_system_hands_it_to_the_shell(database: Database, cast: Cast, bouncing: Settings) -> None:
    delivery = sent(database, cast.anna)
    raw = report(return_path(bouncing, delivery.key), cast.anna.email)
    done = CliRunner().invoke(cli, ["mail", "bounce", "-"], input=raw, obj=Shell(bouncing))
    assert (done.exit_code, done.output) == (0, f"{cast.anna.email} gets no more mail: 5.1.1 550 5.1.1 unknown\n")
    done = CliRunner().invoke(cli, ["mail", "bounce", "-"], input=b"\xff\x00", obj=Shell(bouncing))
    assert done.exit_code == 0
    assert "Nothing to do" in done.output


@pytest.mark.parametrize("value", ["bounces", "@vendor.example", "Bounces <b@vendor.example>", "a@b\r\nBcc: c@d"])
def test_a_bad_bounce_address_is_one_clear_line(value: str) -> None:
    with pytest.raises(SettingsError, match="SPORTELLO_BOUNCE_ADDRESS"):
        Settings.from_env({"SPORTELLO_ENVIRONMENT": "development", "SPORTELLO_BOUNCE_ADDRESS": value})
