"""The numbers of the ranking, in one place. Measured with `benchmarks/relevance.py`; see docs/performance.md."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuning:
    """BM25F (Robertson, Zaragoza, Taylor 2004): zones weighted and normalised by length before saturation.

    `zone_weights`, `zone_b`: per title, headings (with the lead of the body), keywords, body. `title_bonus`: what a
    word in the title adds beyond the common saturation (with its weight a title counts about three times).
    `exact`: share of a word's score that takes the word as typed, the rest its stem. `synonym`: what another word
    of the same meaning counts. `other_language`: factor of texts that are not in the viewer's language.
    `hard_words`: queries up to so many words put documents with all of them first. In longer ones `weak` is the
    factor of the words around the matter, `repetition` the exponent of how often a word is said, and missing words
    cost the share `softness` of the score, by their rarity. `proximity`: weight of neighbouring words, for the best
    `rescored` documents. `helpful`, `verified`, `recency`: largest nudges. `plain_words`: what counts of a pasted
    text.
    """

    zone_weights: tuple[float, float, float, float] = (2.0, 2.0, 2.0, 1.0)
    zone_b: tuple[float, float, float, float] = (0.7, 0.35, 0.3, 0.8)
    title_bonus: float = 0.5
    k1: float = 1.5
    exact: float = 0.35
    synonym: float = 0.7
    other_language: float = 0.85
    hard_words: int = 3
    weak: float = 0.4
    repetition: float = 0.6
    softness: float = 0.0
    proximity: float = 0.2
    rescored: int = 100
    helpful: float = 0.06
    verified: float = 0.03
    recency: float = 0.03
    plain_words: int = 24


DEFAULT = Tuning()
