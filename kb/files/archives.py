"""ZIP files, and the documents that are ZIP files inside: what they are, and whether they are bombs.

Nothing is unpacked here: only the table of contents is read, which is bounded before it is.
"""

import struct
import zipfile
from collections.abc import Mapping
from typing import BinaryIO

from kb.files.kinds import BOMB, DAMAGED, DOCX, EMPTY, MACROS, ODT, PPTX, XLSX, ZIP, FileKind, Refused

MAX_ENTRIES = 10_000
MAX_DIRECTORY = 2 << 20  # bytes of the table of contents
MAX_DOCUMENT = 200 << 20  # bytes of a document, unpacked
MAX_ARCHIVE = 2 << 30
SUSPICIOUS = 200  # times larger unpacked: real logs reach 50
SMALL = 100 << 20  # unpacked, that much is no bomb whatever its ratio
_END = b"PK\x05\x06"
_LOCATOR, _END_64 = b"PK\x06\x07", b"PK\x06\x06"  # of archives that may have more than fits: ZIP64
_MAIN_PARTS = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX, "ppt/presentation.xml": PPTX}


def kind_of_zip(stream: BinaryIO) -> FileKind:
    """DOCX, XLSX, PPTX, ODT or ZIP. Raises Refused for a bomb, for macros, for what is cut or empty."""
    size = stream.seek(0, 2)
    _check_directory(stream, size)
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            kind = _kind(archive, {entry.filename: entry for entry in entries})
    except (zipfile.BadZipFile, RuntimeError, OSError, ValueError, EOFError, struct.error) as error:
        raise Refused(DAMAGED) from error
    if not entries:
        raise Refused(EMPTY)
    _check_sizes(entries, size, kind)
    return kind


def _check_directory(stream: BinaryIO, size: int) -> None:
    """The end record says how large the table of contents is: an honest one is small. So does another one before
    it, which counts in its place if it is there. Raises Refused."""
    stream.seek(max(0, size - (1 << 16) - 22))
    tail = stream.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise Refused(DAMAGED)
    count, length = struct.unpack("<HL", tail[at + 10 : at + 16])
    if tail[max(0, at - 20) : at].startswith(_LOCATOR):
        record = tail[max(0, at - 76) : at - 20]
        if len(record) < 56 or not record.startswith(_END_64):
            raise Refused(DAMAGED)
        more, longer = struct.unpack("<QQ", record[32:48])
        count, length = max(count % 0xFFFF, more), max(length % 0xFFFFFFFF, longer)
    if count > MAX_ENTRIES or length > MAX_DIRECTORY:
        raise Refused(BOMB)


def _kind(archive: zipfile.ZipFile, names: Mapping[str, zipfile.ZipInfo]) -> FileKind:
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Refused(MACROS)
    if "[Content_Types].xml" in names:
        for part, kind in _MAIN_PARTS.items():
            if part in names:
                return kind
    named = names.get("mimetype")
    if named and named.compress_type == zipfile.ZIP_STORED and "content.xml" in names:  # so the format has it
        with archive.open("mimetype") as stream:
            if stream.read(100).strip() == ODT.media_type.encode():
                return ODT
    return ZIP


def _check_sizes(entries: list[zipfile.ZipInfo], size: int, kind: FileKind) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    most = MAX_ARCHIVE if kind is ZIP else MAX_DOCUMENT
    overlapping = packed > size
    if len(entries) > MAX_ENTRIES or unpacked > most or overlapping:
        raise Refused(BOMB)
    if unpacked > SMALL and unpacked > SUSPICIOUS * max(packed, 1):
        raise Refused(BOMB)
