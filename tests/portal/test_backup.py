"""Backup and restore: one consistent state while others write, and nothing replaced by accident."""

import io
import stat
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from kb.services import revise
from sportello.accounts.models import Organisation, Person
from sportello.core.db import Database
from sportello.core.handling import Site
from sportello.core.settings import Settings
from sportello.core.storage import FolderStorage
from sportello.portal import migrate
from sportello.portal.app import create_app
from sportello.portal.backup import BackupError, make_backup, restore_backup
from sportello.portal.worker.leadership import Leadership
from tests import people
from tests.browsing import client_for
from tests.databases import Databases
from tests.kb.articles import SYSTEM, write
from tests.kb.filing import give


def site_of(settings: Settings, database: Database) -> Site:
    media = FolderStorage(settings.media_dir)
    return Site(settings=settings, database=database, mailer=None, media=media, engine=None, plans=None)  # type: ignore[arg-type]


@pytest.fixture
def site(settings: Settings, database: Database) -> Site:
    migrate.stamp(database)
    return site_of(settings, database)


@pytest.fixture
def elsewhere(settings: Settings, tmp_path: Path, _databases: Databases) -> Iterator[Site]:
    """Another, empty place of the same kind."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    url = _databases.empty()
    other = replace(settings, var_dir=folder, database_url=url or "")
    database = Database(other.database, other.counters_database)
    yield site_of(other, database)
    database.dispose()
    if url:
        _databases.drop(url)


def count(site: Site, model: type) -> int:
    with site.database.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def write_pairs(site: Site, stop: threading.Event) -> Callable[[], None]:
    """An organisation and a person always come together: half a pair would show a torn backup."""

    def run() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with site.database.write() as session:
                organisation = people.make_organisation(session, f"o{number}", "xtreme", [])
                session.flush()
                people.make_person(session, f"w{number}", organisation)

    return run


def test_a_backup_made_during_writes_is_one_consistent_state(site: Site, elsewhere: Site, tmp_path: Path) -> None:
    key = site.media.put(io.BytesIO(b"a picture"), ".png")
    stop = threading.Event()
    thread = threading.Thread(target=write_pairs(site, stop))
    thread.start()
    try:
        while count(site, Person) < 20:
            pass
        make_backup(site, tmp_path / "backup.tar.gz")
    finally:
        stop.set()
        thread.join()
    restore_backup(elsewhere, tmp_path / "backup.tar.gz")
    assert count(elsewhere, Person) == count(elsewhere, Organisation) >= 20
    with elsewhere.media.open(key) as stream:
        assert stream.read() == b"a picture"
    migrate.require_current(elsewhere.database)


def test_a_backup_is_for_its_owner_only(site: Site, tmp_path: Path) -> None:
    make_backup(site, tmp_path / "backup.tar.gz")
    assert stat.S_IMODE((tmp_path / "backup.tar.gz").stat().st_mode) == 0o600


def test_a_site_with_people_is_not_replaced_unless_forced(site: Site, tmp_path: Path) -> None:
    make_backup(site, tmp_path / "empty.tar.gz")
    with site.database.write() as session:
        people.make_cast(session)
    with pytest.raises(BackupError, match="--force"):
        restore_backup(site, tmp_path / "empty.tar.gz")
    assert count(site, Person) == 6
    restore_backup(site, tmp_path / "empty.tar.gz", force=True)
    assert count(site, Person) == 0


def test_nothing_is_restored_under_a_running_worker(site: Site, tmp_path: Path) -> None:
    make_backup(site, tmp_path / "backup.tar.gz")
    leadership = Leadership(site.database)
    assert leadership.acquire()
    with pytest.raises(BackupError, match="Stop the site"):
        restore_backup(site, tmp_path / "backup.tar.gz", force=True)
    leadership.release()


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"x" * 500])
def test_a_damaged_backup_is_refused_before_anything_is_touched(
    site: Site, elsewhere: Site, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    whole = tmp_path / "backup.tar.gz"
    make_backup(site, whole)
    (tmp_path / "bad.tar.gz").write_bytes(damage(whole.read_bytes()))
    with pytest.raises(BackupError, match="not a whole backup"):
        restore_backup(elsewhere, tmp_path / "bad.tar.gz")


def test_a_backup_cannot_write_outside_the_media_folder(site: Site, elsewhere: Site, tmp_path: Path) -> None:
    whole, evil = tmp_path / "backup.tar.gz", tmp_path / "evil.tar.gz"
    make_backup(site, whole)
    with tarfile.open(whole) as source, tarfile.open(evil, "w:gz") as target:
        bad = tarfile.TarInfo("media/../../escaped")
        bad.size = 1
        target.addfile(bad, io.BytesIO(b"x"))
        for member in source:
            target.addfile(member, source.extractfile(member))
    with pytest.raises(Exception):  # noqa: B017  whatever it says, it must not be written
        restore_backup(elsewhere, evil)
    assert not (tmp_path / "escaped").exists()
    assert not (tmp_path / "elsewhere" / "escaped").exists()


def test_files_of_articles_are_served_where_the_backup_was_restored(
    site: Site, elsewhere: Site, tmp_path: Path
) -> None:
    with site.database.write() as session:
        cast = people.make_cast(session)
        slug = write(session, "Totals differ", "premium").slug
        file = give(session, site.media, slug, b"the rule by line", "rule.txt")
        revise(session, SYSTEM, slug, title="Totals differ", markdown=f"See {file.markdown}.")
    make_backup(site, tmp_path / "backup.tar.gz")
    restore_backup(elsewhere, tmp_path / "backup.tar.gz")
    app = create_app(elsewhere.settings, elsewhere.database)
    with client_for(app, cast.people["piero"]).get(file.address) as got:
        assert (got.status_code, got.data) == (200, b"the rule by line")
    assert client_for(app, cast.people["anna"]).get(file.address).status_code == 404
