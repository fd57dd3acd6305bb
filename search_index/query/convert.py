"""Whoosh's syntax nodes made into our own tree. Nothing of Whoosh leaves this package."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from whoosh.qparser import syntax
from whoosh.qparser.plugins import PhrasePlugin, PrefixPlugin

from search_index.query.fields import FIELDS, TITLE, FilterBuilder, Notice
from search_index.query.text import MIN_PREFIX, word
from search_index.query.tree import AllOf, AnyOf, Node, Phrase, Word
from sportello.core.errors import N_

OPERATORS = frozenset({"OR", "AND", "NOT"})


class Implicit(syntax.AndGroup):  # type: ignore[misc]
    """What stands side by side without an operator: at the top level words are wanted, not required."""


@dataclass
class Converter:
    """Walks the syntax tree once; `excluded` and the filters are lifted to the top as it meets them."""

    notices: list[Notice]
    filters: FilterBuilder
    operators: frozenset[str] = OPERATORS
    excluded: list[Node] = field(default_factory=list)

    def top(self, group: Any) -> tuple[Node, ...]:
        """The nodes of the top level: an implicit group stands for its members."""
        if isinstance(group, Implicit):
            found = [node for child in group for node in self._some(child, None)]
        else:
            found = list(self._some(group, None))
        return tuple(dict.fromkeys(found))

    def _some(self, node: Any, name: str | None) -> Iterator[Node]:
        """The trees of one syntax node: none when it was a filter, an exclusion or nothing searchable."""
        name = FIELDS[node.fieldname.lower()] if getattr(node, "fieldname", None) else name
        if isinstance(node, syntax.NotGroup):
            self._exclude(node)
        elif isinstance(node, syntax.GroupNode):
            yield from self._group(node, name)
        elif isinstance(node, syntax.TextNode):
            if name not in (None, TITLE):
                self.filters.add(str(name), node.text)
            else:
                yield from self._text(node, title_only=name == TITLE)

    def _group(self, node: Any, name: str | None) -> Iterator[Node]:
        is_or = isinstance(node, syntax.OrGroup)
        children: list[Node] = []
        for child in node:
            if is_or and isinstance(child, syntax.NotGroup):
                self.notices.append((N_("Words cannot be excluded inside OR, so that part was ignored."), {}))
                continue
            children.extend(self._some(child, name))
        distinct = tuple(dict.fromkeys(children))
        if not distinct:
            return
        if len(distinct) == 1:
            yield distinct[0] if is_or or isinstance(node, Implicit) else AllOf(distinct)
        else:
            yield AnyOf(distinct) if is_or else AllOf(distinct)

    def _exclude(self, node: Any) -> None:
        inner = Converter(self.notices, FilterBuilder([]), self.operators)
        for child in node:
            found = inner.top(child)
            self.excluded.extend(found if len(found) < 2 else (AllOf(found),))
        if inner.excluded:
            self.notices.append((N_("Something excluded twice was ignored."), {}))
        for refused in sorted(_filter_names(node)):
            self.filters.refuse_exclusion(refused)

    def _text(self, node: Any, *, title_only: bool) -> Iterator[Node]:
        text = node.text
        if isinstance(node, PhrasePlugin.PhraseNode):
            words = tuple(filter(None, map(word, text.split())))
            if words:
                yield Phrase(words, title_only)
            return
        is_prefix = isinstance(node, PrefixPlugin.PrefixNode)
        if text in self.operators:
            notice = N_("“%(word)s” needs words on both sides, so it was ignored.")
            self.notices.append((notice, {"word": text}))
            return
        typed = word(text)
        if len(typed) < MIN_PREFIX if is_prefix else "*" in text:
            notice = N_("A star works at the end of a word of at least %(count)s letters, so it was ignored.")
            self.notices.append((notice, {"count": str(MIN_PREFIX)}))
            is_prefix = False
        if typed:
            yield Word(typed, is_prefix, title_only)


def _filter_names(node: Any) -> set[str]:
    """The filters named anywhere under a syntax node (not `title:`, which can be excluded)."""
    own = {FIELDS[node.fieldname.lower()]} if getattr(node, "fieldname", None) else set()
    children = node if isinstance(node, syntax.GroupNode) else ()
    return (own | {name for child in children for name in _filter_names(child)}) - {TITLE}
