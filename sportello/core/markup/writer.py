"""The text being written: parts, pieces of HTML and words, and what is looked at again when an element closes."""

from dataclasses import dataclass, field
from html import escape

Attributes = dict[str, str]


@dataclass
class Part:
    """What stands under one heading of level 2."""

    heading: str = ""
    id: str = ""
    heading_html: str = ""
    pieces: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    @property
    def html(self) -> str:
        return "".join(self.pieces)

    @property
    def plain(self) -> str:
        """The words, one block a line."""
        lines = "".join(self.words).split("\n")
        return "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)


@dataclass
class Open:
    """An open element that is looked at again when it closes. `at`, `words_at`: where it began in its part."""

    at: int
    words_at: int
    attributes: Attributes


class Writer:
    """Collects HTML and words, part by part."""

    def __init__(self) -> None:
        self.parts = [Part()]
        self._open: list[Open] = []

    def write(self, html: str) -> None:
        self.parts[-1].pieces.append(html)

    def say(self, words: str) -> None:
        self.parts[-1].words.append(words)

    def remember(self, attributes: Attributes) -> None:
        """An element begins here; `recall` takes it up again."""
        part = self.parts[-1]
        self._open.append(Open(len(part.pieces), len(part.words), attributes))

    def recall(self) -> tuple[Attributes, str, str]:
        """Attributes of the element that closes, its HTML and its words in one line; both are taken back."""
        start, part = self._open.pop(), self.parts[-1]
        html, words = "".join(part.pieces[start.at :]), " ".join("".join(part.words[start.words_at :]).split())
        del part.pieces[start.at :], part.words[start.words_at :]
        return start.attributes, html, words

    def recall_start(self) -> Open:
        """The same, with its content left in place."""
        return self._open.pop()

    def enclose(self, name: str, start: Open) -> None:
        """Put the tags around what was written since `start`."""
        self.parts[-1].pieces.insert(start.at, tag(name, start.attributes))
        self.write(f"</{name}>")


def tag(name: str, attributes: Attributes) -> str:
    """A start tag."""
    pairs = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}{pairs}>"
