"""R6: the database is locked or away. 503 with Retry-After within 10 s, no lost update, recovery without restart."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests import databases
from tests.damage.places import Browser, Place, free_port, wait_until

pytestmark = pytest.mark.slow
PROFILE = {"language": "en", "timezone": "Europe/Rome", "theme": "auto"}
LIMIT_SECONDS = 10.0


def test_a_locked_sqlite_database_refuses_changes_and_serves_pages(place: Place) -> None:
    place.serve()
    anna = Browser(place.base)
    anna.sign_in("anna@xtreme.example")
    token = anna.token("/settings")
    holder = sqlite3.connect(place.folder / "sportello.sqlite", isolation_level=None, timeout=20)
    holder.execute("BEGIN IMMEDIATE")
    try:
        refused = anna.submit("/settings", token, name="Never Written", **PROFILE)
        assert refused.status == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert refused.seconds < LIMIT_SECONDS
        assert anna.get("/").status == 200
        assert anna.get("/search?q=rounding").status == 200
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert "Never Written" not in anna.get("/settings").body
    assert anna.submit("/settings", token, name="Anna Again", **PROFILE).status in (302, 303)
    assert "Anna Again" in anna.get("/settings").body


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with databases.postgres_server() as server:
        yield server


@pytest.fixture
def on_postgres(postgres: str, tmp_path: Path) -> Iterator[tuple[Place, str]]:
    """The demo on PostgreSQL, and the address of the server's own database."""
    admin = postgres.format(name="postgres").replace("+psycopg", "")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS damaged WITH (FORCE)")
        connection.execute("CREATE DATABASE damaged")
    place = Place(tmp_path / "var", free_port(), postgres.format(name="damaged"))
    place.command("demo", "--load-only")
    yield place, admin
    place.stop_all()


@contextlib.contextmanager
def away(admin: str) -> Iterator[None]:
    """Nobody can connect, and whoever was connected no longer is."""
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("ALTER DATABASE damaged ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'damaged'")
        try:
            yield
        finally:
            connection.execute("ALTER DATABASE damaged ALLOW_CONNECTIONS true")


def test_postgresql_away_or_locked_is_a_503_and_comes_back(on_postgres: tuple[Place, str]) -> None:
    place, admin = on_postgres
    place.serve()
    anna = Browser(place.base)
    anna.sign_in("anna@xtreme.example")
    token = anna.token("/settings")

    with away(admin):
        for path in ("/", "/search?q=rounding", "/settings", "/healthz"):
            answer = anna.get(path)
            assert answer.status == 503, f"{path}: {answer.status}"
            assert answer.seconds < LIMIT_SECONDS
            assert answer.headers["Retry-After"] or path == "/healthz"
        assert anna.submit("/settings", token, name="Never Written", **PROFILE).status == 503
    wait_until(lambda: anna.get("/").status == 200, 20, "pages come again")
    assert "Never Written" not in anna.get("/settings").body

    with psycopg.connect(place.database_url.replace("+psycopg", "")) as holder:
        holder.execute("LOCK TABLE person IN ACCESS EXCLUSIVE MODE")
        refused = anna.submit("/settings", token, name="Never Written", **PROFILE)
        assert refused.status == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert refused.seconds < LIMIT_SECONDS
        holder.rollback()
    assert "Never Written" not in anna.get("/settings").body
    wait_until(lambda: "ok" in Browser(place.base).get("/healthz").body, 60, "all is well again")
