"""What changed between two texts: lines first, words inside the lines that were changed.

Lines that occur once on both sides are matched first (patience diff), difflib works between them. Everything has a
budget: a block that would take long is shown as lines taken out and lines put in, so 256 KiB take well under a second.
"""

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from editorial.pairing import pair_lines
from editorial.patience import anchors, cost_between
from editorial.rows import Difference, Op, Piece, Row, Side

LINE_BUDGET = 400_000  # comparisons of lines
WORD_BUDGET = 1_500_000  # comparisons of words
LINE_COST = 300  # what looking into one line costs at least, in comparisons
MOST_LINES = 40_000  # on both sides together; beyond, what lies between the equal ends counts as one line
_WORD = re.compile(r"\w+|\s+|[^\w\s]")


def word_diff(before: str, after: str) -> Difference:
    """The rows of `before` and `after`. Taking out what was inserted gives `before`, what was deleted `after`."""
    old, new = before.split("\n"), after.split("\n")
    if len(old) + len(new) > MOST_LINES:
        old, new = _lumped(old, new)
    return Difference(tuple(_Differ(old, new).rows()))


def _lumped(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """Each side in at most three pieces: the equal beginning, the middle, the equal end."""
    head, tail = _common_ends(old, new)

    def pieces(lines: list[str]) -> list[str]:
        parts = (lines[:head], lines[head : len(lines) - tail], lines[len(lines) - tail :])
        return ["\n".join(part) for part in parts if part]

    return pieces(old), pieces(new)


def whole(text: str) -> Difference:
    """A text that is all new, as rows without a change: there is nothing to compare it with."""
    lines = enumerate(text.split("\n"), 1)
    sides = (Side(number, _whole(Op.SAME, line)) for number, line in lines)
    return Difference(tuple(Row(side, side) for side in sides))


class _Differ:
    """One comparison, with what is left of its budget."""

    def __init__(self, before: list[str], after: list[str]) -> None:
        self.before, self.after = before, after
        self.lines, self.words = LINE_BUDGET, WORD_BUDGET

    def rows(self) -> Iterator[Row]:
        """Rows between and at the anchors."""
        i = j = 0
        for x, y in [*anchors(self.before, self.after), (len(self.before), len(self.after))]:
            yield from self._between(i, x, j, y)
            if x < len(self.before):
                yield self._same(x, y)
            i, j = x + 1, y + 1

    def _same(self, i: int, j: int) -> Row:
        pieces = (Piece(Op.SAME, self.before[i]),) if self.before[i] else ()
        return Row(Side(i + 1, pieces), Side(j + 1, pieces))

    def _between(self, i: int, x: int, j: int, y: int) -> Iterator[Row]:
        old, new = self.before[i:x], self.after[j:y]
        if not old or not new or not self._affordable(old, new):
            yield from self._changed(range(i, x), range(j, y))
            return
        for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag == "equal":
                yield from (self._same(i + a + step, j + c + step) for step in range(b - a))
            else:
                yield from self._changed(range(i + a, i + b), range(j + c, j + d))

    def _affordable(self, old: list[str], new: list[str]) -> bool:
        """Whether difflib may compare these lines."""
        cost = cost_between(old, new)
        if cost > self.lines:
            return False
        self.lines -= cost
        return True

    def _changed(self, old: range, new: range) -> Iterator[Row]:
        pairs = pair_lines([self.before[i] for i in old], [self.after[j] for j in new])
        for a, b in pairs:
            i = None if a is None else old[a]
            j = None if b is None else new[b]
            if i is not None and j is not None:
                yield self._reworded(i, j)
            else:
                left = None if i is None else Side(i + 1, _whole(Op.DELETED, self.before[i]))
                right = None if j is None else Side(j + 1, _whole(Op.INSERTED, self.after[j]))
                yield Row(left, right)

    def _replaced(self, i: int, j: int) -> Row:
        return Row(Side(i + 1, _whole(Op.DELETED, self.before[i])), Side(j + 1, _whole(Op.INSERTED, self.after[j])))

    def _reworded(self, i: int, j: int) -> Row:
        if self.words < LINE_COST:
            return self._replaced(i, j)
        old, new = _WORD.findall(self.before[i]), _WORD.findall(self.after[j])
        head, tail = _common_ends(old, new)
        middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
        cost = LINE_COST + len(middle_old) * len(middle_new)
        if cost > self.words:
            return self._replaced(i, j)
        self.words -= cost
        left = [Piece(Op.SAME, "".join(old[:head]))]
        right = list(left)
        for tag, a, b, c, d in SequenceMatcher(None, middle_old, middle_new, autojunk=False).get_opcodes():
            same = tag == "equal"
            left.append(Piece(Op.SAME if same else Op.DELETED, "".join(middle_old[a:b])))
            right.append(Piece(Op.SAME if same else Op.INSERTED, "".join(middle_new[c:d])))
        end = Piece(Op.SAME, "".join(old[len(old) - tail :]))
        return Row(Side(i + 1, _joined([*left, end])), Side(j + 1, _joined([*right, end])))


def _common_ends(old: list[str], new: list[str]) -> tuple[int, int]:
    """How many words are the same at the beginning, and at the end of the rest."""
    most = min(len(old), len(new))
    head = next((at for at in range(most) if old[at] != new[at]), most)
    most -= head
    tail = next((at for at in range(most) if old[-1 - at] != new[-1 - at]), most)
    return head, tail


def _whole(op: Op, text: str) -> tuple[Piece, ...]:
    return (Piece(op, text),) if text else ()


def _joined(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Without empty pieces; neighbours of one kind become one."""
    found: list[Piece] = []
    for piece in pieces:
        if not piece.text:
            continue
        if found and found[-1].op is piece.op:
            found[-1] = Piece(piece.op, found[-1].text + piece.text)
        else:
            found.append(piece)
    return tuple(found)
