"""How the memory engine decides that a text answers a query, and how well."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from search_index.memory_text import IndexedText, parts, query_forms
from search_index.query.tree import Alike, AllOf, AnyOf, Node, Phrase, Query, Word, as_typed

WEIGHTS = {"title": 3.0, "keywords": 2.0, "headings": 1.5, "body": 1.0}


@dataclass(frozen=True)
class Match:
    """`all_terms`: every top-level node was found; `typed`: each in its own words, not in words for the same."""

    all_terms: bool
    typed: bool
    score: float
    language: str


def occurrences(node: Word | Phrase, text: IndexedText) -> float:
    """Weighted occurrences of a word or phrase in a text; 0 when it is not there."""
    typed = [node.text] if isinstance(node, Word) else list(node.words)
    words = [query_forms(part, text.language) for part in parts(" ".join(typed))]
    if not words:
        return 0.0
    prefix = isinstance(node, Word) and node.prefix
    fields = ("title",) if node.title_only else WEIGHTS
    return sum(WEIGHTS[field] * saturated(text.count(words, field, prefix=prefix)) for field in fields)


def saturated(count: int) -> float:
    """BM25's saturation of the term frequency, k1 = 1.2, without length normalisation."""
    return 2.2 * count / (count + 1.2)


def strength(node: Node, text: IndexedText) -> float:
    """0 when the node is not in the text."""
    if isinstance(node, Word | Phrase):
        return occurrences(node, text)
    if isinstance(node, Alike):
        others = [o.share * occurrences(o.node, text) for o in node.others if o.language == text.language]
        return max([occurrences(node.node, text), *others])
    values = [strength(child, text) for child in node.nodes]
    if isinstance(node, AllOf):
        return sum(values) if all(values) else 0.0
    return sum(values)


def is_required(node: Node) -> bool:
    """Phrases and explicit groups must be there; plain words are wanted."""
    return isinstance(node, Phrase | AnyOf | AllOf)


def match(query: Query, text: IndexedText, weights: dict[Node, float]) -> Match | None:
    """How the text answers what is asked for (exclusions are the caller's), or None.

    `weights`: the rarity of each top-level node.
    """
    if not query.nodes:
        return Match(True, True, 0.0, text.language)
    found = {node: strength(node, text) for node in query.nodes}
    if not any(found.values()) or any(is_required(node) and not value for node, value in found.items()):
        return None
    score = sum(weights[node] * value for node, value in found.items())
    is_typed = all(strength(as_typed(node), text) for node in query.nodes)
    return Match(all(found.values()), is_typed, score, text.language)


def rarities(query: Query, texts: Sequence[IndexedText]) -> dict[Node, float]:
    """Inverse document frequency of each top-level node over the viewer's own documents."""
    result = {}
    for node in query.nodes:
        frequency = sum(bool(strength(node, text)) for text in texts)
        result[node] = math.log(1 + (len(texts) - frequency + 0.5) / (frequency + 0.5))
    return result
