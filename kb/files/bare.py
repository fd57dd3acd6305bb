"""Whether a picture holds its pixels and nothing else, as those do that were encoded here: read back from an export,
such a one may keep its bytes."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from kb.files.kinds import JPEG, PNG, WEBP, FileKind

_PNG = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_WEBP = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH"}
_JPEG = {0xC0, 0xC1, 0xC2, 0xC4, 0xDA, 0xDB, 0xDD}  # frames, tables and scans: no application's data, no comment
_JFIF = b"JFIF\0"


def is_bare(kind: FileKind, stream: BinaryIO) -> bool:
    """No metadata, no animation, nothing after the end."""
    stream.seek(0)
    data = stream.read()
    parts = {PNG: _png, JPEG: _jpeg, WEBP: _webp}.get(kind)
    if parts is None:
        return False
    try:
        return all(parts(data))
    except (struct.error, IndexError, ValueError):
        return False


def _png(data: bytes) -> Iterator[bool]:
    at = 8
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        at += 12 + length
        yield name in _PNG and (name == b"IEND") == (at == len(data))
    yield at == len(data)


def _webp(data: bytes) -> Iterator[bool]:
    yield struct.unpack_from("<I", data, 4)[0] + 8 == len(data)
    at = 12
    while at < len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        at += 8 + length + length % 2
        yield name in _WEBP
    yield at == len(data)


def _jpeg(data: bytes) -> Iterator[bool]:
    at = 2
    while data[at : at + 2] != b"\xff\xd9":
        mark, length = struct.unpack_from(">xBH", data, at)
        plain = mark == 0xE0 and length == 16 and data[at + 4 : at + 9] == _JFIF
        yield data[at] == 0xFF and (mark in _JPEG or plain)
        at += 2 + length
        if mark == 0xDA:
            at = _after_scan(data, at)
    yield at + 2 == len(data)


def _after_scan(data: bytes, at: int) -> int:
    """Where the next marker stands: in a scan, 0xff is followed by 0 or by the number of a restart."""
    while True:
        at = data.index(b"\xff", at)
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2
