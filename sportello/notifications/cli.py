"""`sportello notices`: how each channel stands, dead letters, and addresses that get no mail."""

from datetime import datetime

import click

from sportello.core import audience
from sportello.core.errors import Invalid
from sportello.core.shell import Shell, pass_shell
from sportello.notifications.models import DeliveryChannel, DeliveryState
from sportello.notifications.queries import deliveries as query
from sportello.notifications.services import deliveries as service

CHANNEL = click.Choice([channel.value for channel in DeliveryChannel])
STATE = click.Choice([state.value for state in DeliveryState])


@click.group()
def notices() -> None:
    """What people are told: channels, deliveries, addresses without mail."""


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else "-"


@notices.command()
@pass_shell
def status(shell: Shell) -> None:
    """Print of each channel: waiting, oldest that is due, sent and not sent in a day, given up."""
    with shell.database.read() as session:
        states = query.channel_states(session)
    for one in states:
        word = "ok" if one.is_well else "late" if one.is_late else "failing"
        figures = (one.queued, _time(one.oldest), one.sent, one.dropped, one.failed)
        click.echo("\t".join(map(str, (one.channel, word, *figures))))


@notices.command("list")
@click.option("--state", type=STATE, default="failed", show_default=True, help="What became of them.")
@click.option("--channel", type=CHANNEL, help="Only those of this channel.")
@click.option("--who", default="", metavar="PART", help="Part of an address, a name or an organisation.")
@click.option("--before", metavar="KEY", help="Those that come after the delivery KEY.")
@pass_shell
def list_deliveries(shell: Shell, state: str, channel: str | None, who: str, before: str | None) -> None:
    """List deliveries, newest first: key, channel, time, address, event, reason."""
    wanted = query.Wanted(DeliveryState(state), DeliveryChannel(channel) if channel else None, who, before)
    with shell.database.read() as session:
        page = query.sendings(session, audience.system(), wanted)
    for row in page.rows:
        reason = row.error.partition("\n")[0][:200]
        click.echo("\t".join((row.key, row.channel, _time(row.sent_at or row.created_at), row.to, row.event, reason)))
    if page.next:
        click.echo(f"There are more: --before {page.next}", err=True)
    if not page.rows:
        click.echo("None.", err=True)


@notices.command()
@click.argument("keys", nargs=-1, metavar="KEY...")
@click.option("--all", "everything", is_flag=True, help="Every dead letter.")
@click.option("--channel", type=CHANNEL, help="With --all: of this channel.")
@pass_shell
def retry(shell: Shell, keys: tuple[str, ...], everything: bool, channel: str | None) -> None:
    """Try deliveries again that were given up; whether they may be sent is asked anew."""
    if bool(keys) == everything or (channel and not everything):
        raise Invalid("Name deliveries, or say --all (and then a --channel, if you like).")
    actor = audience.system()
    with shell.database.write() as session:
        if everything:
            count = service.retry_all(session, actor, DeliveryChannel(channel) if channel else None)
        else:
            count = len([service.retry(session, actor, key) for key in dict.fromkeys(keys)])
    click.echo(f"{count} deliveries will be tried again.")


@notices.command()
@click.option("--after", default="", metavar="EMAIL", help="Those that come after this address.")
@pass_shell
def suppressed(shell: Shell, after: str) -> None:
    """List addresses that get no mail because it came back: address, since, mails, reason."""
    with shell.database.read() as session:
        rows = query.suppressed(session, after=after)
    for row in rows[: query.PAGE]:
        click.echo(f"{row.email}\t{_time(row.since)}\t{row.bounces}\t{row.reason}")
    if len(rows) > query.PAGE:
        click.echo(f"There are more: --after {rows[query.PAGE - 1].email}", err=True)
    if not rows:
        click.echo("None.", err=True)


@notices.command()
@click.argument("emails", nargs=-1, required=True, metavar="EMAIL...")
@pass_shell
def lift(shell: Shell, emails: tuple[str, ...]) -> None:
    """Send mail to these addresses again."""
    with shell.database.write() as session:
        service.lift(session, audience.system(), emails)
    click.echo(f"{len(emails)} addresses get mail again.")


commands = (notices,)
