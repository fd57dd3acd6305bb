"""Documents whose titles have words that start with the typed ones."""

import numpy as np

from search_index import analysis
from search_index.documents import LANGUAGES
from search_index.whoosh_engine.layout import Bools, title_field
from search_index.whoosh_engine.view import View
from sportello.core.types import Ref

MAX_WORDS = 8


def suggest(view: View, live: Bools, prefix: str, language: str, limit: int) -> list[Ref]:
    """Best first: the viewer's language, then helpful, then newest, then by ref."""
    words = [word for token in analysis.query_words(prefix[:200]) for word in token][:MAX_WORDS]
    if not words or limit <= 0:
        return []
    found = {code: _with_words(view, live, words, code) for code in LANGUAGES}
    docs = np.flatnonzero(np.any(list(found.values()), axis=0))
    foreign = ~found[language][docs] if language in found else np.zeros(len(docs), bool)
    order = np.lexsort((view.ref_rank[docs], -view.updated[docs], -view.helpful[docs], foreign))
    return [view.ref(int(docs[place])) for place in order[:limit]]


def _with_words(view: View, live: Bools, words: list[str], language: str) -> Bools:
    inside = live.copy()
    for word in words:
        if not inside.any():
            break
        starts = np.zeros(view.size, bool)
        for segment, base in zip(view.segments, view.bases, strict=True):
            column = segment.fields[title_field(language)]
            low, high = column.prefix_range(word)
            if low < high:
                starts[column.docs(low, high).astype(np.int64) + base] = True
        inside &= starts
    return inside
