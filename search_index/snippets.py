"""Why a hit matched: its title and the best places of its text, with the query's words marked.

Cut from the rows that the database gave, never from stored index text. Everything is escaped.
"""

from bisect import bisect_left
from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from search_index.page import Inside
from search_index.query.tree import Query
from search_index.sources import Part, Row
from search_index.terms import Occurrence, Term, concepts_of, fold_in_place, occurrences, terms_of

LENGTH = 240  # characters of one window, about
WINDOWS = 2
READ = 100_000  # characters of a text that are looked through
LEAD = 60  # characters before the first marked word, at most
CUT = "…"


class Highlighter:
    """Marks one query, or given terms, in many rows."""

    def __init__(self, query: Query | Sequence[Term]) -> None:
        self._terms: tuple[Term, ...] = terms_of(query) if isinstance(query, Query) else tuple(query)
        concepts = concepts_of(query) if isinstance(query, Query) else [frozenset([term]) for term in query]
        numbered = [frozenset(self._terms.index(term) for term in same if term in self._terms) for same in concepts]
        self._concepts = [numbers for numbers in numbered if numbers]

    def title(self, row: Row) -> Markup:
        """The whole title, its matching words in <mark>."""
        found = occurrences(fold_in_place(row.title), self._terms, row.language)
        return _marked(row.title, 0, len(row.title), found)

    def snippets(self, row: Row) -> list[Markup]:
        """Up to two windows with the most different words of the query; the beginning if none is there."""
        text = row.text[:READ]
        found = occurrences(fold_in_place(text), self._terms, row.language) if self._terms else []
        windows = _windows(found)
        if not windows:
            return _beginning(row)
        return [_cut(text, start, end, found) for start, end in windows]

    def lacking(self, row: Row) -> frozenset[int]:
        """The words of the query of which neither title nor text has any form or synonym, as numbers."""
        there = {
            word
            for text in (row.title, row.text[:READ])
            for _, _, word in occurrences(fold_in_place(text), self._terms, row.language)
        }
        return frozenset().union(*(numbers for numbers in self._concepts if not numbers & there))

    def inside(self, parts: Sequence[Part], language: str, wanted: frozenset[int]) -> Inside | None:
        """The first place in the parts that has words of `wanted`: of the part that has the most of them."""
        best: tuple[int, Part, list[Occurrence]] | None = None
        for part in parts:
            found = occurrences(fold_in_place(part.text), self._terms, language)
            gain = len({word for _, _, word in found} & wanted)
            if gain and (best is None or gain > best[0]):
                best = gain, part, found
        if best is None:
            return None
        _, part, found = best
        start, end = _windows([place for place in found if place.word in wanted])[0]
        return Inside(part.name, part.path, _cut(part.text, start, end, found))


def plain(snippet: Markup) -> str:
    """A snippet as text: for the command line."""
    return Markup(str(snippet).replace("<mark>", "").replace("</mark>", "")).unescape()


def _beginning(row: Row) -> list[Markup]:
    text = row.summary or row.text
    return [_cut(text, 0, 0, [])] if text.strip() else []


def _windows(found: Sequence[Occurrence]) -> list[tuple[int, int]]:
    """(start of the first, end of the last occurrence) of the best windows, in the order of the text.

    A second one is added only when it shows a word that the first does not.
    """
    chosen: list[tuple[int, int]] = []
    shown: set[int] = set()
    for _ in range(WINDOWS):
        best, gain, words = _best(found, chosen, shown)
        if not gain:
            break
        chosen.append(best)
        shown |= words
    return sorted(chosen)


def _best(
    found: Sequence[Occurrence], taken: Sequence[tuple[int, int]], shown: set[int]
) -> tuple[tuple[int, int], int, set[int]]:
    """The window with the most words not yet shown, then the most occurrences, then the earliest."""
    best, best_key, best_range = (0, 0), (0, 0), (0, 0)
    last = fresh = 0  # fresh: different words in the window that are not shown yet
    counts: dict[int, int] = {}
    for first, (start, end, word) in enumerate(found):
        while last < len(found) and (last <= first or found[last].end <= start + LENGTH - LEAD):
            added = found[last].word
            fresh += not counts.get(added) and added not in shown
            counts[added] = counts.get(added, 0) + 1
            last += 1
        key = (fresh, last - first)
        if key > best_key and not any(before - LENGTH < start < after + LENGTH for before, after in taken):
            best, best_key, best_range = (start, max(end, found[last - 1].end)), key, (first, last)
        counts[word] -= 1
        fresh -= not counts[word] and word not in shown
    return best, best_key[0], {occurrence.word for occurrence in found[slice(*best_range)]}


def _cut(text: str, start: int, end: int, found: Sequence[Occurrence]) -> Markup:
    """About LENGTH characters around [start, end), from a sentence or word to a word."""
    begin = _begin(text, start)
    stop = min(len(text), max(end, begin + LENGTH))
    if stop < len(text):
        stop = max(end, text.rfind(" ", begin, stop + 1), begin + 1)
    marked = _marked(text, begin, stop, found)
    before = CUT if begin > 0 and text[begin - 1] not in "\n" and not _after_sentence(text, begin) else ""
    after = CUT if stop < len(text) and text[stop - 1] not in ".!?\n" else ""
    return Markup(before + " ".join(str(marked).split()) + after)


def _begin(text: str, start: int) -> int:
    """A line or sentence start at most LEAD characters before `start`, else a word start."""
    floor = max(0, start - LEAD)
    if floor == 0:
        line = text.rfind("\n", 0, start)
        return line + 1
    line = text.rfind("\n", floor, start)
    sentence = max(text.rfind(stop, floor, start) for stop in (". ", "? ", "! "))
    if line >= 0 or sentence >= 0:
        return max(line + 1, sentence + 2)
    space = text.find(" ", floor, start)
    return space + 1 if space >= 0 else start


def _after_sentence(text: str, begin: int) -> bool:
    return text[max(0, begin - 2) : begin] in (". ", "? ", "! ")


def _marked(text: str, begin: int, stop: int, found: Sequence[Occurrence]) -> Markup:
    """text[begin:stop] escaped, the occurrences inside it marked; overlapping ones become one."""
    pieces: list[str] = []
    position = begin
    for start, end, _ in found[bisect_left(found, (begin,)) :]:
        if start >= stop:
            break
        if start < position or end > stop:
            continue
        pieces += (escape(text[position:start]), "<mark>", escape(text[start:end]), "</mark>")
        position = end
    pieces.append(escape(text[position:stop]))
    return Markup("".join(pieces))
