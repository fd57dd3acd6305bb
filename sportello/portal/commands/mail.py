"""Reading the mails that were written to files because no mail server is set."""

import click

from sportello.core.errors import NotFound
from sportello.core.mail import stored_mails
from sportello.core.shell import Shell, pass_shell


@click.group()
def mail() -> None:
    """Mails written to files (SPORTELLO_SMTP_URL is empty)."""


@mail.command("list")
@pass_shell
def list_mails(shell: Shell) -> None:
    """List mails, oldest first: name, address, subject."""
    for stored in stored_mails(shell.settings.mail_dir):
        click.echo(f"{stored.name}\t{stored.mail['To']}\t{stored.mail['Subject']}")


@mail.command()
@click.argument("name", required=False)
@pass_shell
def show(shell: Shell, name: str | None) -> None:
    """Print the mail NAME (as `mail list` names it), or the newest."""
    found = [stored for stored in stored_mails(shell.settings.mail_dir) if name in (None, stored.name)]
    if not found:
        raise NotFound(f"There is no mail {name}." if name else "There is no mail.")
    message = found[-1].mail
    for header in ("From", "To", "Date", "Subject", "Message-ID"):
        click.echo(f"{header}: {message[header]}")
    body = message.get_body(("plain",))
    click.echo(f"\n{body.get_content() if body else ''}")
