"""The command line: search as anybody, the log's report, the index."""

import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from search_index import cli, log
from search_index.sources import register
from sportello.core.db import Database
from sportello.core.settings import Settings
from sportello.core.shell import Shell
from tests.search_index.contract.cast import CAST, ref
from tests.search_index.shelf import Shelf, viewer

Run = Callable[..., Result]


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setattr("search_index.sources._registered", {})
    made = Shelf.of(CAST)
    register(made)
    return made


@pytest.fixture
def run(shelf: Shelf, settings: Settings, database: Database, cast: Any) -> Run:
    commands = {command.name: command for command in cli.commands}

    def invoke(name: str, *arguments: str) -> Result:
        shell = Shell(settings)
        result = CliRunner().invoke(commands[name], arguments, obj=shell)
        shell.close()
        return result

    return invoke


@pytest.fixture
def indexed(run: Run) -> Run:
    rebuilt = run("index", "rebuild")
    assert rebuilt.exit_code == 0
    assert ": 0 documents" not in rebuilt.output
    return run


def found(run: Run, *arguments: str) -> dict[str, Any]:
    result = run("search", *arguments, "--json")
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_one_object_of_the_stated_shape(indexed: Run) -> None:
    answer = found(indexed, "rounding", "tax")
    assert list(answer) == ["query", "total", "took_ms", "hits"]
    assert answer["query"] == "rounding tax"
    assert answer["total"] == 1
    (hit,) = answer["hits"]
    assert list(hit) == ["kind", "ref", "title", "url", "score"]
    assert (hit["kind"], hit["ref"]) == ("article", "rounding")
    assert hit["url"] == "http://127.0.0.1:8000/kb/rounding"
    assert hit["score"] > 0


def test_everybody_finds_what_they_may_read(indexed: Run) -> None:
    assert found(indexed, "quasar")["total"] == 0
    assert found(indexed, "quasar", "--as", "anna@xtreme.example")["total"] == 0
    assert found(indexed, "quasar", "--as", "piero@premium.example")["total"] == 1
    assert found(indexed, "quasar", "--as", "ezio@expired.example")["total"] == 0
    assert found(indexed, "marzipan", "--as", "sara@support.example")["total"] == 1


def test_the_text_form_shows_title_address_and_why(indexed: Run) -> None:
    result = indexed("search", "rounding")
    assert "Rounding differs by one cent on invoices" in result.output
    assert "http://127.0.0.1:8000/kb/rounding" in result.output
    assert "<mark>" not in result.output
    assert "1 results, page 1 of 1" in result.output


def test_a_bad_operator_is_explained(indexed: Run) -> None:
    assert "is not a date" in indexed("search", "rounding updated:yesterday").stderr


def test_an_unknown_person_is_refused(indexed: Run) -> None:
    result = indexed("search", "x", "--as", "nobody@nowhere.example")
    assert result.exit_code == 2
    assert "no active person" in result.output


def test_the_report_command_is_not_a_query(indexed: Run, database: Database) -> None:
    with database.counters() as session:
        log.record(session, log.searcher("s", viewer("Anna"), ""), "quasar drive", "en", 0)
    result = indexed("search", "report")
    assert result.exit_code == 0
    assert "1 searches in 30 days, 100 % found nothing." in result.output
    assert "quasar drive" in result.output


def test_check_compares_with_the_database(indexed: Run, shelf: Shelf) -> None:
    assert indexed("index", "check").exit_code == 0
    del shelf.documents_by_key["pallet"]
    result = indexed("index", "check")
    assert result.exit_code == 1
    assert f"{ref('pallet')}: too many in partition public" in result.output


def test_status_lists_the_partitions(indexed: Run) -> None:
    result = indexed("index", "status")
    assert "number" in result.output
    assert "premium@ledger" in result.output


def test_without_an_index_it_says_what_to_do(run: Run, settings: Settings) -> None:
    assert run("index", "status").exit_code == 1
    assert "sportello index rebuild" in run("index", "status").output
    assert run("index", "check").exit_code == 1
    answer = found(run, "pallet")
    assert answer["total"] == 1


def test_a_lost_index_is_answered_from_the_database(indexed: Run, settings: Settings) -> None:
    shutil.rmtree(settings.index_dir)
    result = indexed("search", "pallet")
    assert result.exit_code == 0
    assert "Search is being repaired" in result.stderr


@pytest.mark.parametrize("arguments", [("search", "--help"), ("index", "--help"), ("search", "query", "--help")])
def test_every_command_has_help(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 0


def test_synonyms_are_kept_from_the_shell_too(indexed: Run) -> None:
    assert "0 results" in indexed("search", "forklift").output
    added = indexed("search", "synonyms", "add", "forklift", "pallet", "load carrier")
    assert added.exit_code == 0
    assert "/kb/pallet" in indexed("search", "forklift").output
    listed = indexed("search", "synonyms", "list").output
    assert "en  forklift = pallet = load carrier" in listed
    key = listed.split()[0]
    assert indexed("search", "synonyms", "remove", key).output == "Removed: forklift, pallet, load carrier.\n"
    assert "0 results" in indexed("search", "forklift").output
    assert "cassa > till" in (
        indexed("search", "synonyms", "add", "--one-way", "cassa", "till", "--language", "it").output
        + indexed("search", "synonyms", "list").output
    )


def test_wrong_synonyms_are_a_line_and_exit_code_two(indexed: Run) -> None:
    for arguments in (("add", "one"), ("remove", "absent"), ("add", "the", "invoice")):
        wrong = indexed("search", "synonyms", *arguments)
        assert wrong.exit_code == 2
        assert "Error: " in wrong.output
        assert "Traceback" not in wrong.output
