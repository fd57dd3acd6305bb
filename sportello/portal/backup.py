"""Backup and restore: one tar file with the database, the counters and the media; not the index, which is rebuilt.

Writing goes on meanwhile. Media are copied before and after the database, so that every file that the database
names is in the backup, whether it was added or removed while it was made.
"""

import contextlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from sqlalchemy import Engine, delete, func, inspect, select
from sqlalchemy.engine import make_url

from sportello.accounts.models import Person
from sportello.core import clock, outbox
from sportello.core.errors import NotFound, SportelloError
from sportello.core.handling import Site
from sportello.core.lease import Lease
from sportello.portal import migrate, postgres
from sportello.portal.worker.leadership import describe

FORMAT = 1
MANIFEST = "sportello-backup.json"
SITE, COUNTERS, DUMP, MEDIA = "site.sqlite", "counters.sqlite", "site.dump", "media/"


class BackupError(SportelloError):
    """It cannot be backed up or restored; the message says why."""


def make_backup(site: Site, target: Path) -> dict[str, int]:
    """Write `target` (a .tar.gz) and return counts: `media` files and `bytes`. Raises BackupError."""
    partial = target.with_name(f"{target.name}.partial")
    try:
        with (
            tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder,
            tarfile.open(partial, "w:gz", compresslevel=4) as archive,
        ):
            done = set(_add_media(archive, site, set()))
            for name, path in _dump(site, Path(folder)).items():
                archive.add(path, name)
            done |= set(_add_media(archive, site, done))
            _add_bytes(archive, MANIFEST, json.dumps(_manifest(site, len(done))).encode())
        os.chmod(partial, 0o600)
        os.replace(partial, target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise BackupError(f"{target}: {error.strerror or error}") from error
    return {"media": len(done), "bytes": target.stat().st_size}


def _manifest(site: Site, media: int) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "made_at": clock.now().isoformat(),
        "database": site.database.engine.dialect.name,
        "migrations": migrate.current(site.database),
        "media": media,
    }


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime = len(data), int(clock.now().timestamp())
    archive.addfile(member, io.BytesIO(data))


def _add_media(archive: tarfile.TarFile, site: Site, done: set[str]) -> Iterator[str]:
    for key in site.media.keys():  # noqa: SIM118  a storage is not a dict
        if key not in done:
            member = tarfile.TarInfo(MEDIA + key)
            try:
                member.size = site.media.size(key)
                stream = site.media.open(key)
            except NotFound:  # removed meanwhile: no row named it any more
                continue
            with stream:
                archive.addfile(member, stream)
            yield key


def _dump(site: Site, folder: Path) -> dict[str, Path]:
    database = site.database
    if database.engine.dialect.name == "postgresql":
        postgres.dump(site.settings, folder / DUMP)
        return {DUMP: folder / DUMP}
    _copy_sqlite(_file(database.engine), folder / SITE)
    _copy_sqlite(_file(database.counters_engine), folder / COUNTERS)
    return {SITE: folder / SITE, COUNTERS: folder / COUNTERS}


def _file(engine: Engine) -> Path:
    return Path(str(make_url(str(engine.url)).database))


def _copy_sqlite(source: Path, target: Path) -> None:
    """SQLite's backup API: one consistent state, while others write."""
    try:
        with (
            contextlib.closing(sqlite3.connect(source, timeout=30)) as live,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            live.backup(copy)
            verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.Error as error:
        raise BackupError(f"{source}: {error}") from error
    if verdict != "ok":
        raise BackupError(f"{source} is damaged: {verdict}")


def is_empty(site: Site) -> bool:
    """No people and no media: nothing would be lost."""
    with site.database.engine.connect() as connection:
        tables = set(inspect(connection).get_table_names())
        if Person.__tablename__ in tables and connection.scalar(select(func.count()).select_from(Person)):
            return False
    return next(iter(site.media.keys()), None) is None


def read_manifest(source: Path) -> dict[str, Any]:
    """What a backup says of itself. Raises BackupError when it is none, is cut, or is of a later format."""
    try:
        with tarfile.open(source, "r:gz") as archive:
            for member in archive:
                if member.name == MANIFEST and (stream := archive.extractfile(member)):
                    manifest: dict[str, Any] = json.load(stream)
                    if manifest["format"] > FORMAT:
                        raise BackupError(f"{source} was made by a later version of Sportello")
                    return manifest
    except (OSError, EOFError, tarfile.TarError, ValueError, KeyError) as error:
        raise BackupError(f"{source} is not a whole backup: {error}") from error
    raise BackupError(f"{source} is not a whole backup")


def restore_backup(site: Site, source: Path, *, force: bool = False) -> dict[str, Any]:
    """Replace database and media by those of `source`, bring them to this version; the index must be rebuilt then.

    Raises BackupError when the target holds something (unless `force`), when a worker runs, or for another
    kind of database.
    """
    manifest = read_manifest(source)
    kind = site.database.engine.dialect.name
    if manifest["database"] != kind:
        raise BackupError(f"{source} holds a {manifest['database']} database; this site's is {kind}")
    if not force and not is_empty(site):
        raise BackupError("This site holds people or files already. Use --force to replace them.")
    if "lease" in inspect(site.database.engine).get_table_names() and describe(site.database)[0]:
        raise BackupError("A worker is running on this database. Stop the site, then restore.")
    site.database.dispose()
    with tempfile.TemporaryDirectory(dir=site.settings.var_dir, prefix=".restore-") as folder:
        with tarfile.open(source, "r:gz") as archive:
            _take_out(archive, site, Path(folder))
        _put_back(site, Path(folder))
    migrate.upgrade(site.database)
    with site.database.write() as session:
        session.execute(delete(Lease))
        outbox.release_claims(session)
    return manifest


def _take_out(archive: tarfile.TarFile, site: Site, folder: Path) -> None:
    for member in archive:
        stream = archive.extractfile(member) if member.isfile() else None
        if stream is None or member.name == MANIFEST:
            continue
        if member.name in (SITE, COUNTERS, DUMP):
            with (folder / member.name).open("wb") as file:
                while chunk := stream.read(1 << 20):
                    file.write(chunk)
        elif member.name.startswith(MEDIA):
            site.media.put_as(member.name.removeprefix(MEDIA), cast(BinaryIO, stream))


def _put_back(site: Site, folder: Path) -> None:
    if (folder / DUMP).exists():
        postgres.restore(site.settings, folder / DUMP)
        return
    for name, engine in ((SITE, site.database.engine), (COUNTERS, site.database.counters_engine)):
        target = _file(engine)
        for suffix in ("-wal", "-shm"):
            Path(f"{target}{suffix}").unlink(missing_ok=True)
        os.replace(folder / name, target)
