"""The demo: one command from nothing to a site that can be tried."""

import ipaddress
import secrets

import click

from sportello.core.errors import SportelloError
from sportello.core.settings import DEMO_FILE, Settings
from sportello.core.shell import Shell, pass_shell
from sportello.portal.commands.run import require_free, run_both, split_bind
from sportello.portal.demo import cast
from sportello.portal.demo.articles import load_articles
from sportello.portal.demo.desk import article_ref, load_desk
from sportello.portal.demo.load import load_site, refuse_strangers
from sportello.portal.demo.searches import load_searches
from sportello.portal.demo.told import load_told
from sportello.portal.migrate import upgrade
from sportello.portal.site import open_site, prepare_folders
from sportello.portal.wiring import make_worker, rebuild_index


class NotLoopback(SportelloError):
    """The demo's accounts have a known password."""

    message = "The demo listens on this machine only, not on %(host)s: its accounts have a known password."


def demo_settings(bind: str) -> Settings:
    """The environment's settings, and the demo's own where it says nothing; they are kept in its folder."""
    known = Settings.from_env(defaults={"SPORTELLO_ENVIRONMENT": "development"})
    path = known.var_dir / DEMO_FILE
    own = {
        "SPORTELLO_ENVIRONMENT": "development",
        "SPORTELLO_SECRET_KEY": known.secret_key or secrets.token_hex(32),
        "SPORTELLO_BASE_URL": f"http://{bind}",
        "SPORTELLO_OPERATOR_NAME": cast.VENDOR,
        "SPORTELLO_SUPPORT_EMAIL": "support@meridiana.example",
        "SPORTELLO_LOG_LEVEL": "WARNING",
    }
    settings = Settings.from_env(defaults=own)
    prepare_folders(settings)
    path.write_text("".join(f"{name}={value}\n" for name, value in own.items()), "utf-8")
    path.chmod(0o600)
    return settings


def require_loopback(host: str) -> None:
    """Raise NotLoopback unless only this machine can connect to `host`."""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local:
        raise NotLoopback(host=host)


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port to listen on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option("--load-only", is_flag=True, help="Load the demo and build its index, but do not serve.")
@click.pass_context
@pass_shell
def demo(shell: Shell, ctx: click.Context, port: int, host: str, load_only: bool) -> None:
    """Load the demo site (kept if it is there) and serve it on this machine."""
    require_loopback(host)
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    split_bind(bind)
    shell.settings = demo_settings(bind)
    if not load_only:
        require_free(bind)
    _load(shell)
    shell.close()
    _describe(bind)
    if not load_only:
        ctx.exit(run_both(shell.settings, bind))


def _load(shell: Shell) -> None:
    prepare_folders(shell.settings)
    upgrade(shell.database)
    site = open_site(shell.settings, shell.database)
    with shell.database.write() as session:
        refuse_strangers(session)
        load_site(session, site.plans)
    click.echo("Loading the demo articles ...", err=True)
    load_articles(shell.database, site.plans.ladder)
    with shell.database.write() as session:
        load_desk(session, site.plans)
        load_told(session, site.plans)
        opened = article_ref(session, "ledger-vat-rounding")
    with shell.database.counters() as session:
        load_searches(session, site.plans.ladder, opened)
    if site.engine.manifest() is None:
        rebuild_index(site)
    else:
        make_worker(site).run_once()


def _describe(bind: str) -> None:
    click.echo(f"\n  Sportello demo: http://{bind}\n\n  Accounts (password {cast.PASSWORD}):")
    people = cast.listed()
    width = max(len(person.email) for person in people)
    for person in people:
        click.echo(f"    {person.email:<{width}}  {person.note}")
    click.echo("\n  Stop with Ctrl-C.\n")
