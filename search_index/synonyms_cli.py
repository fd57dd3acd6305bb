"""`sportello search synonyms`: the synonyms of the editors from the shell."""

import click

from search_index.editing import synonyms as keeping
from sportello.core import audience
from sportello.core.errors import Invalid, NotFound
from sportello.core.shell import Shell, pass_shell

LANGUAGE = click.option(
    "--language", type=click.Choice(["en", "it"]), default="en", show_default=True, help="Language of the texts."
)


@click.group()
def synonyms() -> None:
    """Words that search takes for each other, besides those that are built in. Effective with the next search."""


@synonyms.command("list")
@pass_shell
def list_synonyms(shell: Shell) -> None:
    """Print every group: key, language, words (`=` both ways, `>` one way)."""
    with shell.database.read() as session:
        for row in keeping.all_synonyms(session):
            click.echo(f"{row.key}  {row.language}  {(' > ' if row.one_way else ' = ').join(row.words)}")


@synonyms.command("add")
@click.argument("words", nargs=-1, required=True, metavar="WORD...")
@LANGUAGE
@click.option("--one-way", is_flag=True, help="The first finds the others too, they do not find it.")
@pass_shell
def add_synonyms(shell: Shell, words: tuple[str, ...], language: str, one_way: bool) -> None:
    """Add a group: sportello search synonyms add pos "point of sale"."""
    try:
        with shell.database.write() as session:
            row = keeping.add_synonym(session, audience.system(), language, words, one_way=one_way)
    except Invalid as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"Added {row.key}.")


@synonyms.command("remove")
@click.argument("key")
@pass_shell
def remove_synonyms(shell: Shell, key: str) -> None:
    """Remove the group with this key (see `list`)."""
    try:
        with shell.database.write() as session:
            removed = keeping.remove_synonym(session, audience.system(), key)
    except NotFound as error:
        raise click.BadParameter(f"no synonyms have the key {key}", param_hint="KEY") from error
    click.echo(f"Removed: {', '.join(removed['words'])}.")
