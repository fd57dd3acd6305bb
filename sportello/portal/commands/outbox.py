"""Looking into the outbox, and giving what was parked another chance."""

import click
from sqlalchemy import select

from sportello.core import outbox as box
from sportello.core.outbox import OutboxRow
from sportello.core.shell import Shell, pass_shell


@click.group()
def outbox() -> None:
    """Events that wait for the worker, and those that it gave up on."""


@outbox.command("list")
@click.option("--parked", is_flag=True, help="Only those that the worker gave up on.")
@pass_shell
def list_rows(shell: Shell, parked: bool) -> None:
    """List events that are not done: id, event, attempts, when it is tried next, last error."""
    statement = select(OutboxRow).where(OutboxRow.finished_at.is_(None)).order_by(OutboxRow.id)
    if parked:
        statement = statement.where(OutboxRow.parked_at.is_not(None))
    with shell.database.read() as session:
        rows = session.scalars(statement).all()
    for row in rows:
        state = "parked" if row.parked_at else f"{row.available_at:%Y-%m-%d %H:%M:%S}"
        reason = (row.error or "").partition("\n")[0][:200]
        click.echo(f"{row.id}\t{row.name}\t{row.attempts}\t{state}\t{reason}")
    if not rows:
        click.echo("Nothing waits.", err=True)


@outbox.command()
@pass_shell
def retry(shell: Shell) -> None:
    """Give every parked event a fresh start."""
    with shell.database.write() as session:
        count = box.retry_parked(session)
    click.echo(f"{count} events will be tried again.")
