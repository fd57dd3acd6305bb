"""The reference tables of README and operations manual, written from the settings and commands themselves.

`python -m sportello.portal.reference` (or `make docs`) rewrites what stands between `<!-- NAME -->` and its end.
"""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click

from sportello.core.settings import Settings

FILES = ("README.md", "docs/operations.md")


def settings_table() -> str:
    """Every SPORTELLO_* variable with its default and meaning, as a Markdown table."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for field in fields(Settings):
        default = field.default
        shown = "" if default in ("", ()) else f"`{int(default) if isinstance(default, bool) else default}`"
        lines.append(f"| `SPORTELLO_{field.name.upper()}` | {shown} | {field.metadata['help']} |")
    return "\n".join(lines)


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from _commands(command.commands[name], f"{path} {name}")
    elif not command.hidden:
        yield path, command


def commands_table() -> str:
    """Every command with its arguments and the first line of its help, as a Markdown table."""
    from sportello.portal.cli import cli

    lines = ["| command | what it does |", "|---|---|"]
    for path, command in _commands(cli, "sportello"):
        arguments = [str(parameter.human_readable_name) for parameter in command.params if _is_argument(parameter)]
        usage = " ".join((path, *arguments))
        lines.append(f"| `{usage}` | {command.get_short_help_str(200)} |")
    return "\n".join(lines)


def _is_argument(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Argument)


def filled(text: str) -> str:
    """`text` with its marked tables written anew."""
    for name, table in (("settings", settings_table), ("commands", commands_table)):
        if f"<!-- {name} -->" in text:
            before, _, rest = text.partition(f"<!-- {name} -->")
            after = rest.partition(f"<!-- /{name} -->")[2]
            text = f"{before}<!-- {name} -->\n{table()}\n<!-- /{name} -->{after}"
    return text


if __name__ == "__main__":
    for file in map(Path, FILES):
        file.write_text(filled(file.read_text("utf-8")), "utf-8")
