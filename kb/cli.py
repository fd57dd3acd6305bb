"""`sportello import` and `sportello articles`: bringing articles in, rendering them again."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from kb.exporter import ExportOptions, What, run_export
from kb.importer import HelpCenter, JsonLines, MarkdownFolder, Options, Record, Report, Segments, run_import
from kb.importer.beside import Media
from kb.importer.reader import Reader
from kb.services import outdated, refresh_rendering
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_for_email
from sportello.core import audience, markup
from sportello.core.errors import NotFound
from sportello.core.shell import Shell, pass_shell
from sportello.core.storage import FolderStorage

EXAMPLES = 20  # names shown of what is reported once
SIGNS = {"new": "+", "changed": "~", "kept": "="}
_OPTIONS = (
    click.option("--audience", metavar="KEY", help="Audience of articles that name none. Default: staff."),
    click.option("--product", "products", multiple=True, metavar="CODE", help="Product of articles that name none."),
    click.option(
        "--lang", type=click.Choice(["en", "it"]), default="en", show_default=True,
        help="Language of articles that name none.",
    ),
    click.option("--create-products", is_flag=True, help="Create the products that do not exist yet."),
    click.option("--overwrite", is_flag=True, help="Also replace articles that were edited here since."),
    click.option("--dry-run", is_flag=True, help="Only print what would change."),
)  # fmt: skip


def _with_options(command: Any) -> Any:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group("import")
def import_() -> None:
    """Bring articles in. Running an import again changes only what has changed."""


@import_.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_with_options
@pass_shell
def markdown(shell: Shell, /, folder: Path, lang: str, **options: Any) -> None:
    """Import the Markdown files of FOLDER, with front matter; X.it.md is the Italian version of X.md."""
    _exit(_run(shell, MarkdownFolder(folder, lang), **options))


@import_.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_with_options
@pass_shell
def jsonl(shell: Shell, /, file: Path, lang: str, **options: Any) -> None:
    """Import FILE (.jsonl or .jsonl.gz), one article a line: id, title, body_markdown, product, tags, lang, updated."""
    _exit(_run(shell, JsonLines(file, lang), **options))


@import_.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--segments", "mapping", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
    help="TOML or JSON: user segment id = audience; everyone = audience of articles without a segment.",
)  # fmt: skip
@_with_options
@pass_shell
def zendesk(shell: Shell, /, path: Path, mapping: Path | None, lang: str, **options: Any) -> None:
    """Import Zendesk Help Center articles: the API's JSON, a file or a folder of pages (.json, .json.gz).

    Drafts stay drafts. Without --segments nobody but staff reads what comes, unless --audience says otherwise;
    articles of a user segment that the mapping does not name are for staff.
    """
    ladder = Plans.load(shell.settings.plans_file or None).ladder
    reader = HelpCenter(path, Segments.load(mapping, ladder) if mapping else None, lang)
    code = _run(shell, reader, **options)
    _print_names("User segments without a mapping, their articles are for staff", reader.segments.unmapped)
    _print_names("Texts in languages that this site does not have, left out", reader.skipped)
    _exit(code)


def _exit(code: int) -> None:
    click.get_current_context().exit(code)


def _run(shell: Shell, reader: Reader, *, dry_run: bool, **options: Any) -> int:
    plans = Plans.load(shell.settings.plans_file or None)
    chosen = Options(ladder=plans.ladder, dry_run=dry_run, **options)

    def announce(state: str, record: Record) -> None:
        if dry_run:
            click.echo(f"{SIGNS[state]} {record.source_id}\t{next(iter(record.texts.values())).title}")

    with _progress("Reading" if dry_run else "Importing") as bar:
        task = bar.add_task("", total=None)
        try:
            storage = Media(FolderStorage(shell.settings.media_dir), shell.settings.max_upload_kib * 1024)
            report = run_import(
                shell.database, audience.system(), reader, chosen, media=storage, announce=announce,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
        except KeyboardInterrupt:
            bar.stop()
            click.echo("Interrupted. What was imported stays; run the same command again to go on.", err=True)
            return 130
    _print(report, dry_run)
    return 1 if report.bad else 0


def _progress(label: str) -> Progress:
    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _print(report: Report, dry_run: bool) -> None:
    verb = "would be " if dry_run else ""
    click.echo(f"{report.new} {verb}new, {report.changed} {verb}changed, {report.unchanged} unchanged")
    if report.created_products:
        click.echo(f"Products {verb}created: {', '.join(report.created_products)}")
    if report.drafts:
        click.echo(f"Drafts, read by nobody but those who write articles: {report.drafts}")
    texts = report.texts
    if texts.linked or texts.plain:
        click.echo(f"Links between articles: {texts.linked} lead to imported articles, {texts.plain} became plain text")
    _print_names("Fragments not included ([!INCLUDE)", texts.includes)
    if texts.files:
        click.echo(f"Pictures and files that lay beside the texts: {texts.files}")
    _print_names("Files not accepted", report.refused_files)
    _print_names("Images not imported, their alternative text kept", texts.images)
    _print_names("Fields not known, ignored", report.unknown_keys)
    _print_names("Products that do not exist (use --create-products), left out", report.missing_products)
    _print_names("Versions that do not exist, left out", report.missing_versions)
    if report.kept:
        click.echo(f"Edited here since, kept (use --overwrite to replace): {len(report.kept)}")
        for source_id in report.kept:
            click.echo(f"  {source_id}")
    for bad in report.bad:
        click.echo(f"{bad.where}: {bad.reason}", err=True)
    if report.bad:
        click.echo(f"{len(report.bad)} records could not be imported.", err=True)


def _print_names(label: str, counts: Any) -> None:
    if not counts:
        return
    names = [f"{name or '(no name)'} ({count})" for name, count in counts.most_common(EXAMPLES)]
    more = f" and {len(counts) - EXAMPLES} more" if len(counts) > EXAMPLES else ""
    click.echo(f"{label}: {counts.total()}, of {len(counts)} names: {', '.join(names)}{more}")


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--as", "email", metavar="EMAIL", help="Only what this person reads. Default: everything, as staff.")
@click.option("--product", default="", metavar="CODE", help="Only articles of this product.")
@click.option("--lang", type=click.Choice(["en", "it"]), help="Only texts in this language.")
@click.option("--drafts", is_flag=True, help="Unpublished drafts too, for people who write articles.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier export in DIR.")
@pass_shell
def export(
    shell: Shell, /, folder: Path, email: str | None, product: str, lang: str | None, drafts: bool, overwrite: bool
) -> None:
    """Write all articles to DIR: Markdown with front matter, and their files. `import markdown DIR` reads it back."""
    viewer = _reader_of(shell, email)
    options = ExportOptions(What(product, lang or "", drafts), overwrite)
    storage = FolderStorage(shell.settings.media_dir)
    with _progress("Exporting") as bar:
        task = bar.add_task("", total=None)
        try:
            report = run_export(
                shell.database, storage, viewer, folder, options,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
        except KeyboardInterrupt:
            bar.stop()
            click.echo("Interrupted. What was in the folder before is still there.", err=True)
            _exit(130)
    whose = f"what {email} reads" if email else "everything, what is for staff too"
    click.echo(f"{report.articles} articles, {report.texts} texts, {report.files} files: {whose}")
    if report.missing:
        click.echo(f"Files that the storage does not have, left out: {report.missing}", err=True)


def _reader_of(shell: Shell, email: str | None) -> audience.Viewer:
    if email is None:
        return audience.system()
    plans = Plans.load(shell.settings.plans_file or None)
    with shell.database.read() as session:
        viewer = viewer_for_email(session, email, plans)
    if viewer is None:
        raise NotFound(f"There is no active person with the address {email}.")
    return viewer


@click.group()
def articles() -> None:
    """Look after the articles."""


@articles.command()
@pass_shell
def render(shell: Shell) -> None:
    """Render articles again whose HTML was made by an earlier version of the renderer."""
    with shell.database.read() as session:
        total = outdated(session)
    rendered = failed = 0
    with _progress("Rendering") as bar:
        task = bar.add_task("", total=total)
        for state in refresh_rendering(shell.database):
            rendered, failed = state.rendered, state.failed
            bar.update(task, completed=rendered + failed)
    markup.close()
    click.echo(f"{rendered} articles rendered again, {failed} kept their old HTML.")


commands = (import_, export, articles)
