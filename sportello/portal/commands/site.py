"""Setting a site up and asking how it is."""

import click

from sportello.core.shell import Shell, pass_shell
from sportello.portal import checks
from sportello.portal.first import create_first_administrator
from sportello.portal.migrate import upgrade
from sportello.portal.site import open_site, prepare_folders


@click.command()
@pass_shell
def migrate(shell: Shell) -> None:
    """Bring the database to this version (make a backup first)."""
    prepare_folders(shell.settings)
    upgrade(shell.database)
    click.echo("The database is at this version.")


@click.command()
@click.option("--email", prompt="E-mail of the first administrator", help="Address of the first administrator.")
@click.option("--name", default="Administrator", show_default=True, help="Their name.")
@click.option("--language", type=click.Choice(["en", "it"]), default="en", show_default=True, help="Their language.")
@pass_shell
def init(shell: Shell, email: str, name: str, language: str) -> None:
    """Set up a real site: database and first administrator, by a link that works once."""
    prepare_folders(shell.settings)
    upgrade(shell.database)
    with shell.database.write() as session:
        link, until = create_first_administrator(session, shell.settings, email, name, language)
    click.echo("The site is ready. This link sets the administrator's password; it works once, for 7 days")
    click.echo(f"(until {until:%Y-%m-%d %H:%M} UTC), while the site is served:")
    click.echo(link)


@click.command()
@click.pass_context
@pass_shell
def doctor(shell: Shell, ctx: click.Context) -> None:
    """Say of each part whether it is well. Exit code 1 if any is not."""
    site = open_site(shell.settings)
    found = checks.run(site, checks.DOCTOR)
    width = max(len(check.name) for check in found)
    for check in found:
        click.echo(f"{'ok ' if check.ok else 'BAD'} {check.name:<{width}}  {check.line}")
    site.database.dispose()
    ctx.exit(0 if all(check.ok for check in found) else 1)
