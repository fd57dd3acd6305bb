"""What the worker does with files: reads the words in a new one, and forgets the bytes that nothing names any more."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from kb.events import ArticlesChanged, FilesDropped, FileStored
from kb.files.kinds import BY_MEDIA_TYPE
from kb.files.process import read_words
from kb.models import Article, Attachment, Blob
from kb.services.attachments.sweep import sweep_blobs
from sportello.core import outbox
from sportello.core.audience import system
from sportello.core.errors import NotFound
from sportello.core.handling import Site


def on_file_stored(site: Site, event: FileStored) -> None:
    """Read the words, then have the articles indexed again that show the file."""
    with site.database.read() as session:
        blob = session.get(Blob, event.blob)
    if blob is None or blob.words is not None:
        return
    words = _words(site, blob)
    with site.database.write() as session:
        session.execute(update(Blob).where(Blob.id == blob.id).values(words=words))
        if words and (keys := _articles(session, blob.id)):
            outbox.emit(session, ArticlesChanged(keys))


def on_files_dropped(site: Site, event: FilesDropped) -> None:
    """Articles were deleted for good: what only they used goes."""
    sweep_blobs(site.database, site.media)


def _words(site: Site, blob: Blob) -> str:
    kind = BY_MEDIA_TYPE.get(blob.media_type)
    if kind is None:
        return ""
    try:
        with site.media.open(blob.storage_key) as stream:
            return read_words(kind, stream)
    except NotFound:
        return ""


def _articles(session: Session, blob_id: int) -> list[str]:
    statement = Attachment.visible_to(system(), Article.key).where(Attachment.blob_id == blob_id)
    return list(session.scalars(statement.distinct().order_by(Article.key)))
