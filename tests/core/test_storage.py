"""Media: generated keys, whole files or none, nothing outside the folder."""

import io
from pathlib import Path

import pytest

from sportello.core.errors import NotFound, Unavailable
from sportello.core.storage import FolderStorage


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "media")


def test_what_is_stored_is_read_back(storage: FolderStorage) -> None:
    key = storage.put(io.BytesIO(b"picture"), ".png")
    assert key.endswith(".png")
    assert storage.size(key) == 7
    with storage.open(key) as stream:
        assert stream.read() == b"picture"
    assert list(storage.keys()) == [key]


def test_deleting_twice_is_no_error(storage: FolderStorage) -> None:
    key = storage.put(io.BytesIO(b"x"))
    storage.delete(key)
    storage.delete(key)
    with pytest.raises(NotFound):
        storage.open(key)


@pytest.mark.parametrize("key", ["../secret", "/etc/passwd", "ab/../../x", "", "ab/" + "0" * 30 + "/x"])
def test_a_key_that_was_never_given_out_does_not_exist(storage: FolderStorage, key: str) -> None:
    with pytest.raises(NotFound):
        storage.open(key)
    with pytest.raises(NotFound):
        storage.delete(key)


@pytest.mark.parametrize("suffix", ["png", ".p/ng", "..", ".toolongsuffix", ".PNG"])
def test_a_suffix_is_checked(storage: FolderStorage, suffix: str) -> None:
    with pytest.raises(ValueError, match="suffix"):
        storage.put(io.BytesIO(b"x"), suffix)


def test_a_stream_that_breaks_leaves_nothing(storage: FolderStorage, tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(Unavailable):
        storage.put(Broken(b"x"))
    assert not [path for path in (tmp_path / "media").rglob("*") if path.is_file()]
