"""What rendering gives back, and why it can refuse."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple, Self

from sportello.core.errors import N_, Invalid

MARKUP_VERSION = 1  # raise it when the same Markdown gives other HTML: stored HTML is then rendered again


class Limit(IntEnum):
    """The longest text, in bytes of UTF-8."""

    PEOPLE = 64 * 1024
    STAFF = 256 * 1024  # and importers


class Heading(NamedTuple):
    """An entry of the table of contents. `level` is 2 to 6: the page's title is the only 1."""

    level: int
    id: str
    text: str


@dataclass(frozen=True)
class Section:
    """The part under one heading of level 2 (before the first one: `heading` and `id` are empty).

    `html` and `plain` are without that heading. In order, headings and sections make up the whole text.
    """

    heading: str
    id: str
    html: str
    plain: str


@dataclass(frozen=True)
class Rendered:
    """Safe HTML and what else one reading of the text yields."""

    html: str
    plain: str  # the words, one block a line: for search and snippets
    toc: tuple[Heading, ...] = ()
    sections: tuple[Section, ...] = ()

    @property
    def headings(self) -> tuple[str, ...]:
        """The plain text of the headings, in order."""
        return tuple(heading.text for heading in self.toc)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The reverse of `dataclasses.asdict`, after JSON made lists of the tuples."""
        return cls(
            html=value["html"],
            plain=value["plain"],
            toc=tuple(Heading(*entry) for entry in value["toc"]),
            sections=tuple(Section(**section) for section in value["sections"]),
        )


class TooLarge(Invalid):
    """Longer than the limit. `params`: size and limit in KiB."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            N_("This text is %(size)s KiB long; the limit is %(limit)s KiB. Shorten it or split it in two."),
            size=-(-size // 1024),
            limit=limit // 1024,
        )


class TooComplex(Invalid):
    """Could not be rendered in time. `params`: number of the paragraph (from 1) and how it begins."""

    def __init__(self, paragraph_number: int, first_words: str) -> None:
        super().__init__(
            N_(
                "Paragraph %(number)s, which begins “%(words)s”, is too complex to be shown. "
                "Simplify or split it. Your text is kept."
            ),
            number=paragraph_number,
            words=first_words,
        )
        self.paragraph_number = paragraph_number
        self.first_words = first_words
