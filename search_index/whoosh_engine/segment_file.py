"""One segment on disk: a file of named arrays, written once and never changed.

Layout: magic (8 bytes), length of the directory and its CRC-32 (uint32 little-endian), directory (JSON: section name
-> [offset from the end of the directory, length in bytes, CRC-32]), sections. Small sections are read when the segment
is opened; postings are read with `pread` when a query wants them. Not mapped into memory: a mapped file that is cut
while it is open kills the process (SIGBUS), a short read raises EOFError.
"""

import json
import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

MAGIC = b"SPSEG\x00\x00\x02"
EXTENSION = ".seg"
_HEADER = struct.Struct("<II")

Array = npt.NDArray[Any]


class SegmentCorrupt(ValueError):
    """The file is not a whole segment."""


def write(path: Path, sections: Mapping[str, bytes]) -> None:
    """Write a segment file under a temporary name and rename it."""
    directory: dict[str, tuple[int, int, int]] = {}
    offset = 0
    for name, data in sections.items():
        directory[name] = (offset, len(data), zlib.crc32(data))
        offset += len(data)
    header = json.dumps(directory).encode()
    temporary = path.with_suffix(".part")
    with temporary.open("wb") as file:
        file.write(MAGIC + _HEADER.pack(len(header), zlib.crc32(header)) + header)
        for data in sections.values():
            file.write(data)
    temporary.replace(path)


class SegmentFile:
    """An open segment file. Reading is thread-safe: there is no file position."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        status = os.fstat(self._fd)
        self._signature = (status.st_size, status.st_mtime_ns)
        start = os.pread(self._fd, len(MAGIC) + _HEADER.size, 0)
        if len(start) < len(MAGIC) + _HEADER.size or not start.startswith(MAGIC):
            raise SegmentCorrupt(f"{path.name}: not a segment file")
        length, checksum = _HEADER.unpack(start[len(MAGIC) :])
        header = os.pread(self._fd, length, len(start)) if length < status.st_size else b""
        if zlib.crc32(header) != checksum:
            raise SegmentCorrupt(f"{path.name}: wrong checksum of the directory")
        self._base = len(start) + length
        self._directory: dict[str, tuple[int, int, int]] = json.loads(header)
        expected = self._base + sum(length for _, length, _ in self._directory.values())
        if status.st_size != expected:
            raise SegmentCorrupt(f"{path.name}: {status.st_size} bytes instead of {expected}")

    def __del__(self) -> None:
        fd = getattr(self, "_fd", None)
        if fd is not None:
            os.close(fd)

    def __contains__(self, name: str) -> bool:
        return name in self._directory

    @property
    def names(self) -> list[str]:
        return list(self._directory)

    def is_unchanged(self) -> bool:
        """False when the file was cut, overwritten or removed since it was opened."""
        status = os.fstat(self._fd)
        return (status.st_size, status.st_mtime_ns) == self._signature and status.st_nlink > 0

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """Bytes of a section. Raises EOFError when the file is shorter than it was."""
        offset, size, _ = self._directory[name]
        length = size - start if length is None else length
        data = os.pread(self._fd, length, self._base + offset + start)
        if len(data) != length:
            raise EOFError(f"{self.path.name}: cut in {name}")
        return data

    def array(self, name: str, dtype: npt.DTypeLike) -> Array:
        """A whole section as a read-only array."""
        return np.frombuffer(self.read(name), dtype)

    def verify(self) -> None:
        """Read everything and compare the checksums. Raises SegmentCorrupt or EOFError."""
        for name, (_, _, checksum) in self._directory.items():
            if zlib.crc32(self.read(name)) != checksum:
                raise SegmentCorrupt(f"{self.path.name}: wrong checksum of {name}")
