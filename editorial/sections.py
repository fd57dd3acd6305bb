"""A Markdown text as the parts under its headings of level 2, and back, without losing a character.

    parts = split("## Symptoms\\n\\nIt fails.\\n")      # one part: heading "## Symptoms", body "It fails."
    join(parts)                                       # the same text again

Only headings written as `## Words` at the start of a line count, outside fenced code. What stands around a body
(the blank lines) is kept beside it, so that a form may show the body alone.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from editorial.skeletons import heading_in, sections_of
from kb.models import Kind

_FENCE = re.compile(r"[ \t>]*(?P<fence>`{3,}|~{3,})(?P<rest>.*)")
GAP = "\n\n"

# What a heading of the KCS structure means, in both languages: 0 symptoms, 1 environment, 2 cause, 3 resolution.
_MEANING: dict[str, int] = {
    "symptom": 0, "symptoms": 0, "problem": 0, "sintomi": 0, "sintomo": 0, "problema": 0,
    "environment": 1, "ambiente": 1,
    "cause": 2, "causes": 2, "causa": 2,
    "resolution": 3, "solution": 3, "workaround": 3, "risoluzione": 3, "soluzione": 3, "soluzione alternativa": 3,
}  # fmt: skip
IN_SECTIONS = frozenset({Kind.SOLUTION, Kind.KNOWN_PROBLEM})


@dataclass(frozen=True)
class Part:
    """A heading line as written ("" before the first one), the text under it, and the blank lines around that."""

    heading: str
    body: str
    lead: str = ""
    tail: str = ""

    @property
    def name(self) -> str:
        """The heading's words."""
        return _words_of(self.heading) or self.heading.lstrip("# ").strip()

    @property
    def meaning(self) -> int | None:
        """0 symptoms, 1 environment, 2 cause, 3 resolution; None for what has another heading, or none."""
        return _MEANING.get(self.name.lower().rstrip(":")) if self.heading else None


Row = tuple[Part, bool]  # True: the text has this part already


def split(text: str) -> list[Part]:
    """The parts of `text`, in order; the first one has no heading and may be empty. `join` gives `text` again."""
    found: list[tuple[str, list[str]]] = [("", [])]
    fence = ""
    for line in text.split("\n"):
        if not fence and _words_of(line):
            found.append((line, []))
        else:
            found[-1][1].append(line)
        fence = _fence_after(fence, line)
    parts = []
    for number, (heading, lines) in enumerate(found):
        last = number == len(found) - 1
        inside = ("\n" if heading and lines else "") + "\n".join(lines) + ("" if last else "\n")
        if not last and not heading and not lines:
            inside = ""
        parts.append(_framed(heading, inside))
    return parts


def _words_of(line: str) -> str:
    """The words of a heading of level 2, without the marks that may close it; "" for any other line."""
    words = line[2:].strip(" \t")
    if not line.startswith(("## ", "##\t")) or not words or words[0].isspace():
        return ""
    return words.rstrip("#").rstrip(" \t") or words[0]


def _fence_after(fence: str, line: str) -> str:
    """The code fence that is open after `line`, given the one before it; "" for none."""
    match = _FENCE.fullmatch(line)
    if match is None:
        return fence
    mark = match["fence"]
    if not fence:
        return "" if mark[0] == "`" and "`" in match["rest"] else mark
    closes = mark[0] == fence[0] and len(mark) >= len(fence) and not match["rest"].strip()
    return "" if closes else fence


def _open_fence(text: str) -> str:
    fence = ""
    for line in text.split("\n"):
        fence = _fence_after(fence, line)
    return fence


def _framed(heading: str, inside: str) -> Part:
    body = inside.strip("\n")
    if not body:
        return Part(heading, "", "", inside)
    start = inside.index(body)
    return Part(heading, body, inside[:start], inside[start + len(body) :])


def join(parts: Sequence[Part]) -> str:
    """The text of `parts`. Where a form has lost the blank lines that keep parts apart, they are put back."""
    text = ""
    for part in parts:
        if part.heading:
            if text and not text.endswith("\n"):
                text += GAP
            text += part.heading
        if part.body:
            lead = part.lead if part.lead or not part.heading else GAP
            text += lead + part.body
        text += part.tail
    return text


def headings_in(language: str, text: str) -> str:
    """The text with its standard headings in `language`; everything else stays as it is."""
    said = [(part, heading_in(language, part.name) if part.heading else None) for part in split(text)]
    return join([replace(part, heading=f"## {name}") if name else part for part, name in said])


def in_sections(text: str, kind: str) -> bool:
    """Whether the editor shows the text part by part: it reads as a solution, or is to become one."""
    meanings = [part.meaning for part in split(text) if part.heading]
    if len(set(meanings) - {None}) >= 2:
        return True
    return kind in IN_SECTIONS and (not text.strip() or (None not in meanings and bool(meanings)))


def for_form(text: str, kind: str, language: str) -> list[Row]:
    """The rows to write in: the parts of the text, and the standard ones that it lacks, each in its place, empty."""
    rows = [(part, True) for part in split(text)]
    place = 1
    for name in sections_of(Kind(kind), language) if kind in IN_SECTIONS else ():
        wanted = Part(f"## {name}", "")
        if (at := next((n for n, (part, _) in enumerate(rows) if _same(part, wanted)), None)) is not None:
            place = max(place, at + 1)
        else:
            rows.insert(place, (wanted, False))
            place += 1
    return rows


def _same(part: Part, other: Part) -> bool:
    """Two headings say the same: in words, or in what they mean."""
    if part.meaning is None:
        return bool(part.heading) and part.name.lower() == other.name.lower()
    return part.meaning == other.meaning


def from_form(rows: Iterable[Row]) -> str:
    """The text of a form's rows; those that the text did not have count once they are filled."""
    kept = [part for part, known in rows if is_kept(part, known)]
    return join([_apart(part, last=part is kept[-1]) for part in kept])


def is_kept(part: Part, known: bool) -> bool:
    """The text has this part, or has it from now on."""
    return known or bool(part.body.strip("\n"))


def _apart(part: Part, *, last: bool) -> Part:
    """A body that was empty before has no blank lines yet; a code fence left open must not swallow what follows."""
    body = part.body.strip("\n")
    if not body:
        return replace(part, body="", lead="", tail=part.lead + part.tail)
    fence = _open_fence(body)
    body += f"\n{fence}" if fence and not last else ""
    lead = part.lead or (GAP if part.heading else "")
    tail = part.tail if part.tail.startswith("\n") else ("\n" if last else GAP)
    return Part(part.heading, body, lead, tail)
