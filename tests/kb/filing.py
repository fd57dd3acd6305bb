"""Short ways to files of articles, for tests."""

import io

from sqlalchemy.orm import Session

from kb import services
from kb.models import Attachment
from kb.queries.files import FileRow, readable_files
from sportello.core.audience import Viewer
from sportello.core.storage import MediaStorage
from tests.kb.articles import SYSTEM


def give(session: Session, media: MediaStorage, slug: str, data: bytes | io.BytesIO, name: str) -> FileRow:
    """Upload a file to the article at `slug`; nothing lists it yet."""
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    stored = services.store_file(media, stream, name, most_bytes=20 << 20)
    made: Attachment = services.attach_file(session, SYSTEM, slug, stored, alt="What it shows")
    services.discard_surplus(session, media, stored)
    return readable_files(session, SYSTEM, [f"/kb/files/{made.key}/"])[made.key]


def reads(session: Session, viewer: Viewer, file: FileRow) -> bool:
    """The viewer reaches the file."""
    return file.key in readable_files(session, viewer, [file.address])
