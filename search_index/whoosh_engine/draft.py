"""A state of the index in the making: segments written, tables of contents changed, nothing published yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from search_index.whoosh_engine import manifest as manifests
from search_index.whoosh_engine import segment_file
from search_index.whoosh_engine.codec import PackedCodec, PackedSegment
from search_index.whoosh_engine.damage import reading
from search_index.whoosh_engine.manifest import Published, partition_folder
from search_index.whoosh_engine.partitions import INDEX, link, read_toc, toc_path, write_toc
from search_index.whoosh_engine.segment import Segment
from sportello.core.audience import EVERYTHING
from sportello.core.types import Ref


@dataclass
class Draft:
    """Starts from a published state; `publish` makes the next one of it."""

    root: Path
    published: Published
    touched: set[str] = field(default_factory=set)
    _entries: dict[str, list[PackedSegment]] = field(default_factory=dict)
    _open: dict[str, Segment] = field(default_factory=dict)

    def folder(self, partition: str) -> Path:
        return partition_folder(self.root, self.published.generation, partition)

    def entries(self, partition: str) -> list[PackedSegment]:
        """The segments of a partition as they are in this draft."""
        if partition not in self._entries:
            commit = self.published.commits.get(partition)
            with reading():
                self._entries[partition] = [] if commit is None else read_toc(self.folder(partition), commit)
        return self._entries[partition]

    def segment(self, partition: str, entry: PackedSegment) -> Segment:
        """An entry, opened. The same file under two partitions is opened once."""
        if entry.segid not in self._open:
            with reading():
                self._open[entry.segid] = Segment(self.folder(partition) / entry.filename)
        return self._open[entry.segid]

    def size(self, partition: str, entry: PackedSegment) -> int:
        """Bytes of the entry's file."""
        with reading():
            return (self.folder(partition) / entry.filename).stat().st_size

    def delete(self, ref: Ref) -> None:
        """Mark the document deleted, in the partition of everything and in its own."""
        audience = self._delete_from(EVERYTHING, ref)
        if audience is not None:
            self._delete_from(audience, ref)

    def _delete_from(self, partition: str, ref: Ref) -> str | None:
        for entry in self.entries(partition):
            segment = self.segment(partition, entry)
            doc = segment.doc_of.get(str(ref))
            if doc is not None and not entry.is_deleted(doc):
                entry.delete_document(doc)
                self.touched.add(partition)
                return str(segment.columns["audience"][doc])
        return None

    def write(self, partition: str, sections: Mapping[str, bytes], doc_count: int) -> PackedSegment:
        """Write a segment file into a partition and list it there."""
        folder = self.folder(partition)
        folder.mkdir(parents=True, exist_ok=True)
        entry = PackedSegment(PackedCodec(), INDEX, doccount=doc_count)
        segment_file.write(folder / entry.filename, sections)
        self.entries(partition).append(entry)
        self.touched.add(partition)
        return entry

    def share(self, entry: PackedSegment, source: str, target: str) -> None:
        """List a segment of one partition in another too."""
        self.folder(target).mkdir(parents=True, exist_ok=True)
        link(self.folder(source) / entry.filename, self.folder(target) / entry.filename)
        self.entries(target).append(
            PackedSegment(PackedCodec(), INDEX, doccount=entry.doc_count_all(), segid=entry.segid)
        )
        self.touched.add(target)

    def replace(self, partition: str, old: list[PackedSegment], sections: Mapping[str, bytes] | None) -> None:
        """One segment with these sections in the place of `old`; none at all when `sections` is None."""
        count = sum(entry.doc_count() for entry in old)
        if sections is not None:
            self.write(partition, sections, count)
        gone = {entry.segid for entry in old}
        self._entries[partition] = [entry for entry in self.entries(partition) if entry.segid not in gone]
        self.touched.add(partition)

    def publish(self) -> Published:
        """Write the changed tables of contents, then the manifest, then remove what neither state needs."""
        commits, sizes = dict(self.published.commits), dict(self.published.sizes)
        for partition in self.touched:
            commits[partition] = commits.get(partition, 0) + 1
            sizes[partition] = sum(entry.doc_count() for entry in self.entries(partition))
            self.folder(partition).mkdir(parents=True, exist_ok=True)
            toc_path(self.folder(partition), commits[partition]).unlink(missing_ok=True)
            write_toc(self.folder(partition), commits[partition], self.entries(partition))
        published = Published(self.published.generation, self.published.number + 1, commits, sizes)
        manifests.write(self.root, published)
        for partition in self.touched:
            self._clean(partition, commits[partition])
        return published

    def _clean(self, partition: str, commit: int) -> None:
        """Keep the files of this commit, and of the one before for readers that are just opening it."""
        folder = self.folder(partition)
        keep = {toc_path(folder, commit).name, toc_path(folder, commit - 1).name}
        keep |= {entry.filename for entry in self.entries(partition)}
        if toc_path(folder, commit - 1).exists():
            keep |= {entry.filename for entry in read_toc(folder, commit - 1)}
        for path in folder.iterdir():
            if path.name not in keep:
                path.unlink(missing_ok=True)
