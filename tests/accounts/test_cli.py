"""The same from the shell: `sportello org|user|product`."""

import re
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from sportello.accounts.models import AuditEntry, Person
from sportello.core import clock
from sportello.core.db import Database
from sportello.core.outbox import OutboxRow
from sportello.core.settings import Settings
from sportello.core.shell import Shell
from tests.people import Cast

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings, database: Database, cast: Cast) -> Run:
    from sportello.portal.cli import cli

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(cli, list(arguments), obj=Shell(settings))

    return invoke


def test_the_lists_have_a_line_each(run: Run) -> None:
    assert re.search(r"^premium +premium .* covered +harbor,ledger +Premium$", run("org", "list").output, re.M)
    assert re.search(r"^expired .* not covered ", run("org", "list").output, re.M)
    assert "sara@support.example" in run("user", "list").output
    assert run("user", "list", "-q", "elena").output.count("\n") == 1
    assert "ledger   Ledger   14.2 15.0 15.1" in run("product", "list").output


def test_a_customer_is_created_from_nothing(run: Run, database: Database) -> None:
    assert run("product", "create", "compass", "--name", "Compass", "--version", "1.0").exit_code == 0
    made = run("org", "create", "Nuova Srl", "--plan", "elite", "--end", "2030-12-31", "--product", "compass")
    assert re.fullmatch(r"[a-z2-9]{10}\n", made.output)
    assert run("user", "create", "bea@nuova.example", "--name", "Bea Bini", "--org", "nuova srl").exit_code == 0
    with database.read() as session:
        bea = session.query(Person).filter_by(email="bea@nuova.example").one()
        assert bea.organisation is not None
        assert bea.organisation.name == "Nuova Srl"
        assert bea.timezone == "Europe/Rome"
        assert session.query(OutboxRow).count() == 1
        assert {entry.actor for entry in session.query(AuditEntry)} == {"system"}


def test_what_is_not_named_stays(run: Run, database: Database) -> None:
    assert run("org", "edit", "premium", "--plan", "elite").exit_code == 0
    assert re.search(r"^premium +elite .* harbor,ledger +Premium$", run("org", "list").output, re.M)
    assert run("user", "edit", "elena@elite.example", "--role", "contact", "--role", "customer").exit_code == 0
    assert run("user", "edit", "elena@elite.example", "--inactive").exit_code == 0
    assert re.search(r"^elena@elite.example +deactivated +contact,customer +Elite", run("user", "list").output, re.M)
    assert run("product", "edit", "ledger", "--add-version", "16.0").exit_code == 0
    assert "14.2 15.0 15.1 16.0" in run("product", "list").output
    assert run("org", "edit", "premium", "--no-products").exit_code == 0
    assert re.search(r"^premium .* - +Premium$", run("org", "list").output, re.M)


def test_a_lost_second_factor_is_removed(run: Run, database: Database) -> None:
    with database.write() as session:
        elena = session.query(Person).filter_by(key="p-elena").one()
        elena.totp_secret, elena.totp_confirmed_at = "SECRET", clock.now()
    assert run("user", "edit", "elena@elite.example", "--no-second-factor").exit_code == 0
    with database.read() as session:
        elena = session.query(Person).filter_by(key="p-elena").one()
        assert (elena.totp_secret, elena.totp_confirmed_at) == (None, None)


def test_a_customer_becomes_staff(run: Run) -> None:
    assert run("user", "edit", "elena@elite.example", "--org", "none", "--role", "agent").exit_code == 0
    assert re.search(r"^elena@elite.example .* agent +- ", run("user", "list").output, re.M)


def test_a_link_sets_a_password(run: Run, database: Database) -> None:
    from sportello.accounts.services import credentials

    link = run("user", "link", "elena@elite.example").output.strip()
    assert link.startswith("http://127.0.0.1:8000/password/set/")
    with database.write() as session:
        credentials.set_password(session, link.rsplit("/", 1)[1], "quattro parole a caso")


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        (("org", "create", "X", "--plan", "gold", "--end", "2030-01-01"), 2, "the plans are xtreme, premium, elite"),
        (("org", "create", "X", "--plan", "elite", "--end", "2030-02-30"), 2, "does not match the format"),
        (("org", "edit", "premium"), 2, "Say what to change"),
        (("org", "edit", "nobody", "--plan", "elite"), 1, "there is no organisation “nobody”"),
        (("user", "create", "no address", "--name", "X", "--org", "elite"), 2, "is not an e-mail address"),
        (("user", "create", "x@elite.example", "--name", "X"), 2, "belongs to an organisation"),
        (("user", "create", "x@elite.example", "--name", "X", "--org", "nobody"), 1, "there is no organisation"),
        (("user", "create", "elena@elite.example", "--name", "X", "--org", "elite"), 2, "has an account already"),
        (("user", "edit", "nobody@x.example", "--name", "X"), 1, "there is no person “nobody@x.example”"),
        (("user", "edit", "ada@admin.example", "--inactive"), 1, "only active administrator"),
        (("product", "create", "Ledger!", "--name", "X"), 2, "begins with a letter"),
        (("product", "edit", "nothing", "--name", "X"), 1, "there is no product “nothing”"),
    ],
)
def test_a_mistake_is_one_line_and_no_traceback(run: Run, command: tuple[str, ...], code: int, says: str) -> None:
    result = run(*command)
    assert result.exit_code == code
    assert says in result.stderr
    assert isinstance(result.exception, SystemExit)
    if "format" not in says:
        assert len(result.stderr.strip().splitlines()) == 1
