"""Ways to harm an index on disk: each takes its folder and leaves something that nobody could have written."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

MANIFEST = "manifest.json"
Harm = Callable[[Path], None]


def _public(root: Path, pattern: str) -> Path:
    """The largest file of the public partition that matches."""
    return max(root.glob(f"*/public/{pattern}"), key=lambda path: path.stat().st_size)


def _toc(root: Path) -> Path:
    """The newest table of contents of the public partition."""
    return max(root.glob("*/public/_MAIN_*.toc"), key=lambda path: int(path.stem.split("_")[-1]))


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _garbage(path: Path) -> None:
    path.write_bytes(b"\x80\x05garbage\x00\xff" * 40)


def _empty(root: Path) -> None:
    shutil.rmtree(root)
    root.mkdir()


HARMS: dict[str, Harm] = {
    "folder deleted": shutil.rmtree,
    "folder emptied": _empty,
    "manifest missing": lambda root: (root / MANIFEST).unlink(),
    "manifest empty": lambda root: os.truncate(root / MANIFEST, 0),
    "manifest cut": lambda root: _cut(root / MANIFEST),
    "manifest garbage": lambda root: _garbage(root / MANIFEST),
    "manifest of another shape": lambda root: (
        (root / MANIFEST).write_text('{"generation": 1, "partitions": [7]}') and None
    ),
    "generation deleted": lambda root: [shutil.rmtree(path) for path in root.iterdir() if path.is_dir()] and None,
    "contents missing": lambda root: _toc(root).unlink(),
    "contents empty": lambda root: os.truncate(_toc(root), 0),
    "contents cut": lambda root: _cut(_toc(root)),
    "contents garbage": lambda root: _garbage(_toc(root)),
    "segment missing": lambda root: _public(root, "*.seg").unlink(),
    "segment empty": lambda root: os.truncate(_public(root, "*.seg"), 0),
    "segment cut": lambda root: _cut(_public(root, "*.seg")),
    "segment garbage": lambda root: _garbage(_public(root, "*.seg")),
}
