"""Which of the new lines is which of the old ones, where a block of lines was replaced."""

import re
from collections import Counter
from collections.abc import Sequence

ALIKE = 0.4  # share of common words from which two lines are one line reworded
MOST_PAIRS = 900  # lines times lines; larger blocks are paired only when both have as many lines
_WORDS = re.compile(r"\w+")

Pair = tuple[int | None, int | None]


def pair_lines(old: Sequence[str], new: Sequence[str]) -> list[Pair]:
    """Indexes of old and new lines in order; None where a line has no partner. Deleted lines come first."""
    if not old or not new:
        return [*((at, None) for at in range(len(old))), *((None, at) for at in range(len(new)))]
    if len(old) * len(new) > MOST_PAIRS:
        if len(old) == len(new):
            return [(at, at) for at in range(len(old))]
        return [*((at, None) for at in range(len(old))), *((None, at) for at in range(len(new)))]
    found: list[Pair] = []
    i = j = 0
    for a, b in [*_best(old, new), (len(old), len(new))]:
        found += [(at, None) for at in range(i, a)]
        found += [(None, at) for at in range(j, b)]
        if a < len(old):
            found.append((a, b))
        i, j = a + 1, b + 1
    return found


def _best(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The pairs, in order on both sides, that have most in common altogether."""
    bags = [Counter(_WORDS.findall(line.lower())) for line in new]
    score = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        mine = Counter(_WORDS.findall(old[i].lower()))
        for j in range(len(new) - 1, -1, -1):
            alike = _likeness(mine, bags[j])
            together = score[i + 1][j + 1] + alike if alike >= ALIKE else 0.0
            score[i][j] = max(score[i + 1][j], score[i][j + 1], together)
    found, i, j = [], 0, 0
    while i < len(old) and j < len(new):
        if score[i][j] == score[i + 1][j]:
            i += 1
        elif score[i][j] == score[i][j + 1]:
            j += 1
        else:
            found.append((i, j))
            i, j = i + 1, j + 1
    return found


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """Words in common over words on average (Dice), from 0 to 1."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0
