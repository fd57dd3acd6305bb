"""Fresh databases for tests: copies of a migrated template, on SQLite or on a PostgreSQL server of our own.

SPORTELLO_TEST_DATABASE=postgresql chooses the second. The server runs on a Unix socket in a temporary folder, as a
user who is not root, without fsync; it is stopped at the end.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest

BINARIES = ("/usr/lib/postgresql", "/usr/local/pgsql")


def chosen() -> str:
    """`sqlite` or `postgresql`."""
    return os.environ.get("SPORTELLO_TEST_DATABASE", "sqlite")


def binary(name: str) -> Path | None:
    """A PostgreSQL server program: on the PATH, or where Debian puts it."""
    if found := shutil.which(name):
        with contextlib.suppress(OSError):
            if "postgresql" in str(Path(found).resolve()):
                return Path(found).resolve()
    for root in BINARIES:
        candidates = sorted(Path(root).glob(f"*/bin/{name}"), reverse=True)
        if candidates:
            return candidates[0]
    return None


def _as_server_user() -> list[str]:
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


@contextlib.contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[str]:
    """Start a server; yields the base URL `postgresql+psycopg://.../` to which a database name is added.

    `durable`: what is committed is on the disk, as in earnest; measurements want that, tests do not.
    """
    initdb, postgres = binary("initdb"), binary("postgres")
    if initdb is None or postgres is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed")
        pytest.skip("PostgreSQL is not installed: its half of the suite did not run")
    folder = Path(tempfile.mkdtemp(prefix="sportello-pg-"))
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    user = _as_server_user()
    data = folder / "data"
    subprocess.run(
        [*user, str(initdb), "-D", str(data), "-U", "test", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"],
        check=True, stdout=subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip
    options = ["listen_addresses=", "max_connections=200"]
    if not durable:
        options += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
    command = [*user, str(postgres), "-D", str(data), "-k", str(folder)]
    for option in options:
        command += ["-c", option]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    try:
        _wait(folder)
        yield f"postgresql+psycopg://test@/{{name}}?host={folder}"
    finally:
        pidfile = data / "postmaster.pid"
        if pidfile.exists():
            pid = int(pidfile.read_text().splitlines()[0])
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 2)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(folder: Path) -> None:
    for _ in range(200):
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(f"host={folder} user=test dbname=postgres").close()
            return
        time.sleep(0.1)
    raise RuntimeError("the PostgreSQL server did not start")


class Databases:
    """Makes a fresh, migrated database for each test by copying a template."""

    def __init__(self, folder: Path, server: str | None) -> None:
        self._folder = folder
        self._server = server
        self._count = 0
        self._template = self._url("template", folder / "template.sqlite")
        if server:
            self._admin("CREATE DATABASE template_site")
            self._template = server.format(name="template_site")

    def _url(self, name: str, path: Path) -> str:
        return self._server.format(name=name) if self._server else f"sqlite:///{path}"

    def _admin(self, statement: str) -> None:
        assert self._server
        url = self._server.format(name="postgres").replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]

    @cache  # noqa: B019  there is one of these
    def _strategy(self) -> str:
        """Copying files is faster than writing them to the log; PostgreSQL 14 and older know no other way."""
        assert self._server
        with psycopg.connect(self._server.format(name="postgres").replace("+psycopg", "")) as connection:
            return " STRATEGY FILE_COPY" if connection.info.server_version >= 150_000 else ""

    @property
    def template(self) -> str:
        """URL of the template, to be migrated once before the first copy."""
        return self._template

    def fresh(self, path: Path) -> str:
        """A copy of the template; returns its URL (`path`: where the SQLite file goes)."""
        self._count += 1
        if not self._server:
            shutil.copyfile(self._folder / "template.sqlite", path)
            return f"sqlite:///{path}"
        name = f"test_{os.getpid()}_{self._count}"
        self._admin(f"CREATE DATABASE {name} TEMPLATE template_site{self._strategy()}")
        return self._server.format(name=name)

    def empty(self) -> str | None:
        """URL of a database without tables on the server; None on SQLite, where any path is one."""
        if not self._server:
            return None
        self._count += 1
        name = f"empty_{os.getpid()}_{self._count}"
        self._admin(f"CREATE DATABASE {name}")
        return self._server.format(name=name)

    def drop(self, url: str) -> None:
        """Remove a copy."""
        if self._server:
            name = url.split("@/")[1].split("?")[0]
            self._admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
