"""The documents say what the code does: every setting and every command, in the same words."""

import re
from collections.abc import Iterator
from dataclasses import fields

import click
import pytest

from sportello.core.settings import Settings
from tests.architecture.source import ROOT

BEGIN, END = "<!-- settings -->", "<!-- /settings -->"


def settings_table() -> str:
    """The table of settings, as README.md and docs/operations.md carry it.

    `python -m tests.architecture.test_documented` writes it into both.
    """
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for field in fields(Settings):
        default = {True: "1", False: "0"}.get(field.default, field.default)
        shown = ", ".join(default) if isinstance(default, tuple) else str(default)
        rows.append(f"| `SPORTELLO_{field.name.upper()}` | {f'`{shown}`' if shown else ''} | {field.metadata['help']} |")
    return "\n".join(rows)


def commands(group: click.Command, path: str = "sportello") -> Iterator[tuple[str, click.Command]]:
    """Every command of the command line with its full name."""
    if isinstance(group, click.Group):
        for name, command in group.commands.items():
            yield from commands(command, f"{path} {name}")
    else:
        yield path, group


@pytest.mark.parametrize("document", ["README.md", "docs/operations.md"])
def test_every_setting_is_documented(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    assert BEGIN in text
    assert text.split(BEGIN)[1].split(END)[0].strip() == settings_table()


def test_every_command_is_documented_and_has_help() -> None:
    from sportello.portal.cli import cli

    manual = (ROOT / "docs/operations.md").read_text("utf-8")
    for name, command in commands(cli):
        assert command.help, f"{name} has no help"
        assert f"`{name}" in manual, f"{name} is not in docs/operations.md"
        for parameter in command.params:
            assert not isinstance(parameter, click.Option) or parameter.help, f"{name} {parameter.name} has no help"


def test_links_between_documents_lead_somewhere() -> None:
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name} -> {target}"


def write_tables() -> None:
    """Put the current table into both documents."""
    for document in ("README.md", "docs/operations.md"):
        path = ROOT / document
        text = path.read_text("utf-8")
        before, rest = text.split(BEGIN)
        path.write_text(f"{before}{BEGIN}\n{settings_table()}\n{END}{rest.split(END)[1]}", "utf-8")


if __name__ == "__main__":
    write_tables()
