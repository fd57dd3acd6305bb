"""Backup and restore; the drill is in docs/operations.md."""

from pathlib import Path

import click

from sportello.core.shell import Shell, pass_shell
from sportello.portal.backup import BackupError, make_backup, restore_backup
from sportello.portal.site import open_site, prepare_folders
from sportello.portal.wiring import rebuild_index


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite FILE if it exists.")
@pass_shell
def backup(shell: Shell, file: Path, force: bool) -> None:
    """Write database and media to FILE (.tar.gz) while the site runs. Keep it secret: it holds password hashes."""
    if file.exists() and not force:
        raise BackupError(f"{file} exists already. Use --force to overwrite it.")
    site = open_site(shell.settings, shell.database)
    counts = make_backup(site, file)
    click.echo(f"{file}: database and {counts['media']} media files, {counts['bytes'] / 1e6:.1f} MB")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace what this site holds now.")
@pass_shell
def restore(shell: Shell, file: Path, force: bool) -> None:
    """Put database and media of FILE in place of this site's (stopped), then build the index."""
    prepare_folders(shell.settings)
    site = open_site(shell.settings, shell.database)
    manifest = restore_backup(site, file, force=force)
    documents = rebuild_index(site)
    click.echo(f"Restored as of {manifest['made_at']}, {manifest['media']} media files; {documents} documents indexed.")
