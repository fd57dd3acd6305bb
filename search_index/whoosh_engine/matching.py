"""Which documents of a view match a query node in one language, and how strongly (BM25F)."""

import math
from dataclasses import dataclass
from functools import reduce

import numpy as np

from search_index import analysis
from search_index.query.tree import Alike, AllOf, Node, Phrase, Word
from search_index.synonyms import synonyms
from search_index.whoosh_engine.adjacency import common, side_by_side
from search_index.whoosh_engine.layout import (
    TITLE,
    Bools,
    Counts,
    Floats,
    Ints,
    exact_field,
    stem_field,
)
from search_index.whoosh_engine.tuning import Tuning
from search_index.whoosh_engine.view import NO_DOCS, View


@dataclass(frozen=True)
class Found:
    """`docs` ascending and distinct; `values` their scores for this node; `weight` its rarity (idf)."""

    docs: Ints
    values: Floats
    weight: float


NOTHING = Found(NO_DOCS, np.empty(0, np.float64), 0.0)


class LanguageMatcher:
    """The texts of one language in the live documents of a view. Statistics come from those and no other."""

    def __init__(self, view: View, live: Bools, language: str, tuning: Tuning) -> None:
        self.view = view
        self.live = live
        self.language = language
        self._tuning = tuning
        present = view.in_language[language] & live
        self.count = int(present.sum())
        lengths = view.lengths[language]
        average = lengths[present].sum(axis=0) / max(self.count, 1)
        b = np.array(tuning.zone_b)
        self._norms = np.array(tuning.zone_weights) / (1 - b + b * lengths / np.maximum(average, 1e-9))
        self._stems, self._exact = stem_field(language), exact_field(language)

    def find(self, node: Node) -> Found:
        """The documents of a node."""
        if isinstance(node, Word):
            return self._word(node)
        if isinstance(node, Phrase):
            words = [word for text in node.words for token in analysis.query_words(text) for word in token]
            docs, counts = self._side_by_side(words)
            return self._scored(docs, counts, node.title_only)
        if isinstance(node, Alike):
            return self._alike(node)
        children = [self.find(child) for child in node.nodes]
        return self._all(children) if isinstance(node, AllOf) else _any(children)

    def _word(self, node: Word) -> Found:
        tokens = analysis.query_words(node.text)
        words = [word for token in tokens for word in token]
        if not words:
            return NOTHING
        if node.prefix:
            last = self._prefix(words[-1], node.title_only)
            before = Word(" ".join(words[:-1]), title_only=node.title_only)
            return self._all([self._word(before), last]) if words[:-1] else last
        if len(words) == 1:
            parts = [analysis.fold(part) for part in analysis.parts_of(words[0])]
            simple = self._with_synonyms(words[0], node.title_only)
            if len(parts) < 2:
                return simple
            docs, counts = self._side_by_side(parts)
            return _any([simple, self._scored(docs, counts, node.title_only)])
        return self._compound(words, node.title_only)

    def _with_synonyms(self, word: str, title_only: bool) -> Found:
        found = self.term(word, title_only)
        others = [self.term(other, title_only) for other in synonyms(word, self.language)]
        if not others or not self._tuning.synonym:
            return found
        share = self._tuning.synonym
        return _any([found, *(Found(o.docs, o.values * share, o.weight * share) for o in others)])

    def _alike(self, node: Alike) -> Found:
        """The word, or what editors say means the same; a rare way to say it counts no more than the word itself."""
        found, others = self.find(node.node), []
        for other in node.others:
            if other.language != self.language:
                continue
            words = [word for token in analysis.query_words(_text(other.node)) for word in token]
            match = self.term(words[0]) if len(words) == 1 else self.find(other.node)
            weight = min(match.weight, found.weight) if len(found.docs) else match.weight
            share = other.share * (weight / match.weight if match.weight else 1)
            others.append(Found(match.docs, match.values * share, weight * other.share))
        return _any([found, *others]) if others else found

    def term(self, word: str, title_only: bool = False) -> Found:
        """One folded word: its stem, and as typed."""
        share = self._tuning.exact
        exact_docs, exact_counts = self.view.postings(self._exact, word, self.live)
        stem = next(iter(analysis.stems((word,), self.language)), None)
        if stem is None:
            return self._scored(exact_docs, exact_counts, title_only)
        docs, counts = self.view.postings(self._stems, stem, self.live)
        if not len(docs):
            return NOTHING
        values = (1 - share) * self._saturated(docs, counts, title_only)
        places = np.searchsorted(docs, exact_docs)  # every document with the word has its stem
        values[places] += share * self._saturated(exact_docs, exact_counts, title_only)
        return self._weighted(docs, values, title_only)

    def frequency(self, word: str) -> int:
        """Number of live documents with the word or its forms."""
        stem = next(iter(analysis.stems((word,), self.language)), None)
        field, term = (self._exact, word) if stem is None else (self._stems, stem)
        if self.live.all():
            return self.view.frequency(field, term)
        return len(self.view.postings(field, term, self.live)[0])

    def _prefix(self, prefix: str, title_only: bool) -> Found:
        docs, counts = self.view.prefix_postings(self._exact, prefix, self.live)
        return self._scored(*_summed(docs, counts), title_only)

    def _compound(self, words: list[str], title_only: bool) -> Found:
        """`web.config`: its words side by side, or written as one."""
        docs, counts = self._side_by_side(words)
        joined = "".join(words)[: analysis.MAX_TERM]
        joined_docs, joined_counts = self.view.postings(self._exact, joined, self.live)
        if len(joined_docs):
            both = np.union1d(docs, joined_docs)
            merged = np.zeros((len(both), 4), np.uint8)
            merged[np.searchsorted(both, docs)] = counts
            places = np.searchsorted(both, joined_docs)
            merged[places] = np.maximum(merged[places], joined_counts)
            docs, counts = both, merged
        return self._scored(docs, counts, title_only)

    def _side_by_side(self, words: list[str]) -> tuple[Ints, Counts]:
        return side_by_side(self.view, self.language, self.live, words)

    def _saturated(self, docs: Ints, counts: Counts, title_only: bool) -> Floats:
        norms = self._norms[docs]
        if title_only:
            frequencies = counts[:, TITLE] * norms[:, TITLE]
        else:
            # Added up one by one: the same sum for a document whatever else is in the array.
            frequencies = (
                counts[:, 0] * norms[:, 0]
                + counts[:, 1] * norms[:, 1]
                + counts[:, 2] * norms[:, 2]
                + counts[:, 3] * norms[:, 3]
            )
        saturated: Floats = frequencies / (self._tuning.k1 + frequencies)
        in_title = counts[:, TITLE] * norms[:, TITLE]
        saturated += self._tuning.title_bonus * in_title / (self._tuning.k1 + in_title)
        return saturated

    def _scored(self, docs: Ints, counts: Counts, title_only: bool) -> Found:
        return self._weighted(docs, self._saturated(docs, counts, title_only), title_only)

    def _weighted(self, docs: Ints, values: Floats, title_only: bool) -> Found:
        if title_only:
            docs, values = docs[values > 0], values[values > 0]
        if not len(docs):
            return NOTHING
        weight = self.rarity(len(docs))
        return Found(docs, values * weight, weight)

    def rarity(self, frequency: int) -> float:
        """Lucene's inverse document frequency."""
        return math.log(1 + (self.count - frequency + 0.5) / (frequency + 0.5))

    def _all(self, children: list[Found]) -> Found:
        docs = reduce(common, [child.docs for child in children])
        if not len(docs):
            return NOTHING
        values = sum((c.values[np.searchsorted(c.docs, docs)] for c in children), np.zeros(len(docs)))
        return Found(docs, values, sum(child.weight for child in children))


def _text(node: Word | Phrase) -> str:
    return node.text if isinstance(node, Word) else " ".join(node.words)


def _any(children: list[Found]) -> Found:
    """Each document with its best alternative."""
    docs = np.unique(np.concatenate([child.docs for child in children]))
    values = np.zeros(len(docs))
    for child in children:
        places = np.searchsorted(docs, child.docs)
        values[places] = np.maximum(values[places], child.values)
    return Found(docs, values, max(child.weight for child in children)) if len(docs) else NOTHING


def _summed(docs: Ints, counts: Counts) -> tuple[Ints, Counts]:
    """One posting per document from several."""
    unique, inverse = np.unique(docs, return_inverse=True)
    totals = np.zeros((len(unique), 4), np.int64)
    np.add.at(totals, inverse, counts)
    return unique, np.minimum(totals, 255).astype(np.uint8)
