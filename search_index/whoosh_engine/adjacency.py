"""Words side by side: phrases, and codes such as `web.config` that are several words."""

from functools import reduce

import numpy as np

from search_index.whoosh_engine.layout import BODY, POSITION_BITS, TITLE, Bools, Counts, Ints, exact_field
from search_index.whoosh_engine.view import NO_COUNTS, NO_DOCS, View


def side_by_side(view: View, language: str, live: Bools, words: list[str]) -> tuple[Ints, Counts]:
    """Documents in which the exact words follow each other, and how often in title and elsewhere."""
    if not words:
        return NO_DOCS, NO_COUNTS
    field, distinct = exact_field(language), list(dict.fromkeys(words))
    found = [view.postings(field, word, live) for word in distinct]
    if len(words) == 1:
        return found[0]
    shared = reduce(common, sorted((docs for docs, _ in found), key=len))
    if not len(shared):
        return NO_DOCS, NO_COUNTS
    among = np.zeros(view.size, bool)
    among[shared] = True
    stands = {word: view.places(field, word, among) for word in distinct}
    starts = [stands[word] - offset for offset, word in enumerate(words)]
    places = reduce(common, sorted(starts, key=len))
    if not len(places):
        return NO_DOCS, NO_COUNTS
    owners, positions = places >> POSITION_BITS, places & ((1 << POSITION_BITS) - 1)
    docs, inverse = np.unique(owners, return_inverse=True)
    in_title = positions < view.spans[language][owners]
    zones = inverse * 4 + np.where(in_title, TITLE, BODY)
    counts = np.bincount(zones, minlength=len(docs) * 4).reshape(-1, 4)
    return docs, np.minimum(counts, 255).astype(np.uint8)


def common(left: Ints, right: Ints) -> Ints:
    """What both hold; both ascending. Looks the fewer up in the more, without sorting again."""
    few, many = (left, right) if len(left) <= len(right) else (right, left)
    if not len(few):
        return few
    place = np.minimum(np.searchsorted(many, few), len(many) - 1)
    shared: Ints = few[many[place] == few]
    return shared
