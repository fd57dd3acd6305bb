"""The words inside files: what an article is found by beside its own text, and from what a hit in a file is shown."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from kb.files.names import file_address
from kb.models import Article, ArticleTranslation, Attachment, Blob, revision_attachment
from kb.queries.kept import as_reader
from search_index.sources import Part
from sportello.core.audience import Viewer

MOST = 400_000  # characters of all files of one revision together


def words_of_files(session: Session, viewer: Viewer, revision_ids: Collection[int]) -> dict[int, str]:
    """The words of the files that each revision lists, in the order they were attached. One statement."""
    statement = _files(viewer, revision_attachment.c.revision_id, Blob.words).where(
        revision_attachment.c.revision_id.in_(revision_ids)
    )
    found: dict[int, str] = {}
    for row in session.execute(statement):
        before = found.get(row.revision_id, "")
        found[row.revision_id] = f"{before}\n{row.words}"[:MOST]
    return found


def parts_of(session: Session, viewer: Viewer, keys: Mapping[str, str]) -> dict[str, list[Part]]:
    """By article key, the files with words that readers have with the language that `keys` names, as far as they are
    found by (`MOST`). Two statements."""
    length = func.length(Blob.words)
    statement = (
        _files(viewer, Article.key, ArticleTranslation.language, Attachment.name, Attachment.key, Blob.id, length)
        .join(ArticleTranslation, ArticleTranslation.revision_id == revision_attachment.c.revision_id)
        .where(Article.key.in_(keys), ArticleTranslation.readable(as_reader(viewer)))
    )
    told: list[tuple[str, str, str, int]] = []
    room = dict.fromkeys(keys, MOST)
    for key, language, name, file_key, blob_id, size in session.execute(statement):
        if keys[key] == language and room[key] > 0:
            room[key] -= size
            told.append((key, name, file_key, blob_id))
    blobs = select(Blob.id, Blob.words).where(Blob.id.in_({blob_id for *_, blob_id in told}))
    words = {row.id: row.words for row in session.execute(blobs)} if told else {}
    found: dict[str, list[Part]] = {}
    for key, name, file_key, blob_id in told:
        found.setdefault(key, []).append(Part(name, file_address(file_key, name), words[blob_id] or ""))
    return found


def _files(viewer: Viewer, *columns: Any) -> Select[Any]:
    """What a published text lists, in order; drafts bring nothing, whoever looks."""
    return (
        Attachment.visible_to(as_reader(viewer), *columns)
        .join(Blob, Blob.id == Attachment.blob_id)
        .join(revision_attachment, revision_attachment.c.attachment_id == Attachment.id)
        .where(Blob.words != "")
        .order_by(Attachment.id)
    )
