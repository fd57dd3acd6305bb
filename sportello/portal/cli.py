"""The `sportello` command. Features bring their own groups; here they are put under one roof.

An expected error is one line: exit code 2 for bad settings or arguments, 1 for everything else.
"""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

import kb.cli
import search_index.cli
import sportello.accounts.cli
import sportello.notifications.cli
from sportello.core import logs
from sportello.core.errors import SportelloError
from sportello.core.mail import MailError
from sportello.core.settings import SettingsError
from sportello.core.shell import Shell
from sportello.portal.commands import backups, demo, mail, outbox, run, site


class Failure(click.ClickException):
    """One line on standard error; exit code 1."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))

    def show(self, file: Any = None) -> None:
        click.echo(f"sportello: {self.message}", err=True, file=file)


class BadSettings(Failure):
    """The same, with exit code 2."""

    exit_code = 2


class Root(click.Group):
    """Turns expected errors of every command below into one line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            raise BadSettings(str(error)) from error
        except (SportelloError, MailError) as error:
            raise Failure(str(error)) from error
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error)
            if "no such table" in reason or "does not exist" in reason:
                reason += " (is the database migrated? Run: sportello migrate)"
            raise Failure(f"database: {reason}") from error
        except BrokenPipeError:
            raise  # click ends quietly when nobody reads its output any more
        except OSError as error:
            raise Failure(f"{error.filename or 'system'}: {error.strerror or error}") from error


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("sportello"), prog_name="sportello")
@click.option("--debug", is_flag=True, help="Write debugging lines to standard error.")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """Sportello: knowledge base, search and people of a support portal.

    Settings come from SPORTELLO_* environment variables; see docs/operations.md.
    """
    logs.configure("DEBUG" if debug else "WARNING")
    shell = ctx.ensure_object(Shell)
    ctx.call_on_close(shell.close)


OWN: Sequence[click.Command] = (
    demo.demo,
    run.serve,
    run.web,
    run.worker,
    site.init,
    site.migrate,
    site.doctor,
    backups.backup,
    backups.restore,
    mail.mail,
    outbox.outbox,
)
FEATURES: Sequence[click.Command] = (
    *sportello.accounts.cli.commands,
    *kb.cli.commands,
    *search_index.cli.commands,
    *sportello.notifications.cli.commands,
)
for command in (*OWN, *FEATURES):
    cli.add_command(command)


def main() -> None:
    """Console script."""
    cli(prog_name="sportello")
