"""The documents lead somewhere, and every option of the shell says what it is for."""

import re
from collections.abc import Iterator

import click

from sportello.portal.cli import cli
from tests.architecture.source import ROOT


def commands(group: click.Command, path: str = "sportello") -> Iterator[tuple[str, click.Command]]:
    """Every command of the command line with its full name."""
    if isinstance(group, click.Group):
        for name, command in group.commands.items():
            yield from commands(command, f"{path} {name}")
    else:
        yield path, group


def test_every_option_has_help() -> None:
    silent = [
        f"{name} {parameter.name}"
        for name, command in commands(cli)
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert silent == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{path.name} -> {target}"
        for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text("utf-8"))
        if not (path.parent / target).exists()
    ]
    assert broken == []
