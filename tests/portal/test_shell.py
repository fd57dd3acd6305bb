"""The `sportello` command: help everywhere, one line for what is wrong, the right exit code."""

import os
import re
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sportello.core.db import Database
from sportello.core.mail import FileMailer, Message
from sportello.core.settings import Settings
from sportello.core.shell import Shell
from sportello.portal import migrate, reference
from sportello.portal.cli import cli
from sportello.portal.commands.demo import demo_settings
from sportello.portal.demo import cast
from sportello.portal.demo.categories import TREE
from tests import people

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A production environment in a folder of its own."""
    for name in list(os.environ):
        if name.startswith("SPORTELLO_") and name != "SPORTELLO_TEST_DATABASE":
            monkeypatch.delenv(name)
    monkeypatch.setenv("SPORTELLO_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("SPORTELLO_SECRET_KEY", KEY)


def run(*arguments: str, settings: Settings | None = None) -> Result:
    return CliRunner().invoke(cli, arguments, obj=Shell(settings) if settings else None)


def assert_one_line(result: Result, code: int, *words: str) -> None:
    assert result.exit_code == code, result.output
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert result.stderr.startswith("sportello: ")
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize("path", [path.split()[1:] for path, _ in reference._commands(cli, "sportello")])
def test_every_command_explains_itself(path: list[str]) -> None:
    result = run(*path, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_a_missing_secret_key_is_one_line_and_exit_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPORTELLO_SECRET_KEY", "short")
    assert_one_line(run("doctor"), 2, "SPORTELLO_SECRET_KEY", "32")


@pytest.mark.parametrize("name", [f"SPORTELLO_{name}" for name in ("WORKERS", "SMTP_URL", "ACCENT", "PLANS_FILE")])
def test_a_bad_setting_is_one_line_and_exit_2(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "nonsense")
    assert_one_line(run("doctor"), 2, name)


def test_help_needs_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPORTELLO_SECRET_KEY", "")
    assert run("--help").exit_code == 0


@pytest.mark.parametrize("command", ["serve", "web", "worker"])
def test_a_database_that_is_not_migrated_is_refused_in_one_line(command: str, settings: Settings) -> None:
    assert_one_line(run(command, settings=settings), 1, "sportello migrate")


def test_an_address_without_a_port_is_refused(settings: Settings, database: Database) -> None:
    migrate.stamp(database)
    result = run("serve", "--bind", "localhost", settings=settings)
    assert result.exit_code == 2
    assert "HOST:PORT" in result.stderr


def test_init_makes_one_administrator_by_a_link_that_works_once(settings: Settings) -> None:
    migrate.stamp(Database(settings.database, settings.counters_database))
    first = run("init", "--email", "Boss@vendor.example", settings=settings)
    assert first.exit_code == 0, first.output
    link = re.search(r"http://\S+/password/set/\S+", first.output)
    assert link
    again = run("init", "--email", "boss@vendor.example", settings=settings)  # the link was lost: a new one
    assert again.exit_code == 0
    assert link[0] not in again.output


def test_init_refuses_where_there_is_an_administrator(settings: Settings, database: Database) -> None:
    migrate.stamp(database)
    with database.write() as session:
        people.make_cast(session).ada.password_hash = "x"
    assert_one_line(run("init", "--email", "eve@example.com", settings=settings), 1, "administrator already")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "::", "example.com"])
def test_the_demo_listens_on_this_machine_only(host: str) -> None:
    assert_one_line(run("demo", "--load-only", "--host", host), 1, host)


def test_the_demo_refuses_a_database_with_other_people(settings: Settings, database: Database) -> None:
    migrate.stamp(database)
    with database.write() as session:
        people.make_cast(session)
    os.environ["SPORTELLO_DATABASE_URL"] = settings.database_url
    os.environ["SPORTELLO_VAR_DIR"] = str(settings.var_dir)
    try:
        assert_one_line(run("demo", "--load-only"), 1, "anna@xtreme.example", "not the demo's")
    finally:
        del os.environ["SPORTELLO_DATABASE_URL"]


def test_the_demo_keeps_its_own_key_and_every_command_finds_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SPORTELLO_SECRET_KEY")
    first = demo_settings("127.0.0.1:8000")
    assert first.is_development
    assert len(first.secret_key) == 64
    assert demo_settings("127.0.0.1:8000").secret_key == first.secret_key
    assert Settings.from_env().secret_key == first.secret_key
    assert stat.S_IMODE((tmp_path / "var" / "demo.env").stat().st_mode) == 0o600


def test_the_demo_has_the_people_that_it_promises() -> None:
    assert [person.email for person in cast.listed()] == [
        "anna@xtreme.example",
        "piero@premium.example",
        "elena@elite.example",
        "ezio@expired.example",
        "sara@support.example",
        "ada@admin.example",
    ]
    plans = [customer.plan for customer in cast.CUSTOMERS if not customer.ended]
    assert sorted(plans) == ["elite", "elite", "premium", "premium", "xtreme", "xtreme"]
    assert sum(customer.ended for customer in cast.CUSTOMERS) == 1


def test_every_category_of_the_demo_articles_has_names() -> None:
    codes = {branch.code for top in TREE for branch in (top, *top.under)}
    folder = Path(cast.__file__).with_name("content") / "articles"
    used = set()
    for path in folder.glob("*/*.md"):
        used |= set(re.findall(r"^category: (.+)$", path.read_text("utf-8"), flags=re.M))
    assert used
    assert used <= codes


def test_mails_in_files_are_listed_and_shown(settings: Settings) -> None:
    mailer = FileMailer(settings.mail_dir, "support@vendor.example", settings.base_url)
    mailer.send(Message("anna@xtreme.example", "First", "One."))
    mailer.send(Message("piero@premium.example", "Second", "Two: città."))
    listed = run("mail", "list", settings=settings).output
    assert [line.split("\t")[1:] for line in listed.splitlines()] == [
        ["anna@xtreme.example", "First"],
        ["piero@premium.example", "Second"],
    ]
    assert "Two: città." in run("mail", "show", settings=settings).output
    first = listed.split("\t")[0]
    assert "One." in run("mail", "show", first, settings=settings).output
    assert_one_line(run("mail", "show", "nothing", settings=settings), 1, "no mail nothing")


def test_a_full_environment_makes_the_same_settings_in_a_child(settings: Settings) -> None:
    assert Settings.from_env(settings.environ()) == settings
