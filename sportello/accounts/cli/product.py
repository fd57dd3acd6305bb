"""`sportello product`: product lines and their versions."""

import click

from sportello.accounts import queries
from sportello.accounts.cli.common import Group, missing, print_table, shell_actor
from sportello.accounts.services import products as service
from sportello.core.errors import N_, Invalid, NotFound
from sportello.core.shell import Shell, pass_shell


@click.group(cls=Group)
def product() -> None:
    """Product lines and their versions."""


@product.command("list")
@pass_shell
def list_products(shell: Shell) -> None:
    """Print code, name and versions of every product."""
    with shell.database.read() as session:
        rows = queries.all_products(session)
    print_table([(p.code, p.name, " ".join(version.name for version in p.versions) or "-") for p in rows])


@product.command("create")
@click.argument("code")
@click.option("--name", required=True, help="Name of the product.")
@click.option("--version", "versions", multiple=True, help="Oldest first; may be repeated.")
@pass_shell
def create(shell: Shell, code: str, name: str, versions: tuple[str, ...]) -> None:
    """Create the product CODE; the code never changes."""
    with shell.database.write() as session:
        service.create_product(session, shell_actor(), code, name, versions)


@product.command("edit")
@click.argument("code")
@click.option("--name", help="New name.")
@click.option("--version", "versions", multiple=True, help="Oldest first; replaces all.")
@click.option("--add-version", "added", multiple=True, help="A newer version; may be repeated.")
@pass_shell
def edit(shell: Shell, code: str, name: str | None, versions: tuple[str, ...], added: tuple[str, ...]) -> None:
    """Change the product CODE; what is not named stays."""
    if name is None and not versions and not added:
        raise Invalid(N_("Say what to change; see --help."))
    with shell.database.write() as session:
        try:
            found = queries.get_product(session, code)
        except NotFound:
            raise missing("product", code) from None
        kept = versions or tuple(version.name for version in found.versions)
        service.edit_product(session, shell_actor(), code, name or found.name, [*kept, *added])
