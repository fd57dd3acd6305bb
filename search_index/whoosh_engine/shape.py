"""The shape of a lexicon: what can be told of its words without looking at each."""

import numpy as np


class Shape:
    """The lengths and the letters of a lexicon as arrays, to leave most of it out without looking at a word."""

    def __init__(self, terms: list[str]) -> None:
        self.terms = terms
        self.lengths = np.fromiter(map(len, terms), np.int16, len(terms))
        characters = np.frombuffer("".join(terms).encode("utf-32-le"), "<u4")
        bits = np.left_shift(np.uint32(1), characters & 31, dtype=np.uint32)
        starts = np.cumsum(self.lengths, dtype=np.int64) - self.lengths
        self.letters = np.bitwise_or.reduceat(bits, starts) if len(terms) else bits

    def near(self, word: str, limit: int) -> list[str]:
        """The terms that can be within `limit` errors: an error changes at most two letters of the set."""
        mine = np.uint32(0)
        for character in word:
            mine |= np.uint32(1 << (ord(character) & 31))
        close = np.abs(self.lengths - len(word)) <= limit
        close &= np.bitwise_count(self.letters ^ mine) <= 2 * limit
        return [self.terms[index] for index in np.flatnonzero(close)]
