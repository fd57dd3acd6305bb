"""What files leave behind: nothing that is needed ever goes, and nothing that is not needed stays."""

import io
import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

import editorial.services as writing
from editorial.queries.files import files_being_written
from kb import services
from kb.models import Attachment, Blob, Revision, revision_attachment
from kb.queries import article_files
from kb.services.attachments import Swept, attach
from sportello.core import clock
from sportello.core.db import Database
from sportello.core.errors import Forbidden, NotFound
from sportello.core.handling import Site
from sportello.core.settings import Settings
from sportello.core.storage import FolderStorage
from sportello.portal.housekeeping import sweep_files
from tests.editorial.writing import viewer
from tests.kb.articles import SYSTEM, customer, write
from tests.kb.filing import give
from tests.kb.pictures import picture
from tests.people import Cast
from tests.work import work_off


@pytest.fixture
def media(settings: Settings) -> FolderStorage:
    return FolderStorage(settings.media_dir)


@pytest.fixture
def slug(database: Database, cast: Cast) -> str:
    with database.write() as session:
        return write(session, "Totals differ").slug


def stored(media: FolderStorage) -> set[str]:
    return set(media.keys())


def count(session: Session, model: type) -> int:
    return len(session.scalars(model.visible_to(SYSTEM) if hasattr(model, "visible_to") else select(model)).all())


def age(settings: Settings, days: float) -> None:
    """Make every stored file that old."""
    then = time.time() - days * 86_400
    for path in settings.media_dir.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def test_a_revision_lists_the_files_of_its_article_that_it_names(
    database: Database, slug: str, media: FolderStorage
) -> None:
    with database.write() as session:
        log = give(session, media, slug, b"a log", "a.log")
        shot = give(session, media, slug, picture(), "shot.png")
        give(session, media, slug, b"named by nothing", "loose.log")
        foreign = give(session, media, write(session, "Other").slug, b"foreign", "foreign.log")
        text = f"{log.markdown} {shot.markdown} {foreign.markdown} /kb/files/neverwas00/x.png"
        services.revise(session, SYSTEM, slug, title="Totals", markdown=text)
        listed = session.scalars(select(revision_attachment.c.attachment_id)).all()
        assert len(listed) == 2
        revision = session.scalars(Revision.visible_to(SYSTEM).order_by(Revision.id.desc()).limit(1)).one()
        services.link_files(session, revision)
        assert session.scalars(select(revision_attachment.c.attachment_id)).all() == listed, "twice is once"
        found = {row.file.name: (row.listed, row.read) for row in article_files(session, SYSTEM, slug)}
        assert found == {"a.log": (True, True), "shot.png": (True, True), "loose.log": (False, False)}


def test_only_writers_attach(database: Database, slug: str, media: FolderStorage) -> None:
    made = services.store_file(media, io.BytesIO(b"x"), "x.log", most_bytes=10)
    with database.write() as session:
        with pytest.raises(Forbidden):
            services.attach_file(session, customer("elite"), slug, made)
        with pytest.raises(NotFound):
            services.attach_file(session, customer(None), "never-was-abcde", made)
        services.discard_surplus(session, media, made)
    assert stored(media) == set()


def test_the_sweep_takes_what_came_to_nothing_and_nothing_else(
    database: Database, slug: str, media: FolderStorage, settings: Settings
) -> None:
    with database.write() as session:
        kept = give(session, media, slug, b"kept", "kept.log")
        services.revise(session, SYSTEM, slug, title="Totals", markdown=kept.markdown)
        former = give(session, media, slug, b"former", "former.log")
        services.revise(session, SYSTEM, slug, title="Totals", markdown=former.markdown)
        services.revise(session, SYSTEM, slug, title="Totals", markdown="Neither.")
        give(session, media, slug, b"loose", "loose.log")
    media.put(io.BytesIO(b"a stray of a broken upload"))
    partial = settings.media_dir / "ab"
    partial.mkdir(exist_ok=True)
    (partial / f"{'0' * 30}.log.partial").write_bytes(b"half")
    age(settings, 0.9)
    assert services.sweep_files(database, media) == Swept(), "nothing is a day old"
    age(settings, 2)
    with time_machine.travel(clock.now() + timedelta(days=1, minutes=1)):
        assert services.sweep_files(database, media) == Swept(attachments=1, blobs=1, strays=1, partial=1)
        assert services.sweep_files(database, media) == Swept()
    with database.read() as session:
        assert set(session.scalars(select(Blob.storage_key))) == stored(media)
        assert {row.file.name for row in article_files(session, SYSTEM, slug)} == {"kept.log", "former.log"}
    assert not list(settings.media_dir.rglob("*.partial"))


