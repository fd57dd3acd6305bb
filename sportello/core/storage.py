"""Uploaded media go through this port: a folder by default, an object store at scale.

Keys are generated here, never taken from a file name: two characters, a slash, 30 more, and a checked suffix.
"""

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from sportello.core.errors import N_, NotFound, Unavailable

_KEY = re.compile(r"[0-9a-f]{2}/[0-9a-f]{30}(\.[a-z0-9]{1,8})?")
_SUFFIX = re.compile(r"(\.[a-z0-9]{1,8})?")
_CHUNK = 1 << 20


class MediaStorage(Protocol):
    """Streams in, streams out. Who may read a key is decided by the caller, at each request."""

    def put(self, stream: BinaryIO, suffix: str = "") -> str:
        """Store everything in `stream` (bytes) under a new key, which is returned. Raises Unavailable."""
        ...

    def open(self, key: str) -> BinaryIO:
        """A readable, seekable stream of bytes; the caller closes it. Raises NotFound."""
        ...

    def size(self, key: str) -> int:
        """Size in bytes. Raises NotFound."""
        ...

    def delete(self, key: str) -> None:
        """Forget `key`; deleting it twice is no error."""
        ...

    def keys(self) -> Iterator[str]:
        """Every key stored."""
        ...

    def stored_at(self, key: str) -> datetime:
        """When it was stored (aware, UTC). Raises NotFound."""
        ...

    def tidy(self, before: datetime) -> int:
        """Remove what interrupted `put`s left before that moment; how many."""
        ...

    def put_as(self, key: str, stream: BinaryIO) -> None:
        """Store under a key that was given out before: restoring a backup. Raises NotFound, Unavailable."""
        ...

    def check(self) -> str:
        """One line about where media are. Raises Unavailable when nothing can be stored now."""
        ...


class FolderStorage:
    """Files under one folder. A file appears under its key only when it is complete and on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise NotFound
        return self._folder / key

    def put(self, stream: BinaryIO, suffix: str = "") -> str:
        if not _SUFFIX.fullmatch(suffix):
            raise ValueError(f"{suffix!r} is not a suffix such as .png")
        name = secrets.token_hex(16)
        key = f"{name[:2]}/{name[2:]}{suffix}"
        self.put_as(key, stream)
        return key

    def put_as(self, key: str, stream: BinaryIO) -> None:
        target = self._path(key)
        partial = target.with_name(f"{target.name}.partial")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("xb") as file:
                shutil.copyfileobj(stream, file, _CHUNK)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, target)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise Unavailable(N_("The file could not be stored. Please try again later."), 60) from error

    def open(self, key: str) -> BinaryIO:
        try:
            return self._path(key).open("rb")
        except FileNotFoundError as error:
            raise NotFound from error

    def size(self, key: str) -> int:
        try:
            return self._path(key).stat().st_size
        except FileNotFoundError as error:
            raise NotFound from error

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def keys(self) -> Iterator[str]:
        for path in sorted(self._folder.glob("??/*")):
            key = f"{path.parent.name}/{path.name}"
            if _KEY.fullmatch(key):
                yield key

    def stored_at(self, key: str) -> datetime:
        try:
            return datetime.fromtimestamp(self._path(key).stat().st_mtime, UTC)
        except FileNotFoundError as error:
            raise NotFound from error

    def tidy(self, before: datetime) -> int:
        count = 0
        for path in self._folder.glob("??/*.partial"):
            with contextlib.suppress(FileNotFoundError):
                if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
                    path.unlink()
                    count += 1
        return count

    def check(self) -> str:
        nearest = next(path for path in (self._folder, *self._folder.absolute().parents) if path.exists())
        if not nearest.is_dir() or not os.access(nearest, os.W_OK):
            raise Unavailable(f"{self._folder} is not writable")
        return f"files under {self._folder}"
