"""Reading the mails that were written to files because no mail server is set, and taking what came back."""

from typing import BinaryIO

import click

from sportello.core.errors import NotFound
from sportello.core.mail import stored_mails
from sportello.core.shell import Shell, pass_shell
from sportello.notifications.delivery.bounces import Verdict, read_report, take_bounce

LONGEST = 1024 * 1024  # bytes of a mail that came back; what it says stands before the mail that it quotes


@click.group()
def mail() -> None:
    """Mails written to files (SPORTELLO_SMTP_URL is empty), and mails that came back."""


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


@mail.command()
@click.argument("file", type=click.File("rb"))
@pass_shell
def bounce(shell: Shell, file: BinaryIO) -> None:
    """Take a mail that came back (FILE, or - for standard input): an address that is gone gets no more mail.

    For the mail system to call with what comes to SPORTELLO_BOUNCE_ADDRESS. It ends with 0 whatever the mail says.
    """
    report = read_report(file.read(LONGEST))
    while file.read(LONGEST):
        pass  # the mail system writes all of it, and takes a closed pipe for a failure
    with shell.database.write() as session:
        taken = take_bounce(session, shell.settings, report)
    said = {
        Verdict.SUPPRESSED: f"{taken.email} gets no more mail: {taken.reason}",
        Verdict.NOTED: f"A mail to {taken.email} was not delivered: {taken.reason}",
        Verdict.IGNORED: "Nothing to do: no failure, or not about a mail of this site.",
    }
    click.echo(said[taken.verdict])
