"""The published state of the index: one small file, replaced atomically, that names a generation and its commits.

A reader that follows the manifest sees every partition as of the same batch: a document that moves between two
partitions is never in both or in neither. A rebuild is published by the same rename as a batch.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from search_index.engine import IndexDamaged, Manifest
from sportello.core.audience import EVERYTHING

NAME = "manifest.json"

Signature = tuple[int, int, int]


@dataclass(frozen=True)
class Published:
    """`commits`: number of the table of contents of each partition; `sizes`: its live documents."""

    generation: str
    number: int
    commits: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def manifest(self) -> Manifest:
        sizes = {name: size for name, size in self.sizes.items() if name != EVERYTHING and size}
        return Manifest(self.generation, self.number, sizes)

    def chosen(self, audiences: frozenset[str]) -> tuple[str, ...]:
        """The partitions that a viewer with these audience keys opens: theirs that are not empty, and no other."""
        names = {EVERYTHING} if EVERYTHING in audiences else audiences
        return tuple(sorted(name for name in names if self.sizes.get(name)))


def partition_folder(root: Path, generation: str, partition: str) -> Path:
    """Where the Whoosh index of a partition lies. Keys are quoted: `org:acme` is the folder `org%3Aacme`."""
    return root / generation / quote(partition, safe="@")


def signature(path: Path) -> Signature | None:
    """Changes whenever the file is replaced or written; None when it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def read(root: Path) -> Published | None:
    """The published state, or None when there is none. Raises IndexDamaged when it cannot be understood."""
    try:
        values = json.loads((root / NAME).read_text())
        commits = {str(name): int(commit) for name, (commit, _) in values["partitions"].items()}
        sizes = {str(name): int(size) for name, (_, size) in values["partitions"].items()}
        return Published(str(values["generation"]), int(values["number"]), commits, sizes)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexDamaged(f"{NAME}: {error}") from error


def write(root: Path, published: Published) -> None:
    """Replace the manifest. Other processes see the old one or the new one, never a part."""
    partitions = {name: (commit, published.sizes[name]) for name, commit in published.commits.items()}
    values = {"generation": published.generation, "number": published.number, "partitions": partitions}
    temporary = root / f"{NAME}.part"
    with temporary.open("w") as file:
        json.dump(values, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(root / NAME)
