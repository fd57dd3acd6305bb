"""Did you mean: words that occur nowhere in the viewer's partitions, replaced by near ones that do.

One typing error is forgiven from 5 characters, two from 9 (as Meilisearch does). The nearest word wins, among
equally near ones the most frequent. Only words with a live posting count: the lexicon of a segment still has the
words of documents that left.
"""

import re
from collections.abc import Iterable

from search_index import analysis
from search_index.documents import LANGUAGES
from search_index.query.tree import Alike, Node, Phrase, Query, Word
from search_index.whoosh_engine.adjacency import side_by_side
from search_index.whoosh_engine.layout import Bools, exact_field, stem_field
from search_index.whoosh_engine.view import View

MAX_WORDS = 16


def errors_allowed(word: str) -> int:
    """How many typing errors a word of this length may have."""
    return 0 if len(word) < 5 else 1 if len(word) < 9 else 2


def correct(view: View, live: Bools, query: Query, language: str) -> str | None:
    """The query as typed with its unknown words replaced, or None when there is nothing to replace."""
    corrected = query.raw
    nodes = [node for node in query.nodes if not _is_answered(view, live, node)]
    for word in list(dict.fromkeys(_typed(nodes)))[:MAX_WORDS]:
        if not word.isalpha() or not errors_allowed(word) or _occurs(view, live, word):
            continue
        if better := _nearest(view, live, word, language):
            corrected = _replace(corrected, word, better)
    return corrected if corrected != query.raw else None


def _replace(text: str, word: str, better: str) -> str:
    """Every occurrence of the folded word in the text as typed."""
    return re.sub(r"[^\W_]+", lambda match: better if analysis.fold(match[0]) == word else match[0], text)


def _typed(nodes: Iterable[Node]) -> Iterable[str]:
    for node in nodes:
        texts: tuple[str, ...]
        if isinstance(node, Word):
            texts = () if node.prefix else (node.text,)
        elif isinstance(node, Phrase):
            texts = node.words
        elif isinstance(node, Alike):
            texts = (node.node.text,)
        else:
            yield from _typed(node.nodes)
            continue
        for text in texts:
            for token in analysis.query_words(text):
                yield from token


def _is_answered(view: View, live: Bools, node: Node) -> bool:
    """Words for the same thing occur: then the word is not misspelt."""
    if not isinstance(node, Alike):
        return False
    for other in node.others:
        text = other.node.text if isinstance(other.node, Word) else " ".join(other.node.words)
        words = [word for token in analysis.query_words(text) for word in token]
        if len(words) == 1 and _occurs(view, live, words[0]):
            return True
        if len(words) > 1 and len(side_by_side(view, other.language, live, words)[0]):
            return True
    return False


def _occurs(view: View, live: Bools, word: str) -> bool:
    for code in LANGUAGES:
        if len(view.postings(exact_field(code), word, live)[0]):
            return True
        for stem in analysis.stems((word,), code):
            if len(view.postings(stem_field(code), stem, live)[0]):
                return True
    return False


def _nearest(view: View, live: Bools, word: str, language: str) -> str | None:
    """The nearest live word: fewest errors, then most frequent, then the viewer's language, then alphabetical."""
    limit = errors_allowed(word)
    found: dict[tuple[int, str], list[str]] = {}
    for code in LANGUAGES:
        field = exact_field(code)
        near_words = {near for segment in view.segments for near in segment.fields[field].shape.near(word, limit)}
        for near in near_words:
            distance = edit_distance(word, near, limit) if near.isalpha() else limit + 1
            if distance <= limit:
                found.setdefault((distance, code), []).append(near)
    for distance in range(1, limit + 1):
        ranked = [
            (-frequency, code != language, near)
            for code in LANGUAGES
            for near in found.get((distance, code), ())
            if (frequency := len(view.postings(exact_field(code), near, live)[0]))
        ]
        if ranked:
            return min(ranked)[-1]
    return None


def edit_distance(left: str, right: str, limit: int) -> int:
    """Damerau-Levenshtein distance (optimal string alignment); `limit` + 1 when it is larger."""
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, char in enumerate(left, 1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != other))
            if i > 1 and j > 1 and char == right[j - 2] and left[i - 2] == other:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]
