"""The one writer: batches of changes, upkeep of the segments, rebuilds. All of it ends in one published manifest.

A new segment is written once, into its partition, and linked into the partition of everything. What a crash leaves
behind is in no manifest, so no reader sees it, and the next batch removes it.
"""

import fcntl
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from search_index.documents import SearchDocument
from search_index.engine import Change, IndexDamaged
from search_index.whoosh_engine import manifest as manifests
from search_index.whoosh_engine.builder import SegmentBuilder
from search_index.whoosh_engine.draft import Draft
from search_index.whoosh_engine.manifest import Published
from search_index.whoosh_engine.rebuilding import Rebuild
from search_index.whoosh_engine.upkeep import tidy
from sportello.core import clock
from sportello.core.audience import EVERYTHING

LOCK_SECONDS = 60.0
UPKEEP_SECONDS = 0.7  # of merging and rewriting after a batch


class WriterBusy(RuntimeError):
    """Another process is writing the index; try again later."""


class Writer:
    """Changes the index under `root`. Not thread-safe; other processes are kept out by a file lock."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._untidy: set[str] | None = None  # partitions to look after; None: not known, all

    def apply(self, changes: Iterable[Change]) -> Published:
        """Write a batch and publish it; then look after segments for a moment and publish that."""
        with self._locked():
            published = manifests.read(self._root) or Published(_new_generation(), 0)
            self._sweep(published)
            draft = Draft(self._root, published)
            latest = {change.ref: change.document for change in changes}
            for ref in latest:
                draft.delete(ref)
            self._add(draft, (document for document in latest.values() if document is not None))
            published = draft.publish()
            untidy = set(published.commits) if self._untidy is None else self._untidy | draft.touched
            draft = Draft(self._root, published)
            self._untidy = tidy(draft, untidy, time.monotonic() + UPKEEP_SECONDS)
            return draft.publish() if draft.touched else published

    def _add(self, draft: Draft, documents: Iterable[SearchDocument]) -> None:
        builders: dict[str, SegmentBuilder] = {}
        for document in documents:
            builder = builders.setdefault(document.audience, SegmentBuilder())
            builder.add(document)
            if builder.is_full:
                self._write(draft, document.audience, builders.pop(document.audience))
        for audience, builder in builders.items():
            self._write(draft, audience, builder)

    def _write(self, draft: Draft, audience: str, builder: SegmentBuilder) -> None:
        entry = draft.write(audience, builder.sections(), len(builder))
        draft.share(entry, audience, EVERYTHING)

    def rebuild(self, documents: Iterable[SearchDocument], progress: Callable[[int], None] | None = None) -> Published:
        """Write everything anew beside the old index and swap. `progress` gets the number of documents so far."""
        with self._locked():
            before = self._published_or_none()
            self._sweep(before)
            generation = _new_generation()
            build = Rebuild(Draft(self._root, Published(generation, 0)))
            for count, document in enumerate(documents, 1):
                build.add(document)
                if progress is not None:
                    progress(count)
            published = build.finish()
            self._untidy = set()
            self._sweep(published)
            return published

    def _published_or_none(self) -> Published | None:
        try:
            return manifests.read(self._root)
        except IndexDamaged:
            return None

    def _sweep(self, published: Published | None) -> None:
        """Remove the generations that nobody names: replaced ones, and those of a rebuild that was cut short."""
        for folder in self._root.iterdir():
            if folder.is_dir() and (published is None or folder.name != published.generation):
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._root.mkdir(parents=True, exist_ok=True)
        with (self._root / "writer.lock").open("w") as lock:
            deadline = time.monotonic() + LOCK_SECONDS
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError:
                    if time.monotonic() > deadline:
                        raise WriterBusy("the index is being written by another process") from None
                    time.sleep(0.05)
            yield


def _new_generation() -> str:
    return f"{clock.now():%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
