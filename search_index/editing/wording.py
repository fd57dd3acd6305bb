"""When two wordings are the same question: the same stems, in any order, without the words around the matter."""

from functools import lru_cache

from search_index import analysis
from search_index.documents import LANGUAGES
from search_index.query.fields import FILTER_TOKEN
from search_index.query.tree import Query, Word

MAX_KEY = 256  # characters, the width of the columns that hold one
Words = tuple[str, ...]


def known(language: str) -> str:
    """A language that search analyses: the one asked for, else the first."""
    return language if language in LANGUAGES else LANGUAGES[0]


def phrase_stems(phrase: str, language: str) -> tuple[str, ...]:
    """The stems of a phrase in order, stop words included: what a phrase of a synonym is compared by."""
    return tuple(analysis.stem(word, language) for token in analysis.query_words(phrase) for word in token)


def telling_words(text: str, language: str) -> Words:
    """The distinct words of what was searched, sorted; filters and stop words left out (unless nothing else is)."""
    if ":" in text:
        text = FILTER_TOKEN.sub(" ", text)
    words = {word for token in analysis.query_words(text) for word in token}
    return tuple(sorted(words - analysis.STOP_WORDS[language] or words))


@lru_cache(maxsize=10_000)
def group_of(text: str, language: str) -> str:
    """The stems of the telling words as one string, as it is stored; empty when nothing could be searched for."""
    language = known(language)
    stems = {analysis.stem(word, language) for word in telling_words(text, language)}
    return " ".join(sorted(stems))[:MAX_KEY].strip()


def plain_words(query: Query) -> str | None:
    """The words of a query of plain words (filters may stand beside them); None if it says more than words."""
    if query.excluded or not query.nodes:
        return None
    words = []
    for node in query.nodes:
        if not isinstance(node, Word) or node.prefix or node.title_only:
            return None
        words.append(node.text)
    return " ".join(words)
