"""From what a person types to a `Query`. Never raises, never slow: whatever is odd is taken as plain words.

Operators work up to 256 characters, 16 terms and nesting 5 (Whoosh's parser takes quadratic time in the
length of a word and recurses into parentheses). Longer text, such as a pasted error message, is plain words
up to 4,000 characters, in which `field:` filters still count.
"""

import re
from functools import cache
from typing import Any

from whoosh.qparser import QueryParser, plugins

from search_index.query.convert import OPERATORS, Converter, Implicit
from search_index.query.fields import (
    FIELD_EXPRESSION,
    FIELDS,
    FILTER_TOKEN,
    TITLE,
    UNKNOWN_FIELD,
    FilterBuilder,
    Notice,
)
from search_index.query.text import MAX_NESTING, MAX_OPERATORS, MAX_TERMS, MAX_TEXT, clean, word
from search_index.query.tree import Query, Word
from sportello.core.errors import N_

_PREFIX = r'(?P<text>[^\s*"():]+)[*](?=\s|$|[)"])'
_MINUS = r"-(?=[^\s\-\d])"  # not before a digit: error numbers are often negative
_NOT = rf"(?:^|(?<=[\s()]))(?:NOT(?=\s+\S)|{_MINUS})"
_MINUS_ONLY = rf"(?:^|(?<=[\s()])){_MINUS}"
_SIGNS = {
    "OR": re.compile(r"(?<=\s)OR(?=\s)"),
    "AND": re.compile(r"(?<=\s)AND(?=\s)"),
    "NOT": re.compile(r"(?<!\S)NOT(?=\s)"),
    "-": re.compile(rf"(?<!\S){_MINUS}"),
    "*": re.compile(r"\w\*(?!\S)"),
    '"': re.compile(r'"[^"]+"'),
}


def parse(text: str) -> Query:
    """The query that `text` means. `raw` is the text as cleaned: what the address and the search box show."""
    raw = clean(text)
    notices: list[Notice] = []
    if len(text) > MAX_TEXT:
        notices.append((N_("Only the first %(count)s characters were searched."), {"count": str(MAX_TEXT)}))
    if _is_simple_enough(raw):
        return _with_operators(raw, notices)
    return _plain(raw, notices)


def _is_simple_enough(raw: str) -> bool:
    """Whether Whoosh's parser may see it."""
    if len(raw) > MAX_OPERATORS:
        return False
    depth = deepest = 0
    for char in raw:
        depth = depth + 1 if char == "(" else max(0, depth - 1) if char == ")" else depth
        deepest = max(deepest, depth)
    terms = [term for term in FILTER_TOKEN.sub(" ", raw).split() if term not in _SIGNS]
    return deepest <= MAX_NESTING and len(terms) <= MAX_TERMS


@cache
def _parser(with_not: bool) -> Any:
    """Whoosh's parser with our plugins only: no ranges, boosts, wildcards or regular expressions."""
    no = _NOT if with_not else _MINUS_ONLY
    operators = plugins.OperatorsPlugin(AndNot=None, AndMaybe=None, Require=None, Not=no)
    chosen = [
        plugins.WhitespacePlugin(),
        plugins.PrefixPlugin(_PREFIX),
        plugins.PhrasePlugin(),
        plugins.FieldsPlugin(FIELD_EXPRESSION, remove_unknown=False),
        plugins.GroupPlugin(),
        operators,
    ]
    return QueryParser("text", None, plugins=chosen, group=Implicit)


def _with_operators(raw: str, notices: list[Notice]) -> Query:
    _explain_slips(raw, notices)
    # An all-capitals message ("FILE NOT FOUND") is a message: there NOT is a word of it.
    shouted = not any(char.islower() for char in raw)
    operators = OPERATORS - {"NOT"} if shouted else OPERATORS
    converter = Converter(notices, FilterBuilder(notices), operators)
    nodes = converter.top(_parser(not shouted).process(raw))
    return Query(
        raw=raw,
        nodes=nodes,
        excluded=tuple(dict.fromkeys(converter.excluded)),
        filters=converter.filters.build(),
        notices=_distinct(notices),
    )


def _explain_slips(raw: str, notices: list[Notice]) -> None:
    if raw.count('"') % 2:
        notices.append((N_("A quotation mark has no partner, so it was ignored."), {}))
    unquoted = re.sub(r'"[^"]*"', " ", raw)
    if unquoted.count("(") != unquoted.count(")"):
        notices.append((N_("A bracket has no partner, so it was ignored."), {}))
    for match in UNKNOWN_FIELD.finditer(unquoted):
        if match["name"] not in FIELDS:
            notice = N_("There is no filter “%(field)s:”, so it was searched as words.")
            notices.append((notice, {"field": match["name"]}))


def _plain(raw: str, notices: list[Notice]) -> Query:
    """Plain words in the order typed, each once; filters taken out first."""
    filters = FilterBuilder(notices)
    title_words: list[Word] = []

    def take(match: re.Match[str]) -> str:
        name = FIELDS[match["name"].lower()]
        if match["minus"]:
            filters.refuse_exclusion(name)
        elif name == TITLE:
            words = filter(None, map(word, match["value"].split()))
            title_words.extend(Word(text, title_only=True) for text in words)
        else:
            filters.add(name, match["value"])
        return " "

    rest = FILTER_TOKEN.sub(take, raw)
    ignored = [sign for sign, pattern in _SIGNS.items() if pattern.search(rest)]
    if ignored:
        notice = N_("This is a long text, so it was searched as plain words; ignored: %(operators)s")
        notices.append((notice, {"operators": " ".join(ignored)}))
    words = [Word(text) for text in dict.fromkeys(map(word, rest.split())) if text]
    return Query(raw=raw, nodes=(*title_words, *words), filters=filters.build(), plain=True, notices=_distinct(notices))


def _distinct(notices: list[Notice]) -> tuple[Notice, ...]:
    """Each notice once, in order."""
    kept = {(message, tuple(sorted(params.items()))): (message, params) for message, params in notices}
    return tuple(kept.values())
