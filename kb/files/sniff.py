"""What a file is, by its bytes. Its name and what the browser says of it count for nothing."""

import codecs
import re
from typing import BinaryIO

from kb.files.archives import kind_of_zip
from kb.files.kinds import ACTIVE, EMPTY, GIF, JPEG, PDF, PNG, TEXT, UNKNOWN, WEBP, FileKind, Refused

HEAD = 4096
_CHUNK = 1 << 18
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_CONTROL_TEXT = re.compile("[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_WIDE = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# What may stand before the root of a document: declarations, comments, an internal subset.
_BEFORE_ROOT = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_ACTIVE_ROOT = re.compile(
    r"<(?:!doctype\s+)?(?:[\w-]+:)?(?:html|svg|head|body|script|iframe|object|embed|img|meta)\b", re.IGNORECASE
)
_ACTIVE_NAMESPACE = re.compile(r"http://www\.w3\.org/(?:1999/xhtml|2000/svg)", re.IGNORECASE)


def sniff(stream: BinaryIO) -> FileKind:
    """The kind of a seekable stream, which is left at its beginning. Raises Refused."""
    stream.seek(0)
    head = stream.read(HEAD)
    try:
        return _kind(stream, head)
    finally:
        stream.seek(0)


def _kind(stream: BinaryIO, head: bytes) -> FileKind:
    if not head:
        raise Refused(EMPTY)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return kind_of_zip(stream)
    if not _is_text(stream, head):
        raise Refused(UNKNOWN)
    if _is_active(_decode(head)):
        raise Refused(ACTIVE)
    return TEXT


def _is_text(stream: BinaryIO, head: bytes) -> bool:
    """No control characters but line ends, tabs, form feeds and terminal colours, in UTF-16 with a mark or else."""
    wide = _WIDE.get(head[:2])
    decoder = codecs.getincrementaldecoder(wide)() if wide else None
    stream.seek(0)
    while chunk := stream.read(_CHUNK):
        if decoder is None:
            if _CONTROLS.search(chunk):
                return False
            continue
        try:
            if _CONTROL_TEXT.search(decoder.decode(chunk)):
                return False
        except UnicodeDecodeError:
            return False
    return True


def _decode(head: bytes) -> str:
    if head[:2] in _WIDE:
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    return head.decode("utf-8", "replace").lstrip("\ufeff")


def _is_active(text: str) -> bool:
    """A web page or an SVG picture, as a browser would take it that trusts nobody's word."""
    while before := _BEFORE_ROOT.match(text):
        text = text[before.end() :]
    if not text.startswith("<"):
        return False
    return bool(_ACTIVE_ROOT.match(text) or _ACTIVE_NAMESPACE.search(text))
