"""From the matches of the concepts to ordered documents."""

from dataclasses import dataclass

import numpy as np

from search_index.engine import Sort
from search_index.whoosh_engine.layout import Bools, Floats, Ints
from search_index.whoosh_engine.matching import LanguageMatcher
from search_index.whoosh_engine.proximity import proximity
from search_index.whoosh_engine.scores import Scores
from search_index.whoosh_engine.tuning import Tuning
from search_index.whoosh_engine.view import View

YEAR = 365.25 * 86_400_000_000  # microseconds


@dataclass(frozen=True)
class Ranked:
    """Document numbers, best first, with score and index of the best language (into the matchers)."""

    docs: Ints
    values: Floats
    languages: Ints


def rank(
    view: View,
    matchers: list[LanguageMatcher],
    scores: list[Scores],
    candidates: Bools,
    *,
    language: str,
    sort: Sort,
    wanted: int,
    now: float,
    tuning: Tuning,
) -> Ranked:
    """The first `wanted` of the candidates. Ties end in (updated descending, ref). `now`: microseconds."""
    docs = np.flatnonzero(candidates)
    if not len(docs) or not scores:
        return Ranked(docs, np.zeros(len(docs)), docs)
    factors = [1.0 if m.language == language else tuning.other_language for m in matchers]
    adjusted = [np.where(s.found[docs], s.values[docs] * f, -1.0) for s, f in zip(scores, factors, strict=True)]
    complete = [s.complete[docs] & s.found[docs] for s in scores]
    typed = [s.typed[docs] & c for s, c in zip(scores, complete, strict=True)]
    # The viewer's own language wins a tie, and a complete text wins over one that is not.
    preference = np.array([[c * 1e9 + t * 1e8 for c, t in zip(complete, typed, strict=True)], adjusted]).sum(axis=0)
    own = np.array([[m.language == language] for m in matchers]) * 1e-12
    best = np.argmax(preference + own, axis=0)
    values = np.take_along_axis(np.array(adjusted), best[None], 0)[0]
    values = np.maximum(values, 0) * _nudges(view, docs, now, tuning)
    hard = bool(scores[0].concepts) and len(scores[0].concepts) <= tuning.hard_words
    tiers = np.any(complete, axis=0).astype(int) + np.any(typed, axis=0) if hard else np.zeros(len(docs), int)
    ties = (view.ref_rank[docs], -view.updated[docs])
    if sort is Sort.NEWEST:
        order = np.lexsort(ties)
    elif sort is Sort.HELPFUL:
        order = np.lexsort((*ties, -view.votes[docs]))
    else:
        order = _by_relevance(tiers, values, ties, max(wanted, tuning.rescored))
        top = order[: tuning.rescored]
        values[top] += proximity(matchers, scores, docs[top], best[top], tuning)
        again = np.lexsort((ties[0][top], ties[1][top], -values[top], -tiers[top]))
        order[: len(top)] = top[again]
    order = order[:wanted]
    return Ranked(docs[order], values[order], _shown(matchers, complete, best, language)[order])


def _shown(matchers: list[LanguageMatcher], complete: list[Bools], best: Ints, language: str) -> Ints:
    """The language in which a hit is shown: the viewer's own if it has every word, whichever scored higher.

    A word of one language that is quoted in a text of the other is rare there, and so scores high.
    """
    shown: Ints = best
    for index, matcher in enumerate(matchers):
        if matcher.language == language:
            shown = np.where(complete[index], index, shown)
    return shown


def _by_relevance(tiers: Ints, values: Floats, ties: tuple[Ints, Ints], wanted: int) -> Ints:
    """The best `wanted` in order, and those that tie with the last."""
    keys = values + tiers * 1e6
    if len(keys) > 2 * wanted:
        threshold = np.partition(keys, len(keys) - wanted)[len(keys) - wanted]
        chosen = np.flatnonzero(keys >= threshold)
    else:
        chosen = np.arange(len(keys))
    order = np.lexsort((ties[0][chosen], ties[1][chosen], -values[chosen], -tiers[chosen]))
    result: Ints = chosen[order]
    return result


def _nudges(view: View, docs: Ints, now: float, tuning: Tuning) -> Floats:
    """Helpful, verified and fresh documents gain a little: a factor, so that unmatched stays unmatched."""
    age = np.maximum((now - view.updated[docs]) / YEAR, 0)
    nudged: Floats = (
        1 + tuning.helpful * view.helpful[docs] + tuning.verified * view.verified[docs] + tuning.recency / (1 + age)
    )
    return nudged
