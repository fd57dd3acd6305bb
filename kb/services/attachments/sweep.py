"""Removing files that nothing needs: level-triggered, in small steps, and never in the way of an upload.

An upload stores its bytes first and names them in one transaction afterwards. So bytes and attachments are left alone
for a day; a row of bytes goes only when no attachment names it, which the database itself makes sure of.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import delete, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kb.models import Attachment, Blob, revision_attachment
from sportello.core import clock
from sportello.core.audience import system
from sportello.core.db import Database
from sportello.core.errors import NotFound
from sportello.core.storage import MediaStorage

REST = timedelta(days=1)
BATCH = 200
InUse = Callable[[Session], Collection[str]]


@dataclass(frozen=True)
class Swept:
    """What went: attachments, rows of bytes, stored files that no row named, partial files."""

    attachments: int = 0
    blobs: int = 0
    strays: int = 0
    partial: int = 0


def sweep_files(database: Database, media: MediaStorage, in_use: InUse = lambda session: ()) -> Swept:
    """Everything that nothing needs. `in_use`: keys of files that stand in texts which are no revisions yet."""
    before = clock.now() - REST
    return Swept(
        attachments=_sweep_attachments(database, before, in_use),
        blobs=sweep_blobs(database, media),
        strays=_sweep_strays(database, media, before),
        partial=media.tidy(before),
    )


def sweep_blobs(database: Database, media: MediaStorage) -> int:
    """Bytes that no attachment names: the row first, the file once that is committed.

    An upload of the same content at this moment makes the database refuse to let the row go: then nothing goes.
    """
    unused = ~exists().where(Attachment.blob_id == Blob.id)
    gone = delete(Blob).where(unused).returning(Blob.storage_key)
    try:
        with database.write() as session:
            keys = list(session.scalars(gone.execution_options(synchronize_session=False)))
    except IntegrityError:
        return 0
    for key in keys:
        media.delete(key)
    return len(keys)


def _sweep_attachments(database: Database, before: datetime, in_use: InUse) -> int:
    """Uploads that no revision lists, a day old; but not those in a text that somebody is still writing."""
    listed = exists().where(revision_attachment.c.attachment_id == Attachment.id)
    with database.write() as session:
        old = Attachment.visible_to(system(), Attachment.id, Attachment.key).where(
            Attachment.created_at < before, ~listed.correlate(Attachment)
        )
        rows = session.execute(old.order_by(Attachment.id).with_for_update(of=Attachment)).all()
        kept = set(in_use(session)) if rows else set()
        ids = [row.id for row in rows if row.key not in kept]
        for start in range(0, len(ids), BATCH):
            batch = delete(Attachment).where(Attachment.id.in_(ids[start : start + BATCH]), ~listed)
            session.execute(batch.execution_options(synchronize_session=False))
    return len(ids)


def _sweep_strays(database: Database, media: MediaStorage, before: datetime) -> int:
    """Stored files that no row names, a day old: what a broken upload or removal left."""
    count, found = 0, _old_keys(media, before)
    while batch := list(islice(found, BATCH)):
        with database.read() as session:
            named = set(session.scalars(select(Blob.storage_key).where(Blob.storage_key.in_(batch))))
        for key in batch:
            if key not in named:
                media.delete(key)
                count += 1
    return count


def _old_keys(media: MediaStorage, before: datetime) -> Iterator[str]:
    for key in media.keys():  # noqa: SIM118  a storage is not a dict
        try:
            if media.stored_at(key) < before:
                yield key
        except NotFound:
            continue
