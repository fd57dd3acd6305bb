"""`sportello import` and `sportello articles render`, as an operator runs them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kb.cli import articles, import_
from kb.models import Revision
from sportello.core.db import Database
from sportello.core.settings import Settings
from sportello.core.shell import Shell
from tests.kb.articles import SYSTEM, write
from tests.kb.importing import article
from tests.people import Cast


@pytest.fixture
def run(settings: Settings, database: Database, cast: Cast) -> Any:
    def call(command: Any, *arguments: str) -> Result:
        return CliRunner().invoke(command, arguments, obj=Shell(settings))

    return call


def test_an_import_says_what_it_did_and_fails_when_something_was_bad(
    run: Any, tmp_path: Path, database: Database
) -> None:
    path = tmp_path / "a.jsonl"
    good = {"id": "one", "title": "One", "body_markdown": "[x](gone.md) ![i](i.png)", "product": "azure", "odd": 1}
    path.write_text(json.dumps(good) + "\n{broken\n", "utf-8")
    dry = run(import_, "jsonl", str(path), "--dry-run")
    assert dry.exit_code == 1
    assert "+ one\tOne" in dry.stdout
    assert "1 would be new, 0 would be changed, 0 unchanged" in dry.stdout
    done = run(import_, "jsonl", str(path), "--audience", "premium", "--product", "ledger")
    assert done.exit_code == 1
    for words in (
        "1 new, 0 changed, 0 unchanged", "0 lead to imported articles, 1 became plain text", "i.png (1)", "odd (1)",
        "azure (1)", "--create-products",
    ):  # fmt: skip
        assert words in done.stdout
    assert "a.jsonl:2: not JSON" in done.stderr
    path.write_text(json.dumps(good) + "\n", "utf-8")
    again = run(import_, "jsonl", str(path), "--audience", "premium", "--product", "ledger")
    assert (again.exit_code, again.stdout.splitlines()[0]) == (0, "0 new, 0 changed, 1 unchanged")
    with database.read() as session:
        assert article(session, "one").audience == "premium"


def test_a_folder_is_imported_from_the_shell(run: Any, tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text("# One\n\ntext\n", "utf-8")
    assert run(import_, "markdown", str(tmp_path), "--lang", "it").stdout.startswith("1 new")
    assert run(import_, "markdown", str(tmp_path / "absent")).exit_code == 2
    assert run(import_, "jsonl", str(tmp_path)).exit_code == 2


def test_rendering_again_replaces_html_of_an_earlier_renderer(run: Any, database: Database) -> None:
    with database.write() as session:
        for number in range(3):
            write(session, f"Article {number}")
        for revision in session.scalars(Revision.visible_to(SYSTEM)):
            revision.html, revision.markup_version = "<p>old</p>", 0
    assert run(articles, "render").stdout == "3 articles rendered again, 0 kept their old HTML.\n"
    with database.read() as session:
        assert all("Change the rule" in row.html for row in session.scalars(Revision.visible_to(SYSTEM)))
    assert run(articles, "render").stdout.startswith("0 articles")
