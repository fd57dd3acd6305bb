"""README and operations manual say what the settings and commands are, no more and no less."""

from pathlib import Path

import pytest

from sportello.portal import reference

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("file", reference.FILES)
def test_reference_tables_are_up_to_date(file: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    assert text == reference.filled(text), "run: make docs"


@pytest.mark.parametrize("name", ["settings", "commands"])
def test_the_operations_manual_has_both_tables(name: str) -> None:
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    assert f"<!-- {name} -->" in text
    assert f"<!-- /{name} -->" in text


def test_every_command_says_what_it_does() -> None:
    from sportello.portal.cli import cli

    silent = [path for path, command in reference._commands(cli, "sportello") if not (command.help or "").strip()]
    assert silent == []
