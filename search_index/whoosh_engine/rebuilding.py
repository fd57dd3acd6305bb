"""A new generation: documents into full segments of their partitions, and all of them into the one of everything."""

from dataclasses import dataclass, field

from search_index.documents import SearchDocument
from search_index.whoosh_engine.builder import MAX_DOCS, MAX_TOKENS, SegmentBuilder
from search_index.whoosh_engine.codec import PackedSegment
from search_index.whoosh_engine.draft import Draft
from search_index.whoosh_engine.manifest import Published
from search_index.whoosh_engine.merge import merge
from search_index.whoosh_engine.upkeep import MAX_BYTES, live_of
from sportello.core.audience import EVERYTHING
from sportello.core.types import Ref

MAX_WAITING = 4_000_000  # tokens of all builders: bounds the memory, about 100 bytes each
LINKED = 4  # a segment that is full to a fourth is shared with the partition of everything as it is


@dataclass
class Rebuild:
    """Takes the documents of the whole site one by one; of those with the same ref the first."""

    draft: Draft
    _builders: dict[str, SegmentBuilder] = field(default_factory=dict)
    _small: list[tuple[str, PackedSegment]] = field(default_factory=list)
    _seen: set[Ref] = field(default_factory=set)
    _waiting: int = 0

    def add(self, document: SearchDocument) -> None:
        if document.ref in self._seen:
            return
        self._seen.add(document.ref)
        builder = self._builders.setdefault(document.audience, SegmentBuilder())
        before = builder.token_count
        builder.add(document)
        self._waiting += builder.token_count - before
        if builder.is_full:
            self._flush(document.audience)
        elif self._waiting > MAX_WAITING:
            self._flush(max(self._builders, key=lambda name: self._builders[name].token_count))

    def _flush(self, audience: str) -> None:
        builder = self._builders.pop(audience)
        self._waiting -= builder.token_count
        entry = self.draft.write(audience, builder.sections(), len(builder))
        if len(builder) >= MAX_DOCS // LINKED or builder.token_count >= MAX_TOKENS // LINKED:
            self.draft.share(entry, audience, EVERYTHING)
        else:
            self._small.append((audience, entry))

    def finish(self) -> Published:
        """Write what waits, and publish."""
        for audience in sorted(self._builders):
            self._flush(audience)
        group: list[tuple[str, PackedSegment]] = []
        documents = weight = 0
        for audience, entry in self._small:
            documents, weight = documents + entry.doc_count(), weight + self.draft.size(audience, entry)
            if group and (documents > MAX_DOCS or weight > MAX_BYTES):
                self._gather(group)
                group, documents, weight = [], entry.doc_count(), self.draft.size(audience, entry)
            group.append((audience, entry))
        if group:
            self._gather(group)
        return self.draft.publish()

    def _gather(self, group: list[tuple[str, PackedSegment]]) -> None:
        """Small segments of several partitions as one in the partition of everything."""
        opened = [(self.draft.segment(audience, entry), entry) for audience, entry in group]
        sections = merge([(segment, live_of(segment, entry)) for segment, entry in opened])
        self.draft.write(EVERYTHING, sections, sum(entry.doc_count() for _, entry in group))
