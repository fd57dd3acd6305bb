"""`sportello search` and `sportello index`: ask as anybody, read the log's report, look after the index."""

import json
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from search_index import rebuild as building
from search_index import report as reports
from search_index.engine import IndexDamaged
from search_index.mask import masked_refs
from search_index.page import SearchPage, SearchRequest
from search_index.service import SearchService
from search_index.snippets import plain
from search_index.synonyms_cli import synonyms
from search_index.whoosh_engine import WhooshEngine, WriterBusy
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_for_email
from sportello.core import audience
from sportello.core.audience import Viewer
from sportello.core.shell import Shell, pass_shell

SHOWN = 50  # differences that `index check` prints


class SearchGroup(click.Group):
    """`search report` is a command; anything else after `search` is a query."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["query", *args]
        return super().parse_args(ctx, args)


@click.group("search", cls=SearchGroup)
def search() -> None:
    """Search as the site does: `sportello search invoice rounding`. See `search query --help`, `search
    report`."""


@search.command()
@click.argument("words", nargs=-1, required=True, metavar="QUERY")
@click.option("--as", "email", metavar="EMAIL", help="Search as this person; without it, as nobody signed in.")
@click.option("--language", type=click.Choice(["en", "it"]), help="Language of the reader; default: the person's.")
@click.option("--page", default=1, show_default=True, help="Page of ten results.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: query, total, took_ms, hits.")
@pass_shell
def query(
    shell: Shell, words: tuple[str, ...], email: str | None, language: str | None, page: int, as_json: bool
) -> None:
    """Print what a person finds."""
    service = SearchService(WhooshEngine(shell.settings.index_dir))
    with shell.database.read() as session:
        viewer = _viewer(shell, session, email)
        request = SearchRequest(" ".join(words), page=page, language=language or viewer.language)
        found = service.search(session, viewer, request)
    base = shell.settings.base_url.rstrip("/")
    if as_json:
        click.echo(json.dumps(_as_json(found, base), ensure_ascii=False))
    else:
        _print(found, base)


def _viewer(shell: Shell, session: Any, email: str | None) -> Viewer:
    """Raises click.BadParameter for an unknown address."""
    if email is None:
        return audience.anonymous(shell.settings.default_language)
    viewer = viewer_for_email(session, email, Plans.load(shell.settings.plans_file or None))
    if viewer is None:
        raise click.BadParameter(f"no active person has the address {email}", param_hint="--as")
    return viewer


def _as_json(page: SearchPage, base: str) -> dict[str, Any]:
    return {
        "query": page.query.raw,
        "total": page.total,
        "took_ms": round(page.took.total_seconds() * 1000, 1),
        "hits": [
            {
                "kind": entry.row.ref.kind,
                "ref": entry.row.slug,
                "title": entry.row.title,
                "url": base + entry.row.path,
                "score": round(entry.score, 4),
            }
            for entry in page.entries
        ],
    }


def _print(page: SearchPage, base: str) -> None:
    for message, params in page.notices:
        click.echo(message % params if params else message, err=True)
    if page.spelling:
        used = " (shown)" if page.spelling.used else ""
        click.echo(f"Did you mean: {page.spelling.text}{used}", err=True)
    for entry in page.entries:
        click.echo(f"{entry.position:>3}  {entry.row.title}\n     {base}{entry.row.path}")
        for snippet in entry.snippets:
            click.echo(f"     {plain(snippet)}")
        if entry.inside:
            click.echo(f"     {entry.inside.name}: {plain(entry.inside.snippet)}")
    took = page.took.total_seconds() * 1000
    click.echo(f"{page.total} results, page {page.page} of {page.pages}, {took:.0f} ms")


@search.command()
@click.option("--days", default=30, show_default=True, help="How far back.")
@click.option("--limit", default=20, show_default=True, help="Queries in each list.")
@click.option("--staff", is_flag=True, help="What staff searched, instead of customers and visitors.")
@pass_shell
def report(shell: Shell, days: int, limit: int, staff: bool) -> None:
    """Print top, failed and unclicked queries. Bots are left out."""
    with shell.database.counters() as session:
        found = reports.report(session, days=days, limit=limit, staff=staff)
    console = Console()
    share = 100 * found.without_result / found.searches if found.searches else 0
    console.print(f"{found.searches} searches in {days} days, {share:.0f} % found nothing.")
    for title, lines in (
        ("Top queries", found.top),
        ("Nothing found", found.failed),
        ("Found, but nothing opened", found.unclicked),
    ):
        table = Table(title=title, title_justify="left")
        table.add_column("query")
        for column in ("searches", "people", "results", "opened"):
            table.add_column(column, justify="right")
        for line in lines:
            numbers = (line.searches, line.people, line.total, line.opened)
            table.add_row(line.query, *map(str, numbers))
        console.print(table if lines else f"{title}: none.")


search.add_command(synonyms)


@click.group()
def index() -> None:
    """The search index: a cache of the database that can be rebuilt at any time."""


@index.command()
@pass_shell
def rebuild(shell: Shell) -> None:
    """Build the index anew and swap it in; the old one serves meanwhile."""
    columns = (TextColumn("Indexing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("index", total=None)
        try:
            manifest = building.rebuild(
                WhooshEngine(shell.settings.index_dir),
                shell.database,
                progress=lambda count: progress.update(task, completed=count),
            )
        except WriterBusy as error:
            raise click.ClickException("the index is being written by another process: try again") from error
    click.echo(f"Generation {manifest.generation}: {manifest.documents} documents.")


@index.command()
@click.pass_context
@pass_shell
def check(shell: Shell, ctx: click.Context) -> None:
    """Compare the index with the database. Exit code 1 if they differ or the index cannot be read."""
    try:
        found = building.differences(WhooshEngine(shell.settings.index_dir), shell.database)
    except IndexDamaged as error:
        raise click.ClickException(f"the index cannot be read: {error}") from error
    for difference in found[:SHOWN]:
        what = "missing from" if difference.missing else "too many in"
        click.echo(f"{difference.ref}: {what} partition {difference.partition}")
    if len(found) > SHOWN:
        click.echo(f"... and {len(found) - SHOWN} more")
    click.echo("The index equals the database." if not found else f"{len(found)} differences.")
    ctx.exit(1 if found else 0)


@index.command()
@pass_shell
def status(shell: Shell) -> None:
    """Print generation, number and partitions of the index, and what waits to be indexed."""
    try:
        manifest = WhooshEngine(shell.settings.index_dir).manifest()
    except IndexDamaged as error:
        raise click.ClickException(f"the index cannot be read: {error}") from error
    if manifest is None:
        raise click.ClickException("there is no index yet: sportello index rebuild")
    with shell.database.read() as session:
        masked = len(masked_refs(session))
    click.echo(f"generation {manifest.generation}, number {manifest.number}, masked {masked}")
    for name, count in sorted(manifest.partitions.items()):
        click.echo(f"{count:>8}  {name}")


commands = (search, index)
