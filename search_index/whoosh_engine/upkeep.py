"""Looking after segments: small ones are merged, and those that lost a document are rewritten without it.

Every step makes one segment of at most MAX_DOCS documents and about MAX_BYTES, which takes a fraction of a second, and
the steps after a batch stop at a deadline; what is left is done after the next batch.
"""

import time
from collections.abc import Callable
from functools import partial
from operator import itemgetter

import numpy as np

from search_index.whoosh_engine.builder import MAX_DOCS
from search_index.whoosh_engine.codec import PackedSegment
from search_index.whoosh_engine.damage import reading
from search_index.whoosh_engine.draft import Draft
from search_index.whoosh_engine.layout import Bools
from search_index.whoosh_engine.merge import merge
from search_index.whoosh_engine.segment import Segment
from sportello.core.audience import EVERYTHING

MAX_BYTES = 24_000_000  # of the segments that are merged: about a million words, as a builder takes
FACTOR = 8  # so many segments of about the same size become one


def tidy(draft: Draft, partitions: set[str], deadline: float) -> set[str]:
    """Do steps until nothing is left or the time is over. Returns the partitions that need more."""
    left = set()
    rewritten: dict[tuple[str, frozenset[int]], tuple[str, PackedSegment]] = {}
    for partition in sorted(partitions, key=lambda name: (name == EVERYTHING, name)):
        while group := next_step(draft.entries(partition), partial(draft.size, partition)):
            if time.monotonic() > deadline:
                left.add(partition)
                break
            _step(draft, partition, group, rewritten)
    return left


def next_step(entries: list[PackedSegment], size: Callable[[PackedSegment], int]) -> list[PackedSegment]:
    """The segments to make one of next; empty when all is well. `size`: bytes of a segment's file."""
    for entry in entries:
        if entry.has_deletions():
            return [entry]
    tiers: dict[int, list[PackedSegment]] = {}
    for entry in sorted(entries, key=lambda one: one.doc_count()):
        if entry.doc_count() < MAX_DOCS:
            tiers.setdefault(_tier(entry.doc_count()), []).append(entry)
    for _, members in sorted(tiers.items()):
        if len(members) >= FACTOR and (group := fitting(members, size)):
            return group
    return []


def _tier(count: int) -> int:
    tier = 0
    while count >= FACTOR:
        count //= FACTOR
        tier += 1
    return tier


def fitting(entries: list[PackedSegment], size: Callable[[PackedSegment], int]) -> list[PackedSegment]:
    """As many of the entries, the lightest first, as make one segment; empty when not even two do."""
    chosen, documents, weight = [], 0, 0
    for bytes_, entry in sorted(((size(entry), entry) for entry in entries), key=itemgetter(0)):
        documents, weight = documents + entry.doc_count(), weight + bytes_
        if documents > MAX_DOCS or weight > MAX_BYTES:
            break
        chosen.append(entry)
    return chosen if len(chosen) > 1 else []


def live_of(segment: Segment, entry: PackedSegment) -> Bools:
    live = np.ones(segment.doc_count, bool)
    live[list(entry.deleted)] = False
    return live


def _step(
    draft: Draft,
    partition: str,
    group: list[PackedSegment],
    rewritten: dict[tuple[str, frozenset[int]], tuple[str, PackedSegment]],
) -> None:
    alive = [entry for entry in group if entry.doc_count()]
    if not alive:
        draft.replace(partition, group, None)
        return
    key = (group[0].segid, group[0].deleted)
    if len(group) == 1 and key in rewritten:  # the same segment in two partitions: rewritten once
        source, entry = rewritten[key]
        draft.replace(partition, group, None)
        draft.share(entry, source, partition)
        return
    sources = [(segment, live_of(segment, entry)) for entry in alive for segment in [draft.segment(partition, entry)]]
    with reading():
        for segment, _ in sources:
            segment.file.verify()  # what is merged gets new checksums: harm would look whole from then on
        sections = merge(sources)
    draft.replace(partition, group, sections)
    if len(group) == 1:
        rewritten[key] = (partition, draft.entries(partition)[-1])
