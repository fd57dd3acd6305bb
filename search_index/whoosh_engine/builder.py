"""Documents into a segment. Each distinct written token is analysed once; the rest is array work."""

import json
import zlib
from array import array
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from search_index import analysis
from search_index.documents import LANGUAGES, SearchDocument
from search_index.whoosh_engine.layout import (
    BODY,
    COLUMNS,
    HEADINGS,
    LEAD,
    TITLE,
    ZONE_GAP,
    ZONES,
    Ints,
    exact_field,
    row,
    stem_field,
    title_field,
    zone_texts,
)
from search_index.whoosh_engine.postings import FieldPostings, assemble, ranges

MAX_DOCS = 1000
MAX_TOKENS = 1_000_000


class _Language:
    """The tokens of the documents in one language: numbers into the vocabulary, and how many in each zone."""

    def __init__(self) -> None:
        self.tokens = array("I")
        self.sizes = array("I")  # four numbers per document


class SegmentBuilder:
    """Collects documents; `sections` is the segment."""

    def __init__(self) -> None:
        self._vocabulary: defaultdict[str, int] = defaultdict()
        self._vocabulary.default_factory = self._vocabulary.__len__
        self._languages = {language: _Language() for language in LANGUAGES}
        self._rows: list[tuple[Any, ...]] = []

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def token_count(self) -> int:
        return sum(len(language.tokens) for language in self._languages.values())

    @property
    def is_full(self) -> bool:
        """Whether it makes a whole segment: bounded, so that merging or rewriting one is quick."""
        return len(self) >= MAX_DOCS or self.token_count >= MAX_TOKENS

    def add(self, document: SearchDocument) -> None:
        """Take a document in; its number is its place."""
        number_of = self._vocabulary.__getitem__
        for code, language in self._languages.items():
            text = document.texts.get(code)
            for zone in zone_texts(text) if text else ("",) * len(ZONES):
                before = len(language.tokens)
                language.tokens.extend(map(number_of, analysis.tokens(zone)))
                language.sizes.append(len(language.tokens) - before)
        self._rows.append(row(document))

    def sections(self) -> dict[str, bytes]:
        """The sections of the segment file."""
        analysed = [analysis.analyse(token) for token in self._vocabulary]
        columns = dict(zip(COLUMNS, map(list, zip(*self._rows, strict=True)), strict=True))
        sections = {"columns": encode_columns(columns)}
        for code, language in self._languages.items():
            sections |= _encode(code, language, analysed if language.tokens else [], len(self))
        return sections


def encode_columns(columns: dict[str, list[Any]]) -> bytes:
    return zlib.compress(json.dumps(columns).encode(), 1)


def _encode(
    code: str, language: _Language, analysed: list[tuple[analysis.Forms, ...]], doc_count: int
) -> dict[str, bytes]:
    tokens = np.frombuffer(language.tokens, np.uint32).astype(np.int64)
    sizes = np.frombuffer(language.sizes, np.uint32).astype(np.int64)
    slots = np.repeat(np.arange(len(sizes)), sizes)  # document * 4 + zone of each token
    widths = np.array([len(forms) for forms in analysed], np.int64)[tokens]
    before = np.concatenate(([0], np.cumsum(widths)))
    document_starts = np.concatenate(([0], np.cumsum(sizes)))[::4]
    base = before[document_starts[:-1]]
    positions = before[:-1] - base[slots // 4] + ZONE_GAP * (slots % 4)
    spans = np.bincount(slots, widths, minlength=len(sizes)).reshape(-1, 4)[:, TITLE]

    counted_as = _with_lead(slots, sizes)
    exact = _occurrences(tokens, counted_as, positions, [[*forms] for forms in analysed], doc_count)
    stemmed = [[analysis.stems(forms, code) for forms in positions] for positions in analysed]
    stems = _occurrences(tokens, counted_as, positions, stemmed, doc_count)
    lengths = np.zeros((doc_count, 4), np.int64)
    np.add.at(lengths, stems.docs, stems.counts)
    return (
        stems.sections(stem_field(code))
        | exact.sections(exact_field(code))
        | exact.title_sections(title_field(code))
        | {f"{code}.lengths": lengths.astype("<u4").tobytes(), f"{code}.spans": spans.astype("<u4").tobytes()}
    )


def _with_lead(slots: Ints, sizes: Ints) -> Ints:
    """The slots to count in: the first tokens of a body count as headings."""
    place = np.arange(len(slots)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    is_lead = (slots % 4 == BODY) & (place < LEAD)
    moved: Ints = np.where(is_lead, slots - (BODY - HEADINGS), slots)
    return moved


def _occurrences(
    tokens: Ints, slots: Ints, positions: Ints, forms: Sequence[Sequence[Sequence[str]]], doc_count: int
) -> FieldPostings:
    """Every form of every token at its position, as postings. `forms`: per vocabulary entry, per position."""
    names: defaultdict[str, int] = defaultdict()
    names.default_factory = names.__len__
    form_terms, form_offsets, form_counts = array("q"), array("q"), array("q")
    for entry in forms:
        before = len(form_terms)
        for offset, at_position in enumerate(entry):
            form_terms.extend(map(names.__getitem__, at_position))
            form_offsets.extend([offset] * len(at_position))
        form_counts.append(len(form_terms) - before)
    sizes = np.array(form_counts, np.int64)
    starts = np.cumsum(sizes) - sizes
    expanded = ranges(starts[tokens], sizes[tokens])
    owner = np.repeat(np.arange(len(tokens)), sizes[tokens])
    terms = np.array(form_terms, np.int64)[expanded]
    places = positions[owner] + np.array(form_offsets, np.int64)[expanded]
    # Forms of the other language's tokens only are in `names` too: keep those that occur.
    used, terms = np.unique(terms, return_inverse=True)
    listed = list(names)
    return assemble([listed[index] for index in used], terms, slots[owner] // 4, slots[owner] % 4, places, doc_count)
