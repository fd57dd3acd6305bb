"""The numbers of the ranking, in one place. Measured with `benchmarks/relevance.py`; see docs/performance.md."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuning:
    """BM25F (Robertson, Zaragoza, Taylor 2004): zones weighted and normalised by length before saturation.

    `zone_weights`, `zone_b`: per title, headings, keywords, body. `exact`: share of a word's score that takes the
    word as typed, the rest its stem. `title_bonus`: what a word in the title adds beyond the common saturation
    (together with its weight a title counts about three times). `repetition`: exponent of the number of times that
    a question says a word. `other_language`: factor of texts that are not in the viewer's language.
    `hard_words`: queries up to so many words put documents with all of them first; in longer ones the missing
    words cost the share `softness` of the score, by their rarity. `proximity`: weight of neighbouring words, for
    the best `rescored` documents. `helpful`, `verified`, `recency`: largest nudges.
    """

    zone_weights: tuple[float, float, float, float] = (2.5, 1.5, 2.0, 1.0)
    zone_b: tuple[float, float, float, float] = (0.5, 0.5, 0.3, 0.75)
    title_bonus: float = 0.3
    k1: float = 1.7
    exact: float = 0.3
    other_language: float = 0.85
    hard_words: int = 4
    repetition: float = 0.5
    softness: float = 0.1
    proximity: float = 0.25
    rescored: int = 100
    helpful: float = 0.06
    verified: float = 0.03
    recency: float = 0.03
    plain_words: int = 24


DEFAULT = Tuning()
