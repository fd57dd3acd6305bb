"""Wordings of one question put together: the same stems, or one typing error apart.

The most frequent wording leads; a rarer one joins it if all its words are the same but one, in which a letter is
missing, added, exchanged or in another place, not at the beginning, and which has at least five letters. Which words
are near each other is found once for all of them, by what is left of a word when a letter goes (as SymSpell does).
"""

from collections.abc import Collection, Iterable, Mapping

from search_index import analysis
from search_index.editing.wording import MAX_KEY, Words, telling_words

MIN_LETTERS = 5
MAX_NEAR = 50  # words that share one remainder and are compared: more are not a misspelling but a pattern


def group_wordings(counts: Mapping[str, int], language: str, seeds: Collection[str] = ()) -> dict[str, str]:
    """Wording to group: the stem set of its leading wording. `seeds`: groups that keep their name."""
    said = {text: telling_words(text, language) for text in counts}
    stems = {word: analysis.stem(word, language) for words in said.values() for word in words}
    near = _near_stems(stems, seeds)
    leads = {seed: seed for seed in seeds}  # stem set -> the group that it belongs to
    groups: dict[str, str] = {}
    for text in sorted(counts, key=lambda text: (-counts[text], text)):
        own = _group({stems[word] for word in said[text]})
        if not own:
            continue
        group = leads.get(own) or _neighbour(said[text], stems, near, leads) or own
        leads[own] = groups[text] = group
    return groups


def near_words(words: Iterable[str]) -> dict[str, list[str]]:
    """Each word that has neighbours one error away, and those."""
    remainders: dict[str, list[str]] = {}
    for word in words:
        if len(word) >= MIN_LETTERS and word.isalpha():
            for remainder in {word, *(word[:place] + word[place + 1 :] for place in range(1, len(word)))}:
                remainders.setdefault(remainder, []).append(word)
    found: dict[str, list[str]] = {}
    for sharing in remainders.values():
        if 1 < len(sharing) <= MAX_NEAR:
            for word in sharing:
                others = found.setdefault(word, [])
                others += (one for one in sharing if one != word and one not in others and one_error(word, one))
    return found


def one_error(left: str, right: str) -> bool:
    """Whether one letter less, more, other or exchanged with its neighbour makes one word the other."""
    if len(left) > len(right):
        left, right = right, left
    place = 0
    while place < len(left) and left[place] == right[place]:
        place += 1
    if len(right) - len(left) == 1:
        return left[place:] == right[place + 1 :]
    if len(left) != len(right) or place == len(left):
        return False
    if left[place + 1 :] == right[place + 1 :]:
        return True
    exchanged = left[place : place + 2] == right[place : place + 2][::-1]
    return exchanged and left[place + 2 :] == right[place + 2 :]


def _near_stems(stems: Mapping[str, str], seeds: Collection[str]) -> dict[str, list[str]]:
    """Each word that is one error from another, as written or in its stem, and the stems of those others."""
    known = {*stems.values(), *(stem for seed in seeds for stem in seed.split())}
    near = near_words({*stems, *known})
    found = {}
    for word, own in stems.items():
        others = [stem for one in (*near.get(word, ()), *near.get(own, ())) for stem in (stems.get(one), one)]
        if others:
            found[word] = list(dict.fromkeys(stem for stem in others if stem in known and stem != own))
    return found


def _neighbour(
    words: Words, stems: Mapping[str, str], near: Mapping[str, list[str]], leads: Mapping[str, str]
) -> str | None:
    """The group of a wording that has one word otherwise."""
    for word in words:
        if others := near.get(word):
            rest = {stems[one] for one in words if one != word}
            for other in others:
                if group := leads.get(_group({*rest, other})):
                    return group
    return None


def _group(stems: Collection[str]) -> str:
    return " ".join(sorted(stems))[:MAX_KEY].strip()
