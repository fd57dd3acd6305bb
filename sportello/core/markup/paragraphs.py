"""The paragraphs of a Markdown text as a person counts them, and which of them is likely to be the slow one."""

from typing import NamedTuple

_MARKS = frozenset("[]()<>*_`~|!&\\^:@#+=-{}\"'")
_SHOWN = 48


class Paragraph(NamedTuple):
    """`number` counts from 1; a fenced block is one paragraph."""

    number: int
    text: str

    @property
    def first_words(self) -> str:
        """How it begins, at most 48 characters in one line."""
        words = " ".join(self.text[: 4 * _SHOWN].split())
        return words if len(words) <= _SHOWN else words[: _SHOWN - 1].rstrip() + "…"


def paragraphs(text: str) -> list[Paragraph]:
    """Split at blank lines, outside fences. An empty text is one empty paragraph."""
    blocks: list[list[str]] = [[]]
    fence = ""
    for line in text.split("\n"):
        start = line.lstrip()[:3]
        if start in ("```", "~~~") and (not fence or start == fence):
            fence = "" if fence else start
        if line.strip() or fence:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    if len(blocks) > 1 and not blocks[-1]:
        blocks.pop()
    return [Paragraph(number, "\n".join(lines)) for number, lines in enumerate(blocks, 1)]


def suspects(text: str) -> list[Paragraph]:
    """The paragraphs, those with the most markup characters first."""
    return sorted(paragraphs(text), key=lambda block: (-_weight(block.text), block.number))


def _weight(text: str) -> int:
    return sum(map(_MARKS.__contains__, text)) * 4 + len(text)
