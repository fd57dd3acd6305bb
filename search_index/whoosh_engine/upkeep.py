"""Looking after segments: small ones are merged, and those that lost a document are rewritten without it.

Every step makes one segment of at most MAX_DOCS documents, which takes a fraction of a second, and the steps after a
batch stop at a deadline; what is left is done after the next batch.
"""

import time

import numpy as np

from search_index.whoosh_engine.builder import MAX_DOCS
from search_index.whoosh_engine.codec import PackedSegment
from search_index.whoosh_engine.damage import reading
from search_index.whoosh_engine.draft import Draft
from search_index.whoosh_engine.layout import Bools
from search_index.whoosh_engine.merge import merge
from search_index.whoosh_engine.segment import Segment
from sportello.core.audience import EVERYTHING

FACTOR = 8  # so many segments of about the same size become one


def tidy(draft: Draft, partitions: set[str], deadline: float) -> set[str]:
    """Do steps until nothing is left or the time is over. Returns the partitions that need more."""
    left = set()
    rewritten: dict[tuple[str, frozenset[int]], tuple[str, PackedSegment]] = {}
    for partition in sorted(partitions, key=lambda name: (name == EVERYTHING, name)):
        while group := next_step(draft.entries(partition)):
            if time.monotonic() > deadline:
                left.add(partition)
                break
            _step(draft, partition, group, rewritten)
    return left


def next_step(entries: list[PackedSegment]) -> list[PackedSegment]:
    """The segments to make one of next; empty when all is well."""
    for entry in entries:
        if entry.has_deletions():
            return [entry]
    tiers: dict[int, list[PackedSegment]] = {}
    for entry in sorted(entries, key=lambda one: one.doc_count()):
        if entry.doc_count() < MAX_DOCS:
            tiers.setdefault(_tier(entry.doc_count()), []).append(entry)
    for _, members in sorted(tiers.items()):
        if len(members) >= FACTOR:
            return fitting(members)
    return []


def _tier(count: int) -> int:
    tier = 0
    while count >= FACTOR:
        count //= FACTOR
        tier += 1
    return tier


def fitting(entries: list[PackedSegment]) -> list[PackedSegment]:
    """As many of the entries, in order, as make one segment; empty when not even two do."""
    chosen, total = [], 0
    for entry in entries:
        if total + entry.doc_count() > MAX_DOCS:
            break
        chosen.append(entry)
        total += entry.doc_count()
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
