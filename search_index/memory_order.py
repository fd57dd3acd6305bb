"""What the memory engine holds, and the order in which it answers."""

from collections.abc import Iterable
from dataclasses import dataclass

from search_index.documents import SearchDocument
from search_index.engine import Sort
from search_index.memory_match import Match, match, strength
from search_index.memory_text import IndexedText, parts
from search_index.query.tree import Alike, AllOf, AnyOf, Node, Phrase, Query, Word
from sportello.core.types import Ref


@dataclass(frozen=True)
class Entry:
    """A document and its analysed texts."""

    document: SearchDocument
    texts: tuple[IndexedText, ...]


def entry_of(document: SearchDocument) -> Entry:
    texts = tuple(IndexedText.of(text, language) for language, text in document.texts.items())
    return Entry(document, texts)


def best_match(
    entry: Entry, query: Query, weights: dict[Node, float], language: str, languages: frozenset[str]
) -> Match | None:
    """The best of the document's texts, the viewer's language first among equals."""
    if any(strength(node, text) for node in query.excluded for text in entry.texts):
        return None
    texts = [text for text in entry.texts if not languages or text.language in languages]
    found = [result for text in texts if (result := match(query, text, weights)) is not None]
    if not found:
        return None
    return max(found, key=lambda result: (result.all_terms, result.typed, result.score, result.language == language))


def newest_key(document: SearchDocument) -> tuple[float, Ref]:
    return (-document.updated.timestamp() if document.updated else 0.0, document.ref)


def order_key(entry: Entry, best: Match, sort: Sort) -> tuple[float | Ref, ...]:
    """Sort key, smallest first."""
    document = entry.document
    if sort is Sort.NEWEST:
        return newest_key(document)
    if sort is Sort.HELPFUL:
        return (-document.votes, *newest_key(document))
    nudge = 1 + 0.1 * document.helpful + (0.05 if document.verified else 0.0)
    return (not best.all_terms, best.all_terms and not best.typed, -best.score * nudge, *newest_key(document))


def parts_of(nodes: Iterable[Node]) -> list[str]:
    """Every typed part under the nodes; a prefix is not a word to correct."""
    found: list[str] = []
    for node in nodes:
        if isinstance(node, Word):
            found.extend([] if node.prefix else parts(node.text))
        elif isinstance(node, Phrase):
            found.extend(parts(" ".join(node.words)))
        elif isinstance(node, Alike):
            found.extend(parts_of([node.node]))
        else:
            assert isinstance(node, AnyOf | AllOf)
            found.extend(parts_of(node.nodes))
    return found