def test_what_stands_in_a_text_that_is_being_written_is_kept(
    app: Flask, database: Database, slug: str, media: FolderStorage, cast: Cast
) -> None:
    """Typed on Friday, autosaved, and still there on Monday."""
    site: Site = app.extensions["sportello.site"]
    with database.write() as session:
        file = give(session, media, slug, b"pasted", "pasted.log")
        give(session, media, slug, b"loose", "loose.log")
        writing.autosave(session, viewer(cast.sara), slug, {"markdown": f"See {file.markdown}"})
        assert files_being_written(session) == {file.key}
    with time_machine.travel(clock.now() + timedelta(days=3)):
        sweep_files(site)
        with database.read() as session:
            assert [row.file.name for row in article_files(session, SYSTEM, slug)] == ["pasted.log"]
        with database.write() as session:
            writing.discard_copy(session, viewer(cast.sara), slug)
        sweep_files(site)
    assert stored(media) == set()


def test_an_upload_during_the_sweep_keeps_its_bytes(
    database: Database, slug: str, media: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored and not yet named; and naming bytes that the sweep is about to take."""
    under_way = services.store_file(media, io.BytesIO(b"under way"), "a.log", most_bytes=100)
    services.sweep_files(database, media)
    with database.write() as session:
        services.attach_file(session, SYSTEM, slug, under_way)
    assert under_way.storage_key in stored(media)

    with database.write() as session:  # bytes that nothing names any more
        session.execute(Attachment.__table__.delete())
    again = services.store_file(media, io.BytesIO(b"under way"), "a.log", most_bytes=100)
    errors: list[BaseException] = []

    def sweep() -> None:
        try:
            services.sweep_files(database, media)
        except BaseException as error:
            errors.append(error)

    with database.write() as session:
        services.attach_file(session, SYSTEM, slug, again)
        thread = threading.Thread(target=sweep)
        thread.start()
        time.sleep(0.3)  # the sweep waits for this transaction
    thread.join(20)
    assert not errors
    with database.read() as session:
        services.discard_surplus(session, media, again)
        key = session.scalars(select(Blob.storage_key)).one()
    assert stored(media) == {key}
    with media.open(key) as stream:
        assert stream.read() == b"under way"


def test_two_uploads_of_the_same_content_at_once_share_it(database: Database, slug: str, media: FolderStorage) -> None:
    def upload(number: int) -> None:
        made = services.store_file(media, io.BytesIO(b"the same"), f"{number}.log", most_bytes=100)
        with database.write() as session:
            services.attach_file(session, SYSTEM, slug, made)
        with database.read() as session:
            services.discard_surplus(session, media, made)

    threads = [threading.Thread(target=upload, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert (count(session, Attachment), count(session, Blob)) == (6, 1)
    assert len(stored(media)) == 1


def test_what_only_a_deleted_article_used_goes_with_it(app: Flask, database: Database, slug: str, cast: Cast) -> None:
    media = app.extensions["sportello.site"].media
    with database.write() as session:
        other = write(session, "Other").slug
        files = [give(session, media, slug, data, "a.log") for data in (b"shared", b"alone")]
        services.revise(session, SYSTEM, slug, title="T", markdown=" ".join(file.markdown for file in files))
        shared = give(session, media, other, b"shared", "b.log")
        services.revise(session, SYSTEM, other, title="T", markdown=shared.markdown)
    work_off(app)
    with database.write() as session:
        services.delete_article(session, SYSTEM, slug)
    work_off(app)
    with database.read() as session:
        assert (count(session, Attachment), count(session, Blob)) == (1, 1)
        assert stored(media) == set(session.scalars(select(Blob.storage_key)))


def test_a_failure_after_storing_leaves_nothing(
    app: Flask, database: Database, slug: str, sign_in: Callable[..., object], monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:  # fmt: skip
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the database broke here")

    monkeypatch.setattr(attach, "add_attachment", broken)
    client = sign_in("sara")
    data = {"file": (io.BytesIO(b"words"), "a.log")}
    assert client.post(f"/kb/{slug}/files", data=data).status_code == 500  # type: ignore[attr-defined]
    assert [path for path in Path(settings.media_dir).rglob("*") if path.is_file()] == []
