"""Two people changed the same text: three versions become one, with what both touched marked for a person.

The merge by three ways goes by lines (S. Khanna, K. Kunal, B. Pierce, "A Formal Investigation of Diff3", 2007): where
both sides keep the base is the common ground; between two such places the side that changed wins, and where both
changed differently both stand in the text between markers. Settings are merged field by field.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from editorial.form import TEXTS, ArticleForm
from editorial.patience import anchors, cost_between
from editorial.settings import LISTS, NAMES, Settings
from sportello.core.errors import Conflict

MINE, BETWEEN, THEIRS = "<<<<<<< MINE", "=======", ">>>>>>> THEIRS"
BUDGET = 100_000_000  # of comparisons in a text: a few tenths of a second, while the row is held
Span = tuple[int, int, int, int, int, int]  # from and to in base, theirs, mine


@dataclass(frozen=True)
class Region:
    """What both sides changed differently. `line` (from 1) is that of its first marker in the merged text."""

    line: int
    base: tuple[str, ...]
    theirs: tuple[str, ...]
    mine: tuple[str, ...]


@dataclass(frozen=True)
class Merge:
    """The merged text; each of `conflicts` stands in it between MINE, BETWEEN and THEIRS markers."""

    text: str
    conflicts: tuple[Region, ...] = ()


class EditConflict(Conflict):
    """Somebody saved in between. `merged` is the form that the person decides on, `fields` names the settings and
    short texts in which both differ (mine stands in `merged`), `head_id` the revision that the next save starts from.
    """

    def __init__(self, base: ArticleForm, theirs: ArticleForm, mine: ArticleForm, head_id: int) -> None:
        super().__init__()
        self.base, self.theirs, self.mine, self.head_id = base, theirs, mine, head_id
        self.merge = three_way(base.markdown, theirs.markdown, mine.markdown)
        self.merged, self.fields = _merge_forms(base, theirs, mine, self.merge.text)


def three_way(base: str, theirs: str, mine: str) -> Merge:
    """Merge two descendants of `base`."""
    a, b, c = base.split("\n"), theirs.split("\n"), mine.split("\n")
    text: list[str] = []
    conflicts: list[Region] = []
    for a0, a1, b0, b1, c0, c1 in _spans(a, b, c):
        old, other, own = a[a0:a1], b[b0:b1], c[c0:c1]
        if other in (own, old):
            text += own
        elif own == old:
            text += other
        else:
            conflicts.append(Region(len(text) + 1, tuple(old), tuple(other), tuple(own)))
            text += [MINE, *own, BETWEEN, *other, THEIRS]
    return Merge("\n".join(text), tuple(conflicts))


def has_markers(text: str) -> bool:
    """A person has not decided on every region yet."""
    return not {MINE, THEIRS}.isdisjoint(text.split("\n"))


def _spans(a: Sequence[str], b: Sequence[str], c: Sequence[str]) -> Iterator[Span]:
    """The three texts from end to end, alternating: what lies between common ground, and the common ground."""
    at = (0, 0, 0)
    for a0, b0, c0, length in [*_common(a, b, c), (len(a), len(b), len(c), 0)]:
        if (a0, b0, c0) != at:
            yield at[0], a0, at[1], b0, at[2], c0
        if length:
            yield a0, a0 + length, b0, b0 + length, c0, c0 + length
        at = (a0 + length, b0 + length, c0 + length)


def _common(a: Sequence[str], b: Sequence[str], c: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Where all three agree: starts in a, b, c and the number of lines."""
    left, right = _matches(a, b), _matches(a, c)
    i = j = 0
    while i < len(left) and j < len(right):
        (la, lb, llen), (ra, rc, rlen) = left[i], right[j]
        start, end = max(la, ra), min(la + llen, ra + rlen)
        if start < end:
            yield start, lb + start - la, rc + start - ra, end - start
        if la + llen < ra + rlen:
            i += 1
        else:
            j += 1


def _matches(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int, int]]:
    """Lines that two texts share, in order: those that stand once in each first, then others between them, where
    that does not take long."""
    budget = BUDGET
    found: list[tuple[int, int, int]] = []
    i = j = 0
    for x, y in [*anchors(a, b), (len(a), len(b))]:
        if i < x and j < y and (cost := cost_between(a[i:x], b[j:y])) <= budget:
            budget -= cost
            blocks = SequenceMatcher(None, a[i:x], b[j:y]).get_matching_blocks()
            found += [(i + block.a, j + block.b, block.size) for block in blocks if block.size]
        if x < len(a) and y < len(b):
            found.append((x, y, 1))
        i, j = x + 1, y + 1
    return found


def _merge_forms(
    base: ArticleForm, theirs: ArticleForm, mine: ArticleForm, markdown: str
) -> tuple[ArticleForm, tuple[str, ...]]:
    """The whole form, and the names of the fields on which both sides differ. Lists never differ: additions and
    removals of both are carried out."""
    conflicts: list[str] = []

    def one(name: str, a: object, b: object, c: object) -> object:
        if b != c and a not in (b, c):
            conflicts.append(name)
        return b if c == a else c

    texts = {n: one(n, getattr(base, n), getattr(theirs, n), getattr(mine, n)) for n in TEXTS if n != "markdown"}
    a, b, c = base.settings, theirs.settings, mine.settings
    values = {
        name: _lists(getattr(a, name), getattr(b, name), getattr(c, name))
        if name in LISTS
        else one(name, getattr(a, name), getattr(b, name), getattr(c, name))
        for name in NAMES
    }
    merged = replace(mine, markdown=markdown, settings=Settings(**values), **texts)  # type: ignore[arg-type]
    return merged, tuple(conflicts)


def _lists(base: Sequence[str], theirs: Sequence[str], mine: Sequence[str]) -> tuple[str, ...]:
    gone = set(base) - (set(theirs) & set(mine))
    return tuple(value for value in dict.fromkeys((*theirs, *mine)) if value not in gone)
