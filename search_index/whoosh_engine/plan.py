"""What of a query counts: its concepts, without stop words, at most the rarest of a pasted text."""

from collections import Counter
from dataclasses import dataclass, replace

from search_index import analysis
from search_index.documents import LANGUAGES
from search_index.query.tree import Alike, Node, Query, Word
from search_index.whoosh_engine.matching import LanguageMatcher
from search_index.whoosh_engine.tuning import Tuning


@dataclass(frozen=True)
class Concept:
    """One thing asked for. Phrases and explicit groups are required, words are wanted."""

    node: Node
    required: bool
    emphasis: float = 1.0  # a word that is repeated in a question counts more

    @property
    def word(self) -> str | None:
        """The folded word, when it is a single plain one."""
        node = self.node.node if isinstance(self.node, Alike) else self.node
        if not isinstance(node, Word) or node.prefix:
            return None
        tokens = analysis.query_words(node.text)
        return tokens[0][0] if len(tokens) == 1 and len(tokens[0]) == 1 else None


def plan(query: Query, language: str, matchers: list[LanguageMatcher], tuning: Tuning) -> list[Concept]:
    """The concepts of a query, in the order typed."""
    concepts = [concept for node in query.nodes for concept in _concepts(node, query.plain)]
    concepts = list(dict.fromkeys(concepts))
    words = [concept.word for concept in concepts]
    spoken = analysis.query_language([word for word in words if word], language)
    stop = analysis.STOP_WORDS[spoken if spoken in LANGUAGES else language]
    kept = [concept for concept, word in zip(concepts, words, strict=True) if word is None or word not in stop]
    kept = _emphasised(kept or concepts, query.raw, tuning)
    if query.plain and len(kept) > tuning.plain_words:
        kept = _rarest(kept, matchers, tuning.plain_words)
    return kept


def _emphasised(concepts: list[Concept], raw: str, tuning: Tuning) -> list[Concept]:
    """What is repeated in a question counts more."""
    counts = Counter(word for token in analysis.query_words(raw) for word in token)
    talks = len(concepts) > tuning.hard_words
    result = []
    for concept in concepts:
        if (word := concept.word) is not None:
            emphasis = max(counts[word], 1) ** tuning.repetition
            if talks and word in analysis.WEAK_WORDS:
                emphasis *= tuning.weak
            concept = replace(concept, emphasis=emphasis)
        result.append(concept)
    return result


def _concepts(node: Node, plain: bool) -> list[Concept]:
    """A typed word may hold several tokens (a path), and in a pasted text every word of a token counts."""
    if isinstance(node, Alike):
        return [Concept(node, False)]
    if not isinstance(node, Word):
        return [Concept(node, True)]
    if node.prefix:
        return [Concept(node, False)]
    tokens = analysis.query_words(node.text)
    texts = [word for token in tokens for word in token] if plain else ["-".join(token) for token in tokens]
    return [Concept(Word(text, title_only=node.title_only), False) for text in texts]


def _rarest(concepts: list[Concept], matchers: list[LanguageMatcher], limit: int) -> list[Concept]:
    """The rarest that occur at all, still in the order typed."""
    frequencies = [(_frequency(concept, matchers), place) for place, concept in enumerate(concepts)]
    occurring = sorted(pair for pair in frequencies if pair[0])[:limit]
    return [concepts[place] for place in sorted(place for _, place in occurring)]


def _frequency(concept: Concept, matchers: list[LanguageMatcher]) -> int:
    if isinstance(concept.node, Alike):
        return sum(len(matcher.find(concept.node).docs) for matcher in matchers)
    word = concept.word
    return sum(matcher.frequency(word) for matcher in matchers) if word else 1
