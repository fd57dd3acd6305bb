"""Headings: the page's title is the only h1, no level is skipped on the way down, each has an id of its own."""

import re

from sportello.core.markup.rendered import Heading
from sportello.core.markup.writer import Attributes, Part, Writer, tag

_LONGEST_ID = 80


class Outline(Writer):
    """A writer that knows where it is among the headings."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.toc: list[Heading] = []
        self.heading_id: str | None = None  # of the last heading, until somebody names a region after it
        self._prefix = prefix
        self._levels: list[tuple[int, int]] = []  # (as written, as shown) of the headings above this place
        self._ids: set[str] = set()

    def claim_id(self, attributes: Attributes) -> None:
        """Ids are unique in a text: the first element has it, later ones lose theirs."""
        name = attributes.get("id")
        if name in self._ids:
            del attributes["id"]
        elif name is not None:
            self._ids.add(name)

    def heading(self, written: int, *, nested: bool) -> None:
        """Close a heading that the author gave the level `written`; `nested` in a quotation or a list."""
        attributes, html, words = self.recall()
        if not words:
            self.write(html)
            return
        if nested:  # words of another text: no place in the table of contents
            self._put(min(6, self._above() + 1), attributes, html, words)
            return
        while self._levels and self._levels[-1][0] >= written:
            self._levels.pop()
        level = min(6, self._above() + 1)
        self._levels.append((written, level))
        attributes["id"] = self.heading_id = attributes.get("id") or self._new_id(words)
        self.toc.append(Heading(level, attributes["id"], words))
        if level == 2:
            self.parts.append(Part(words, attributes["id"], f"{tag('h2', attributes)}{html}</h2>"))
        else:
            self._put(level, attributes, html, words)

    def _above(self) -> int:
        return self._levels[-1][1] if self._levels else 1

    def _put(self, level: int, attributes: Attributes, html: str, words: str) -> None:
        self.write(f"{tag(f'h{level}', attributes)}{html}</h{level}>")
        self.say(f"\n{words}\n")

    def _new_id(self, words: str) -> str:
        """As GitHub and DocFX make it: lower case, no punctuation, hyphens for spaces, numbered when taken."""
        name = re.sub(r"[^\w\- ]", "", words.lower()).strip().replace(" ", "-")[:_LONGEST_ID]
        stem = self._prefix + (name or "section")
        candidate, number = stem, 0
        while candidate in self._ids:
            number += 1
            candidate = f"{stem}-{number}"
        self._ids.add(candidate)
        return candidate
