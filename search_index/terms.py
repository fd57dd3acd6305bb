"""The words of a query that are worth marking in a text, and where they occur in it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from search_index import analysis
from search_index.query.tree import Alike, Node, Phrase, Query, Word

MAX_OCCURRENCES = 200  # of one word in one text
MAX_TERMS = 32  # words of a long text that are marked
_REST = re.compile(r"[^\W_]*")
_DIGITS = re.compile(r"\d*")


@dataclass(frozen=True)
class Term:
    """One folded word of the query; `prefix`: it may go on."""

    text: str
    prefix: bool = False


class Occurrence(NamedTuple):
    """Characters `start` to `end` (exclusive) of a text answer the query's word number `word`."""

    start: int
    end: int
    word: int


def terms_of(query: Query) -> tuple[Term, ...]:
    """The query's telling words: no stop words (unless there are no others), each once, at most MAX_TERMS."""
    words = list(dict.fromkeys(_flatten(query.nodes)))
    telling = [term for term in words if not any(term.text in stop for stop in analysis.STOP_WORDS.values())]
    if len(telling) > MAX_TERMS:  # the longest and the codes: the rarest, as far as that shows without an index
        telling = sorted(telling, key=lambda term: (not term.text.isalpha(), len(term.text)))[-MAX_TERMS:]
    return tuple(telling or words[:MAX_TERMS])


def concepts_of(query: Query) -> list[frozenset[Term]]:
    """The same words, each with those that mean the same."""
    return list(dict.fromkeys(_concepts(query.nodes)))


def _concepts(nodes: Iterable[Node]) -> Iterator[frozenset[Term]]:
    for node in nodes:
        if isinstance(node, Alike):
            yield frozenset(_flatten([node]))
        elif isinstance(node, Word | Phrase):
            yield from (frozenset([term]) for term in _flatten([node]))
        else:
            yield from _concepts(node.nodes)


def _flatten(nodes: Iterable[Node]) -> Iterator[Term]:
    for node in nodes:
        if isinstance(node, Word | Phrase):
            typed = [node.text] if isinstance(node, Word) else node.words
            prefix = isinstance(node, Word) and node.prefix
            for text in typed:
                yield from (Term(word, prefix) for words in analysis.query_words(text) for word in words)
        elif isinstance(node, Alike):
            yield from _flatten([node.node, *(other.node for other in node.others)])
        else:
            yield from _flatten(node.nodes)


class _Folding(dict[int, str]):
    """A character to its folded form of the same length."""

    def __missing__(self, code: int) -> str:
        folded = analysis.fold(chr(code)) or chr(code)
        self[code] = folded[0]
        return folded[0]


_folding = _Folding()


def fold_in_place(text: str) -> str:
    """Lower case without accents, every character in its place."""
    return text.lower() if text.isascii() else text.translate(_folding)


@lru_cache(maxsize=4096)
def _candidate(word: str, language: str) -> tuple[str, str]:
    """The stem of a word, and the beginning that its other forms have in common with it."""
    stem = analysis.stem(word, language)
    if not word.isalpha():
        return stem, word
    common = next((i for i, (a, b) in enumerate(zip(word, stem, strict=False)) if a != b), len(stem))
    return stem, word[: max(3, common - 1)]


def occurrences(folded: str, terms: Iterable[Term], language: str) -> list[Occurrence]:
    """Where the terms or their other forms stand in a folded text, in order."""
    found: list[Occurrence] = []
    for number, term in enumerate(terms):
        found.extend(_occurrences_of(folded, term, number, language))
    return sorted(found)


def _occurrences_of(folded: str, term: Term, number: int, language: str) -> Iterator[Occurrence]:
    stem, begin = _candidate(term.text, language)
    if term.prefix:
        begin = term.text
    is_number = term.text.isdigit()
    left, position = MAX_OCCURRENCES, folded.find(begin)
    while position >= 0 and left:
        before = folded[position - 1] if position else " "
        if not (before.isdigit() if is_number else before.isalnum()):
            match = (_DIGITS if is_number else _REST).match(folded, position)
            end = match.end() if match else position + len(begin)
            written = folded[position:end]
            if written == term.text or term.prefix or analysis.stem(written, language) == stem:
                yield Occurrence(position, end, number)
                left -= 1
            position = max(end, position + 1)
        else:
            position += 1
        position = folded.find(begin, position)
