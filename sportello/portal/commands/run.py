"""Running: web, worker, or both under one command."""

import logging
import socket
from typing import Any

import click

from sportello.core import logs
from sportello.core.errors import SportelloError
from sportello.core.settings import Settings
from sportello.core.shell import Shell, pass_shell
from sportello.portal import checks
from sportello.portal.site import open_site
from sportello.portal.supervisor import Supervisor, die_with_parent

DEFAULT_BIND = "127.0.0.1:8000"
bind_option = click.option(
    "--bind", default=DEFAULT_BIND, show_default=True, metavar="HOST:PORT", help="Address to listen on."
)
with_parent = click.option("--with-parent", is_flag=True, hidden=True, help="End when the supervisor is gone.")


class AddressTaken(SportelloError):
    """Somebody listens there already."""

    message = "Something is listening on %(bind)s already. Choose another address with --bind."


def split_bind(bind: str) -> tuple[str, int]:
    """Host and port of HOST:PORT. Raises click.BadParameter."""
    host, colon, port = bind.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise click.BadParameter(f"{bind!r}: use HOST:PORT, for example {DEFAULT_BIND}", param_hint="--bind")
    return host.strip("[]"), int(port)


def require_free(bind: str) -> None:
    """Raise AddressTaken now rather than let a child fail later."""
    host, port = split_bind(bind)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise AddressTaken(bind=bind) from error


def check_start(settings: Settings) -> None:
    """Refuse to run on a database of another version or with unknown audiences. Raises SportelloError."""
    site = open_site(settings)
    try:
        checks.require_startable(site)
    finally:
        site.database.dispose()


def run_both(settings: Settings, bind: str) -> int:
    """Web and worker as two supervised processes, until SIGTERM; returns the exit code."""
    logs.configure(settings.log_level)
    return Supervisor(web=["web", "--bind", bind], worker=["worker"], environ=settings.environ()).run()


@click.command()
@bind_option
@click.pass_context
@pass_shell
def serve(shell: Shell, ctx: click.Context, bind: str) -> None:
    """Serve the site: web server and worker together."""
    check_start(shell.settings)
    require_free(bind)
    click.echo(f"Sportello on http://{bind} (site address: {shell.settings.base_url}). Stop with Ctrl-C.", err=True)
    ctx.exit(run_both(shell.settings, bind))


@click.command()
@bind_option
@with_parent
@pass_shell
def web(shell: Shell, bind: str, with_parent: bool) -> None:
    """Serve the web pages only (a worker must run elsewhere)."""
    from sportello.portal.server import WebServer

    if with_parent:
        die_with_parent()
    else:
        check_start(shell.settings)
        require_free(bind)
    logs.configure(shell.settings.log_level)
    WebServer(shell.settings, bind).run()


@click.command()
@with_parent
@pass_shell
def worker(shell: Shell, with_parent: bool) -> None:
    """Do the background work only: index, mail, housekeeping."""
    from sportello.portal.wiring import make_worker
    from sportello.portal.worker import stop_on_signals

    if with_parent:
        die_with_parent()
    else:
        check_start(shell.settings)
    logs.configure(shell.settings.log_level)
    logging.getLogger(__name__).info("worker starts")
    site = open_site(shell.settings)
    made: Any = make_worker(site)
    stop_on_signals(made)
    made.run()
    site.database.dispose()
