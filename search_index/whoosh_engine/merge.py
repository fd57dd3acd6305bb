"""Several segments into one, without their deleted documents. Array work: about 0.1 ms per document."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from search_index.documents import LANGUAGES
from search_index.whoosh_engine.builder import encode_columns
from search_index.whoosh_engine.layout import COLUMNS, TEXT_FIELDS, Bools, Ints, exact_field, title_field
from search_index.whoosh_engine.postings import FieldPostings, ranges
from search_index.whoosh_engine.segment import Segment


def merge(sources: Sequence[tuple[Segment, Bools]]) -> dict[str, bytes]:
    """The sections of a segment with the live documents of each source, in order."""
    numbers: list[Ints] = []  # per source: the new number of each document, -1 when it is not taken
    total = 0
    for _, live in sources:
        numbers.append(np.where(live, np.cumsum(live) - 1 + total, -1))
        total += int(live.sum())
    columns: dict[str, list[Any]] = {
        name: [
            value
            for segment, live in sources
            for value, kept in zip(segment.columns[name], live.tolist(), strict=True)
            if kept
        ]
        for name in COLUMNS
    }
    sections = {"columns": encode_columns(columns)}
    merged: dict[str, FieldPostings] = {}
    for name in TEXT_FIELDS:
        loaded = [segment.fields[name].load() for segment, _ in sources]
        merged[name] = _merge_field(loaded, numbers, total)
        sections |= merged[name].sections(name)
    for code in LANGUAGES:
        sections |= merged[exact_field(code)].title_sections(title_field(code))
        lengths = np.concatenate([segment.lengths[code][live] for segment, live in sources])
        spans = np.concatenate([segment.spans[code][live] for segment, live in sources])
        sections[f"{code}.lengths"] = lengths.astype("<u4").tobytes()
        sections[f"{code}.spans"] = spans.astype("<u4").tobytes()
    return sections


def _merge_field(parts: Sequence[FieldPostings], numbers: Sequence[Ints], total: int) -> FieldPostings:
    names = sorted(set().union(*(part.terms for part in parts)))
    place = {name: index for index, name in enumerate(names)}
    keys, counts, sizes, positions = [], [], [], []
    for part, new_number in zip(parts, numbers, strict=True):
        mapping = np.fromiter((place[term] for term in part.terms), np.int64, len(part.terms))
        owner = np.repeat(mapping, np.diff(part.starts))
        docs = new_number[part.docs]
        kept = docs >= 0
        size = np.diff(part.places)
        keys.append((owner * max(total, 1) + docs)[kept])
        counts.append(part.counts[kept])
        sizes.append(size[kept])
        positions.append(part.positions[np.repeat(kept, size)])
    all_keys, all_sizes = np.concatenate(keys), np.concatenate(sizes)
    order = np.argsort(all_keys, kind="stable")
    starts = np.cumsum(all_sizes) - all_sizes
    sorted_sizes = all_sizes[order]
    heads = all_keys[order]
    used, frequencies = np.unique(heads // max(total, 1), return_counts=True)
    return FieldPostings(
        terms=[names[index] for index in used],
        starts=np.concatenate(([0], np.cumsum(frequencies))),
        docs=heads % max(total, 1),
        counts=np.concatenate(counts)[order],
        places=np.concatenate(([0], np.cumsum(sorted_sizes))),
        positions=np.concatenate(positions)[ranges(starts[order], sorted_sizes)],
    )
