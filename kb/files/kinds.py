"""The kinds of files that are accepted, and why one is refused."""

from dataclasses import dataclass
from enum import StrEnum

from sportello.core.errors import N_, Invalid

MAX_PIXELS = 20_000_000


class Group(StrEnum):
    """How a kind is treated: pictures are shown, everything else is downloaded."""

    PICTURE = "picture"
    DOCUMENT = "document"
    TEXT = "text"
    ARCHIVE = "archive"


@dataclass(frozen=True)
class FileKind:
    """`media_type` is what is served, `suffixes` those that a name may keep (the first is given to other names)."""

    media_type: str
    suffixes: tuple[str, ...]
    group: Group
    label: str

    @property
    def is_picture(self) -> bool:
        return self.group is Group.PICTURE


_OFFICE = "application/vnd.openxmlformats-officedocument."
PNG = FileKind("image/png", (".png",), Group.PICTURE, "PNG")
JPEG = FileKind("image/jpeg", (".jpg", ".jpeg"), Group.PICTURE, "JPEG")
GIF = FileKind("image/gif", (".gif",), Group.PICTURE, "GIF")
WEBP = FileKind("image/webp", (".webp",), Group.PICTURE, "WebP")
PDF = FileKind("application/pdf", (".pdf",), Group.DOCUMENT, "PDF")
DOCX = FileKind(f"{_OFFICE}wordprocessingml.document", (".docx",), Group.DOCUMENT, "Word")
XLSX = FileKind(f"{_OFFICE}spreadsheetml.sheet", (".xlsx",), Group.DOCUMENT, "Excel")
PPTX = FileKind(f"{_OFFICE}presentationml.presentation", (".pptx",), Group.DOCUMENT, "PowerPoint")
ODT = FileKind("application/vnd.oasis.opendocument.text", (".odt",), Group.DOCUMENT, "OpenDocument")
ZIP = FileKind("application/zip", (".zip",), Group.ARCHIVE, "ZIP")
TEXT = FileKind(
    "text/plain",
    (
        ".txt", ".log", ".csv", ".tsv", ".json", ".xml", ".md", ".ini", ".conf", ".cfg", ".properties", ".sql", ".toml",
        ".yaml", ".yml", ".diff", ".patch",
    ),
    Group.TEXT,
    "",
)  # fmt: skip

KINDS = (PNG, JPEG, GIF, WEBP, PDF, DOCX, XLSX, PPTX, ODT, ZIP, TEXT)
BY_MEDIA_TYPE = {kind.media_type: kind for kind in KINDS}
PICTURE_SUFFIXES = frozenset(suffix for kind in KINDS if kind.is_picture for suffix in kind.suffixes)


class Refused(Invalid):
    """A file that is not taken; the message says why and what to do."""

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message, field="file", **params)


class TooBig(Refused):
    """A file, or all files of an article together, above the limit."""


UNKNOWN = N_(
    "This kind of file is not accepted. Accepted are PNG, JPEG, GIF and WebP pictures, PDF, DOCX, XLSX, PPTX and ODT "
    "documents, plain text (TXT, LOG, CSV, JSON, XML) and ZIP archives."
)
EMPTY = N_("The file is empty. Choose another one.")
ACTIVE = N_("SVG pictures and web pages are not accepted, because they can hold scripts. Save the picture as PNG.")
MACROS = N_("This document holds macros. Save it without them and try again.")
DAMAGED = N_("The file is damaged or not whole. Save it again and try once more.")
BOMB = N_("Unpacked, this file would be far too large. Send its contents in several smaller files.")
PIXELS = N_("The picture has more than %(most)s megapixels. Make it smaller and try again.")
HEAVY = N_("The picture is too large or too complex to be prepared. Make it smaller and try again.")
LARGE = N_("The file is larger than %(most)s MiB. Make it smaller or split it.")
