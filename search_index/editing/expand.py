"""A query with the synonyms of the editors in it. What is quoted, starred or stands behind `field:` stays as typed.

Words that stand side by side and together are a phrase with synonyms each take a share of them, so that a text with
the other wording answers all of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from search_index import analysis
from search_index.editing.book import Book, Stems
from search_index.editing.wording import phrase_stems
from search_index.query.tree import Alike, AllOf, Alternative, AnyOf, Node, Phrase, Query, Word

SHARE = 0.7  # of what the word itself counts, as for the synonyms that are built in
MAX_WORDS = 4  # of a phrase
MAX_ALTERNATIVES = 24  # that are put into one query


def expand(query: Query, book: Book) -> Query:
    """The query as engines get it; the same one when no synonym concerns it."""
    if not book.synonyms or not query.nodes:
        return query
    nodes = _Expansion(book, query.plain).side_by_side(query.nodes)
    return query if nodes == query.nodes else replace(query, nodes=nodes)


def alternatives(query: Query) -> Iterator[Alternative]:
    """Everything that was put into an expanded query, each once: for showing it."""

    def walk(nodes: Sequence[Node]) -> Iterator[Alternative]:
        for node in nodes:
            if isinstance(node, Alike):
                yield from node.others
            elif isinstance(node, AnyOf | AllOf):
                yield from walk(node.nodes)

    yield from {(other.language, other.node): other for other in walk(query.nodes)}.values()


@dataclass
class _Expansion:
    book: Book
    plain: bool
    left: int = field(default=MAX_ALTERNATIVES)

    def side_by_side(self, nodes: Sequence[Node]) -> tuple[Node, ...]:
        """Nodes that follow each other as typed: their words may be phrases together."""
        typed = [_typed(node, self.plain) for node in nodes]
        found: list[list[Alternative]] = [[] for _ in nodes]
        for language in self.book.synonyms:
            stems, place = [phrase_stems(word, language) for word in typed], 0
            while place < len(nodes):
                place += self._at(stems, place, language, typed, found) or 1
        return tuple(
            Alike(Word(words), tuple(others)) if others and words else self._inside(node)
            for node, words, others in zip(nodes, typed, found, strict=True)
        )

    def _inside(self, node: Node) -> Node:
        if isinstance(node, AllOf):
            return AllOf(self.side_by_side(node.nodes))
        if isinstance(node, AnyOf):
            return AnyOf(tuple(child for one in node.nodes for child in self.side_by_side([one])))
        return node

    def _at(
        self,
        stems: Sequence[Stems],
        place: int,
        language: str,
        typed: Sequence[str],
        found: list[list[Alternative]],
    ) -> int:
        """Take the longest phrase that begins at `place`; returns how many nodes it is long, 0 if there is none."""
        table = self.book.synonyms[language]
        for length in range(min(MAX_WORDS, len(typed) - place), 0, -1):
            run = stems[place : place + length]
            others = table.get(sum(run, ()), ())[: self.left] if all(run) else ()
            if others:
                self.left -= len(others)
                self._put(typed[place : place + length], place, language, others, found)
                return length
        return 0

    def _put(
        self,
        run: Sequence[str],
        place: int,
        language: str,
        others: Sequence[str],
        found: list[list[Alternative]],
    ) -> None:
        stop = analysis.STOP_WORDS[language]
        counting = sum(analysis.fold(word) not in stop for word in run) or len(run)
        for offset in range(len(run)):
            found[place + offset] += [
                Alternative(language, node_of(other), round(SHARE / counting, 3)) for other in others
            ]


def node_of(phrase: str) -> Word | Phrase:
    """What a phrase of a synonym is looked for as: a word, or words side by side."""
    words = phrase.split()
    return Word(words[0]) if len(words) == 1 else Phrase(tuple(words))


def _typed(node: Node, plain: bool) -> str:
    """The word of a node that may be expanded, written as the engines analyse it; empty for any other node."""
    if not isinstance(node, Word) or node.prefix or node.title_only:
        return ""
    tokens = analysis.query_words(node.text)
    if len(tokens) != 1 or (plain and len(tokens[0]) > 1):
        return ""
    return "-".join(tokens[0])
