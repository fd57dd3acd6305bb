"""PostgreSQL's own tools for backups, found on the PATH."""

import shutil
import subprocess
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from sportello.core.errors import SportelloError
from sportello.core.settings import Settings


class ToolError(SportelloError):
    """A PostgreSQL tool is missing or failed."""


def _tool(name: str) -> str:
    if found := shutil.which(name):
        return found
    raise ToolError(f"{name} is not installed: install PostgreSQL's client programs (Debian: postgresql-client)")


def _run(settings: Settings, *command: str) -> None:
    """Run a tool; the password goes by environment, so that it is in no list of processes."""
    url = make_url(settings.database)
    environ = settings.environ() | ({"PGPASSWORD": str(url.password)} if url.password else {})
    result = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if result.returncode:
        reason = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ToolError(f"{Path(command[0]).name} failed: {reason}")


def _target(settings: Settings) -> str:
    url = make_url(settings.database)
    plain = URL.create("postgresql", url.username, None, url.host, url.port, url.database, query=dict(url.query))
    return plain.render_as_string()


def dump(settings: Settings, target: Path) -> None:
    """One consistent state of the whole database, in pg_dump's custom format. Raises ToolError."""
    _run(
        settings, _tool("pg_dump"), "--format=custom", "--no-owner", "--no-privileges",
        f"--file={target}", f"--dbname={_target(settings)}",
    )  # fmt: skip


def restore(settings: Settings, source: Path) -> None:
    """Replace the tables of the database by those of a dump, all or nothing. Raises ToolError."""
    _run(
        settings, _tool("pg_restore"), "--clean", "--if-exists", "--no-owner", "--no-privileges",
        "--single-transaction", "--exit-on-error", f"--dbname={_target(settings)}", str(source),
    )  # fmt: skip
