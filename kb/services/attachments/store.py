"""Taking in a file that somebody sent: checked, cleaned, stored under a new key. Outside any transaction."""

import hashlib
from dataclasses import dataclass
from typing import BinaryIO, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.files.bare import is_bare
from kb.files.kinds import LARGE, FileKind, TooBig
from kb.files.names import display_name
from kb.files.process import clean_picture
from kb.files.sniff import sniff
from kb.models import Blob
from sportello.core.storage import MediaStorage

_CHUNK = 1 << 20


@dataclass(frozen=True)
class StoredFile:
    """Bytes in the storage that no row names yet. `sha256` of the bytes as sent, `size` of those stored."""

    storage_key: str
    sha256: str
    kind: FileKind
    name: str
    size: int
    width: int | None = None
    height: int | None = None
    moved: bool = False  # it was an animation, of which the first picture is left


def store_file(
    media: MediaStorage, stream: BinaryIO, name: str | None, *, most_bytes: int, as_it_is: bool = False
) -> StoredFile:
    """Check the file in `stream` (seekable), encode a picture anew, store it.

    `as_it_is`: a picture that was encoded here before (an export read back) is checked all the same, and keeps its own
    bytes if they hold nothing but the picture.
    Raises Refused (TooBig above `most_bytes`), Unavailable.
    """
    if stream.seek(0, 2) > most_bytes:
        raise TooBig(LARGE, most=round(most_bytes / (1 << 20), 1) if most_bytes % (1 << 20) else most_bytes >> 20)
    kind = sniff(stream)
    sha256 = _sha256(stream)
    if not kind.is_picture:
        size = stream.seek(0, 2)
        stream.seek(0)
        key = media.put(stream, kind.suffixes[0])
        return StoredFile(key, sha256, kind, display_name(name, kind), size)
    picture = clean_picture(kind, stream)
    with picture.data as encoded:
        data = stream if as_it_is and is_bare(kind, stream) else encoded
        size = data.seek(0, 2)
        data.seek(0)
        key = media.put(cast(BinaryIO, data), picture.kind.suffixes[0])
    return StoredFile(
        key,
        sha256,
        picture.kind,
        display_name(name, picture.kind),
        size,
        picture.width,
        picture.height,
        picture.moved,
    )


def discard_surplus(session: Session, media: MediaStorage, stored: StoredFile) -> None:
    """Remove stored bytes if no row came to name them: the content was there already, or attaching failed."""
    if session.scalar(select(Blob.id).where(Blob.storage_key == stored.storage_key)) is None:
        media.delete(stored.storage_key)


def _sha256(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    stream.seek(0)
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    stream.seek(0)
    return digest.hexdigest()
