"""`sportello notices`: the staff page for those who sit at a shell."""

import pytest
from click.testing import CliRunner, Result

from sportello.core import clock
from sportello.core.db import Database
from sportello.core.settings import Settings
from sportello.core.shell import Shell
from sportello.notifications.models import Delivery, DeliveryChannel, DeliveryState, SuppressedAddress
from sportello.notifications.queries.deliveries import PAGE
from sportello.portal.cli import cli
from tests.notifications.leaving import a_delivery, waiting_events
from tests.people import Cast


@pytest.fixture
def shell(settings: Settings, database: Database) -> Shell:
    return Shell(settings)


def run(shell: Shell, *words: str) -> Result:
    return CliRunner().invoke(cli, ["notices", *words], obj=shell)


def test_status_prints_each_channel(shell: Shell, database: Database) -> None:
    with database.write() as session:
        for _ in range(5):
            a_delivery(session)
    lines = run(shell, "status").output.splitlines()
    assert [line.split("\t")[:2] for line in lines] == [
        ["portal", "ok"], ["mail", "failing"], ["digest", "ok"], ["webhook", "ok"],
    ]  # fmt: skip
    assert lines[1].split("\t")[-1] == "5"


def test_list_prints_what_was_given_up_and_goes_on(shell: Shell, database: Database, cast: Cast) -> None:
    with database.write() as session:
        keys = [a_delivery(session, person_id=cast.anna.id, error="554 no\nmore").key for _ in range(PAGE + 1)]
    found = run(shell, "list")
    assert found.output.count("anna@xtreme.example\t\t554 no\n") == PAGE
    assert f"--before {keys[1]}" in found.stderr
    assert keys[0] in run(shell, "list", "--before", keys[1]).output
    assert "None." in run(shell, "list", "--state", "sent", "--channel", "digest", "--who", "anna").stderr
    wrong = run(shell, "list", "--before", "neverwas00")
    assert (wrong.exit_code, wrong.stderr) == (1, "sportello: There is nothing at this address.\n")


def test_retry_names_deliveries_or_takes_all(shell: Shell, database: Database) -> None:
    with database.write() as session:
        keys = [a_delivery(session, channel=channel).key for channel in (*DeliveryChannel, DeliveryChannel.MAIL)]
    assert run(shell, "retry", keys[0], keys[0]).output == "1 deliveries will be tried again.\n"
    assert run(shell, "retry", "--all", "--channel", "digest").output == "1 deliveries will be tried again.\n"
    assert run(shell, "retry", "--all").output == "2 deliveries will be tried again.\n"
    with database.read() as session:
        assert session.query(Delivery).filter(Delivery.state == DeliveryState.QUEUED).count() == 4
        assert len(waiting_events(session, "MailDue")) == 2


@pytest.mark.parametrize(
    "words", [(), ("neverwas00",), ("--channel", "mail"), ("x", "--all"), ("--all", "--channel", "x")]
)
def test_retry_refuses_what_it_does_not_understand(shell: Shell, words: tuple[str, ...]) -> None:
    refused = run(shell, "retry", *words)
    assert refused.exit_code in (1, 2)
    assert "Traceback" not in refused.output


def test_addresses_are_listed_and_lifted(shell: Shell, database: Database) -> None:
    with database.write() as session:
        for number in range(PAGE + 1):
            session.add(SuppressedAddress(email=f"{number:02}@b.example", reason="550 gone", since=clock.now()))
    found = run(shell, "suppressed")
    assert found.output.count("\t1\t550 gone\n") == PAGE
    assert "--after 19@b.example" in found.stderr
    assert run(shell, "suppressed", "--after", "19@b.example").output.startswith("20@b.example")
    assert run(shell, "lift", "20@B.example", "19@b.example").output == "2 addresses get mail again.\n"
    again = run(shell, "lift", "18@b.example", "20@b.example")
    assert (again.exit_code, again.stderr) == (1, "sportello: No mail is held back from 20@b.example.\n")
    with database.read() as session:
        assert session.get(SuppressedAddress, "18@b.example") is not None, "all or nothing"
