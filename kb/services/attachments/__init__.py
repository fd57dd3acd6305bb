"""Files of articles: taken in, attached, listed by revisions, read for search, swept when nothing needs them."""

from kb.services.attachments.attach import add_attachment, attach_file, check_upload
from kb.services.attachments.link import link_files
from kb.services.attachments.store import StoredFile, discard_surplus, store_file
from kb.services.attachments.sweep import Swept, sweep_blobs, sweep_files
from kb.services.attachments.words import on_file_stored, on_files_dropped

__all__ = [
    "StoredFile",
    "Swept",
    "add_attachment",
    "attach_file",
    "check_upload",
    "discard_surplus",
    "link_files",
    "on_file_stored",
    "on_files_dropped",
    "store_file",
    "sweep_blobs",
    "sweep_files",
]
