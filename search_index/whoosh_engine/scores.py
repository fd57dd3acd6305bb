"""How well the texts of one language answer a query, document by document."""

from dataclasses import dataclass

import numpy as np

from search_index.query.tree import as_typed
from search_index.whoosh_engine.layout import Bools, Floats
from search_index.whoosh_engine.matching import Found, LanguageMatcher
from search_index.whoosh_engine.plan import Concept
from search_index.whoosh_engine.tuning import Tuning


@dataclass(frozen=True)
class Scores:
    """Of one language, one value per document of the view: found at all, with all words, with all of them as typed
    (not in words for the same), how well."""

    found: Bools
    complete: Bools
    typed: Bools
    values: Floats
    concepts: list[tuple[Concept, Found]]


def score(matcher: LanguageMatcher, concepts: list[Concept], tuning: Tuning) -> Scores:
    """How the texts of one language answer the concepts."""
    size = matcher.view.size
    matches = [(concept, matcher.find(concept.node)) for concept in concepts]
    values, matched, covered = np.zeros(size), np.zeros(size, np.int64), np.zeros(size)
    for concept, found in matches:
        values[found.docs] += found.values * concept.emphasis
        matched[found.docs] += 1
        covered[found.docs] += found.weight
    is_found = matched > 0
    for concept, found in matches:
        if concept.required:
            has = np.zeros(size, bool)
            has[found.docs] = True
            is_found &= has
    unknown = matcher.rarity(0)
    total = sum(found.weight or unknown for _, found in matches)
    if total:
        values *= 1 - tuning.softness + tuning.softness * (covered / total)
    complete = matched == len(concepts)
    return Scores(is_found, complete, _as_typed(matcher, matches, complete), values, matches)


def _as_typed(matcher: LanguageMatcher, matches: list[tuple[Concept, Found]], complete: Bools) -> Bools:
    typed = complete
    for concept, _ in matches:
        if (node := as_typed(concept.node)) != concept.node:
            has = np.zeros(len(complete), bool)
            has[matcher.find(node).docs] = True
            typed = typed & has
    return typed


def everything(matcher: LanguageMatcher) -> Scores:
    """Nothing was asked for: every text is found, none better than another."""
    present = matcher.view.in_language[matcher.language] & matcher.live
    return Scores(present, present, present, np.zeros(matcher.view.size), [])
