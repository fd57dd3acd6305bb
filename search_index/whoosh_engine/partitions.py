"""Partitions on disk: each a Whoosh index in a folder of its own, read at the commit that the manifest names."""

import os
import shutil
import weakref
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC

from search_index.whoosh_engine import manifest as manifests
from search_index.whoosh_engine.codec import PackedSegment
from search_index.whoosh_engine.manifest import Published, partition_folder
from search_index.whoosh_engine.schema import schema
from search_index.whoosh_engine.segment import Segment
from search_index.whoosh_engine.view import View

INDEX = "MAIN"
VIEWS = 64  # audience sets that stay open


def toc_path(folder: Path, commit: int) -> Path:
    return folder / str(TOC._filename(INDEX, commit))


def read_toc(folder: Path, commit: int) -> list[PackedSegment]:
    """The segments of a commit."""
    toc = TOC.read(FileStorage(str(folder), supports_mmap=False), INDEX, gen=commit, schema=schema())
    return list(toc.segments)


def write_toc(folder: Path, commit: int, segments: list[PackedSegment]) -> None:
    """Write a table of contents as Whoosh does: under a temporary name, then renamed."""
    TOC(schema(), segments, commit).write(FileStorage(str(folder)), INDEX)


def link(source: Path, target: Path) -> None:
    """The same segment in another partition: a second name for the file, or a copy where that cannot be."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


@dataclass(frozen=True)
class OpenView:
    """A view with what it was opened from: a generation and a commit per partition."""

    commits: tuple[str, ...]
    view: View
    tocs: tuple[tuple[Path, manifests.Signature | None], ...]

    def is_unchanged(self) -> bool:
        """False when one of its files was cut, overwritten or removed: a fresh reader must look."""
        return all(manifests.signature(path) == known for path, known in self.tocs) and all(
            segment.file.is_unchanged() for segment in self.view.segments
        )


class Reader:
    """Opens views and keeps them, by the set of partitions; a new manifest replaces them.

    Segments never change and are shared by all views and threads of the process. A file that the writer removed
    stays readable for those who have it open.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = Lock()
        self._published: tuple[manifests.Signature, Published] | None = None
        self._views: OrderedDict[tuple[str, ...], OpenView] = OrderedDict()
        self._segments: weakref.WeakValueDictionary[Path, Segment] = weakref.WeakValueDictionary()

    def published(self) -> Published | None:
        """The manifest; read again when another process replaced it."""
        now = manifests.signature(self._root / manifests.NAME)
        if now is None:
            return None
        known = self._published
        if known is None or known[0] != now:
            found = manifests.read(self._root)
            if found is None:
                return None
            known = self._published = (now, found)
        return known[1]

    def view(self, published: Published, audiences: frozenset[str]) -> View:
        """The view of an audience set. Raises what Whoosh and the file system raise for a damaged index."""
        names = published.chosen(audiences)
        with self._lock:
            known = self._views.get(names)
            if known is not None:
                self._views.move_to_end(names)
        commits = _commits(published, names)
        if known is not None and known.commits == commits and known.is_unchanged():
            return known.view
        opened = self._open(published, names)
        with self._lock:
            self._views[names] = opened
            for other in [other for other, view in self._views.items() if _is_past(published, other, view)]:
                del self._views[other]
            while len(self._views) > VIEWS:
                self._views.popitem(last=False)
        return opened.view

    def forget(self) -> None:
        """Let everything go that is open, so that the next view comes from the files."""
        with self._lock:
            self._published = None
            self._views.clear()
            self._segments = weakref.WeakValueDictionary()

    def _open(self, published: Published, names: tuple[str, ...]) -> OpenView:
        segments: list[tuple[Segment, frozenset[int]]] = []
        tocs = []
        for name in names:
            folder = partition_folder(self._root, published.generation, name)
            path = toc_path(folder, published.commits[name])
            tocs.append((path, manifests.signature(path)))
            for entry in read_toc(folder, published.commits[name]):
                segments.append((self._segment(folder / entry.filename), entry.deleted))
        return OpenView(_commits(published, names), View(segments), tuple(tocs))

    def _segment(self, path: Path) -> Segment:
        with self._lock:
            known = self._segments.get(path)
        if known is None or not known.file.is_unchanged():
            known = Segment(path)
            with self._lock:
                self._segments[path] = known
        return known


def _is_past(published: Published, names: tuple[str, ...], view: OpenView) -> bool:
    """Nobody will ask for it again: it would keep files open, and so on the disk, that have no name any more."""
    return view.commits[0] != published.generation or not all(published.sizes.get(name) for name in names)


def _commits(published: Published, names: tuple[str, ...]) -> tuple[str, ...]:
    return published.generation, *(f"{name} {published.commits[name]}" for name in names)
