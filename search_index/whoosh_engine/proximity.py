"""Words of the query that stand near each other in a document, in the order typed, earn it a bonus."""

from itertools import pairwise

import numpy as np

from search_index import analysis
from search_index.whoosh_engine.layout import POSITION_BITS, Floats, Ints, stem_field
from search_index.whoosh_engine.matching import LanguageMatcher
from search_index.whoosh_engine.scores import Scores
from search_index.whoosh_engine.tuning import Tuning

REACH = 8  # positions: words farther apart have nothing to do with each other


def proximity(matchers: list[LanguageMatcher], scores: list[Scores], docs: Ints, best: Ints, tuning: Tuning) -> Floats:
    """The bonus of each document, in the language that matched best."""
    bonus = np.zeros(len(docs))
    for index, (matcher, of_language) in enumerate(zip(matchers, scores, strict=True)):
        here = np.flatnonzero(best == index)
        if len(here):
            bonus[here] = tuning.proximity * _bonus(matcher, of_language, docs[here])
    return bonus


def _bonus(matcher: LanguageMatcher, scores: Scores, docs: Ints) -> Floats:
    words = [
        (concept.word, found.weight) for concept, found in scores.concepts if concept.word is not None and found.weight
    ]
    result = np.zeros(matcher.view.size)
    among = np.zeros(matcher.view.size, bool)
    among[docs] = True
    places = {word: _places(matcher, word, among) for word, _ in words} if len(words) > 1 else {}
    for (left, left_weight), (right, right_weight) in pairwise(words):
        owners, distances = _nearest(places[left], places[right])
        if len(owners):
            nearest = np.full(matcher.view.size, np.inf)
            np.minimum.at(nearest, owners, distances)
            result += min(left_weight, right_weight) * np.where(nearest <= REACH, 1 / nearest, 0)
    return result[docs]


def _places(matcher: LanguageMatcher, word: str, among: np.ndarray) -> Ints:
    stem = next(iter(analysis.stems((word,), matcher.language)), None)
    return matcher.view.places(stem_field(matcher.language), stem or "", among)


def _nearest(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """For each place of `left` that has one of `right` after or before it: its document, and the distance."""
    if not len(left) or not len(right):
        return left[:0], left[:0]
    after = np.searchsorted(right, left, "right")
    owners, distances = [], []
    for place, sign in ((np.minimum(after, len(right) - 1), 1), (np.maximum(after - 1, 0), -1)):
        distance = (right[place] - left) * sign
        # In the order typed one step is 1; the other way round it counts as one more.
        near = (distance > 0) & (distance <= REACH) & (right[place] >> POSITION_BITS == left >> POSITION_BITS)
        owners.append(left[near] >> POSITION_BITS)
        distances.append(distance[near] + (sign < 0))
    return np.concatenate(owners), np.concatenate(distances)
