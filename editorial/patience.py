"""Anchors of a comparison: equal ends, and lines that occur once on both sides, in the longest common order."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence


def anchors(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of indexes of equal lines, rising on both sides (Bram Cohen's patience diff, without its recursion)."""
    most = min(len(before), len(after))
    head = next((at for at in range(most) if before[at] != after[at]), most)
    rest = most - head
    tail = next((at for at in range(rest) if before[-1 - at] != after[-1 - at]), rest)
    first, last = range(head), range(tail, 0, -1)
    middle = _rising(_unique(before, after, head, tail))
    ends = [(len(before) - at, len(after) - at) for at in last]
    return [*((at, at) for at in first), *_grown(before, after, middle, head, tail), *ends]


def cost_between(old: Sequence[str], new: Sequence[str]) -> int:
    """What difflib may need for the lines between two anchors: pairs of equal ones, once for each block that it may
    find. Whoever asks has a budget."""
    counts = Counter(new)
    equal = sum(counts[line] for line in old)
    return (equal + len(old)) * min(len(old), len(new), equal + 1)


def _unique(before: Sequence[str], after: Sequence[str], head: int, tail: int) -> list[tuple[int, int]]:
    """Pairs of the lines that are there once on each side, by their place in `before`."""
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    here, there = Counter(old), Counter(new)
    place = {line: head + at for at, line in enumerate(new)}
    return [(head + at, place[line]) for at, line in enumerate(old) if line.strip() and here[line] == there[line] == 1]


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest sequence that rises on the second side too."""
    tops: list[int] = []  # the smallest end of a sequence of each length
    holders: list[int] = []  # and which pair it is
    previous: list[int] = []
    for at, (_, second) in enumerate(pairs):
        length = bisect_left(tops, second)
        previous.append(holders[length - 1] if length else -1)
        if length == len(tops):
            tops.append(second)
            holders.append(at)
        else:
            tops[length], holders[length] = second, at
    found, at = [], holders[-1] if holders else -1
    while at >= 0:
        found.append(pairs[at])
        at = previous[at]
    return found[::-1]


def _grown(
    before: Sequence[str], after: Sequence[str], pairs: list[tuple[int, int]], head: int, tail: int
) -> list[tuple[int, int]]:
    """The anchors with the equal lines right after and right before them."""
    found: list[tuple[int, int]] = []
    i, j = head, head
    stop = (len(before) - tail, len(after) - tail)
    for at, (x, y) in enumerate(pairs):
        if x < i:  # a neighbour has grown over it
            continue
        back = 0
        while x - back > i and y - back > j and before[x - back - 1] == after[y - back - 1]:
            back += 1
        found += [(x - step, y - step) for step in range(back, -1, -1)]
        i, j = x + 1, y + 1
        limit = pairs[at + 1] if at + 1 < len(pairs) else stop
        while i < limit[0] and j < limit[1] and before[i] == after[j]:
            found.append((i, j))
            i, j = i + 1, j + 1
    return found
