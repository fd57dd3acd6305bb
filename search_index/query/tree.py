"""A query as a small tree of our own: the parser makes it, every engine compiles it."""

from dataclasses import dataclass, field

from search_index.documents import Filters


@dataclass(frozen=True)
class Word:
    """One word as typed (lower case, not stemmed, accents kept). `prefix`: typed with a trailing star.

    It may hold inner punctuation ("ldg_15.1", "l'iva", "c:/temp/a.log"): engines analyse it as they do texts.
    """

    text: str
    prefix: bool = False
    title_only: bool = False


@dataclass(frozen=True)
class Phrase:
    """Words that must stand side by side, in order."""

    words: tuple[str, ...]
    title_only: bool = False


@dataclass(frozen=True)
class AnyOf:
    """At least one of these."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True)
class AllOf:
    """All of these, required (an explicit group)."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True)
class Alternative:
    """Other words for the same thing in texts of `language`; `share` is what they count against the word itself."""

    language: str
    node: Word | Phrase
    share: float


@dataclass(frozen=True)
class Alike:
    """A word as typed, or one of the words that editors say mean the same. The parser never makes one."""

    node: Word
    others: tuple[Alternative, ...]


Node = Word | Phrase | AnyOf | AllOf | Alike


def as_typed(node: Node) -> Node:
    """The node without the alternatives that were put into it."""
    if isinstance(node, Alike):
        return node.node
    if isinstance(node, AnyOf | AllOf):
        return type(node)(tuple(as_typed(child) for child in node.nodes))
    return node


@dataclass(frozen=True)
class Query:
    """What a person asked.

    `nodes`: the top level: documents that match all rank above those that match some (phrases and explicit
    groups are required, plain words are not). `excluded`: documents matching any are left out.
    `plain`: taken as plain words (too long or too deep for operators); the engine keeps the 24 rarest that
    occur.
    `notices`: messages (gettext ids with params) about what was ignored.
    """

    raw: str
    nodes: tuple[Node, ...] = ()
    excluded: tuple[Node, ...] = ()
    filters: Filters = field(default_factory=Filters)
    plain: bool = False
    notices: tuple[tuple[str, dict[str, str]], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing to look for: no words (filters alone browse everything)."""
        return not self.nodes
