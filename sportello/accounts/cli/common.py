"""What the three groups share: who acts, bad values as usage errors, and tables."""

from collections.abc import Sequence
from typing import Any

import click

from sportello.core import audience
from sportello.core.audience import Viewer
from sportello.core.errors import Invalid, NotFound


class Refusal(click.ClickException):
    """A bad value: one line, exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        click.echo(f"sportello: {' '.join(self.message.split())}", err=True, file=file)


class Group(click.Group):
    """Turns a refused value into one line and exit code 2; everything else is for the command above."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Invalid as error:
            raise Refusal(str(error)) from error


def shell_actor() -> Viewer:
    """Whoever has a shell on the machine may do everything; the audit log says `system`."""
    return audience.system()


def missing(kind: str, name: str) -> NotFound:
    """There is no such thing: one line, exit code 1."""
    return NotFound(f"there is no {kind} “%(name)s”", name=name)


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their content, two spaces apart."""
    if not rows:
        return
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def given(**options: object) -> dict[str, Any]:
    """The options that were given: those that are neither None nor empty."""
    return {name: value for name, value in options.items() if value not in (None, ())}
