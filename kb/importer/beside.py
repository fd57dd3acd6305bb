"""Files that lie beside the texts: found, marked in the text, and given their addresses when the article is written.

A mark is `beside:SHA256`, with the file's old key if it had one; it stands in the text until the key of the attachment
is known, so that a record says the same however often it is read.
"""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session

from kb.files.kinds import PICTURE_SUFFIXES, Refused
from kb.files.names import file_address
from kb.models import Attachment, Blob
from kb.services.attachments import StoredFile, store_file
from sportello.core import keys
from sportello.core.audience import system
from sportello.core.storage import MediaStorage

_MARK = re.compile(r"beside:([0-9a-f]{64}-?[a-z0-9]*)")
MAX_FILE = 20 * 1024 * 1024  # bytes, unless the site's settings say otherwise


@dataclass(frozen=True)
class Beside:
    """A file that a text shows or links. `key`: the one it had where it came from. `own`: bytes that this software
    exported, taken as they are."""

    path: Path = field(compare=False)
    name: str
    sha256: str
    alt: str = ""
    key: str = ""
    own: bool = False

    @property
    def id(self) -> str:
        """Tells the files of a record apart."""
        return f"{self.sha256}-{self.key}" if self.own else self.sha256


@dataclass(frozen=True)
class Media:
    """Where files go, and how large one may be."""

    storage: MediaStorage
    most_bytes: int = MAX_FILE


def look(path: Path, alt: str = "", most_bytes: int = MAX_FILE) -> Beside | None:
    """The file at `path` as an attachment to be; None for one that is too large to be read."""
    try:
        if path.stat().st_size > most_bytes:
            return None
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
    return Beside(path, path.name, digest, alt if path.suffix.lower() in PICTURE_SUFFIXES else "")


def mark(file: Beside) -> str:
    """What stands in the text for its address."""
    return f"beside:{file.id}"


@dataclass
class Given:
    """The files of one record with their keys; `stored` are new, the others the article has already."""

    keys: dict[str, str] = field(default_factory=dict)  # id -> key
    stored: list[tuple[str, Beside, StoredFile]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # id -> name

    def written(self, markdown: str) -> str:
        """The text with addresses in place of marks; a file that was refused leaves its words."""

        def address(found: re.Match[str]) -> str:
            id = found[1]
            return file_address(self.keys[id], self.names[id]) if id in self.keys else "#"

        return _MARK.sub(address, markdown)


def give_keys(
    session: Session, media: Media, files: Collection[Beside], article_id: int | None, taken: set[str]
) -> tuple[Given, Mapping[str, str]]:
    """Store what the article does not have yet. Also: file names with the reason why they were refused.

    `taken`: keys given out in this run; a key from elsewhere is kept where it is free. Outside any transaction.
    """
    given, refused = Given(), {}
    here = _present(session, article_id) if article_id else {}
    for file in files:
        if file.id in given.keys:
            continue
        own = file.key if file.own and file.key in here.values() else None
        if found := own or here.get((file.name, file.sha256)):
            given.keys[file.id], given.names[file.id] = found, file.name
            continue
        try:
            stored = _store(media, file)
        except Refused as error:
            refused[file.name] = str(error)
            continue
        free = keys.is_key(file.key) and file.key not in taken and not _exists(session, file.key)
        key = file.key if free else keys.new_key()
        taken.add(key)
        given.keys[file.id], given.names[file.id] = key, stored.name
        given.stored.append((key, file, stored))
    return given, refused


def _store(media: Media, file: Beside) -> StoredFile:
    with file.path.open("rb") as stream:
        return store_file(media.storage, stream, file.name, most_bytes=media.most_bytes, as_it_is=file.own)


def _present(session: Session, article_id: int) -> dict[tuple[str, str], str]:
    """Keys of the files that an article has, by name and by the hash of what was uploaded."""
    columns = (Attachment.name, Blob.sha256, Attachment.key)
    statement = Attachment.visible_to(system(), *columns).join(Blob, Blob.id == Attachment.blob_id)
    rows = session.execute(statement.where(Attachment.article_id == article_id).order_by(Attachment.id))
    return {(name, sha): key for name, sha, key in rows}


def _exists(session: Session, key: str) -> bool:
    return (
        session.execute(Attachment.visible_to(system(), Attachment.id).where(Attachment.key == key)).first() is not None
    )
