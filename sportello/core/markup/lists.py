"""Lists as people write them, made into lists as Python-Markdown reads them.

CommonMark nests by the column where an item's text begins (2 for "- ", 3 for "1. "), Python-Markdown only by 4, and
it wants an empty line before a list. Real articles follow CommonMark; this pass moves their lines to multiples of 4.
"""

import re

_MARKER = re.compile(r"([-+*]|\d{1,9}[.)])( +|$)")
_RULE = re.compile(r"([-*_]) *(?:\1 *){2,}$")
_FENCE = re.compile(r"(`{3,}|~{3,})(.*)$")
_HTML = re.compile(
    r"</?(?:address|blockquote|center|details|div|dl|figure|form|h[1-6]|ol|p|pre|section|table|ul)\b", re.I
)
_BLOCK = re.compile(r"#{1,6} |>|```|~~~")
_COLUMNS = re.compile(r"\|[ :|-]*-[ :|-]*")
_LANGUAGE = re.compile(r"\{?[ .]*([\w#+.-]+)")
_NEEDED = re.compile(r"^[ \t>]*(?:[-+*]|\d{1,9}[.)]|\||#|```|~~~|<details)", re.M | re.I)
_DETAILS = re.compile(r"^<details\b", re.I)
_DEPTH = 6


def normalise(text: str, depth: int = 0) -> str:
    """The same text with list items indented by 4 a level, "1)" written "1.", and lists set off from paragraphs."""
    return _Lists(text.split("\n"), depth).run() if _NEEDED.search(text) else text


class _Lists:
    """One pass over the lines. `_stack`: for each open item, the column where its text begins."""

    def __init__(self, lines: list[str], depth: int) -> None:
        self._lines = lines
        self._depth = depth
        self._at = 0
        self._out: list[str] = []
        self._stack: list[int] = []
        self._kinds: list[bool] = []  # the last item at each depth: is it numbered?
        self._blank = True  # was the line before this one empty?
        self._paragraph = False  # or the text of a paragraph?
        self._list: int | None = None  # how deep is the item that the block of lines begins with, if one does?

    def run(self) -> str:
        while self._at < len(self._lines):
            line = self._lines[self._at].expandtabs(4)
            self._at += 1
            rest = line.lstrip(" ")
            if rest:
                self._line(len(line) - len(rest), rest)
            else:
                self._out.append("")
                self._blank, self._paragraph, self._list = True, False, None
        return "\n".join(self._out)

    def _line(self, indent: int, rest: str) -> None:
        marker = None if _RULE.match(rest) else _MARKER.match(rest)
        lazy = self._paragraph and not marker and not _BLOCK.match(rest)
        depth_before = len(self._stack)
        while self._stack and indent < self._stack[-1] and not lazy:
            self._stack.pop()
        relative = max(0, indent - (self._stack[-1] if self._stack else 0))
        if marker and relative < (8 if self._stack and depth_before else 4):
            self._item(indent, rest, marker, interrupts=self._paragraph and len(self._stack) == depth_before)
        elif relative >= 4:
            self._emit(("" if lazy else " " * relative) + rest)  # code, or a paragraph that goes on
        elif fence := _FENCE.match(rest):
            self._fence(indent, rest, fence)
        elif rest.startswith(">") and self._depth < _DEPTH:
            self._quote(rest)
        elif _HTML.match(rest) and self._blank and not self._stack:
            self._html(" " * relative + rest)
        else:
            if rest.startswith("|") and self._paragraph and _COLUMNS.fullmatch(self._peek()):
                self._separate()
            self._emit(rest if rest.startswith("#") else " " * relative + rest)
            self._paragraph = not _BLOCK.match(rest) and not _RULE.match(rest)
        self._blank = False

    def _peek(self) -> str:
        return self._lines[self._at].strip() if self._at < len(self._lines) else ""

    def _emit(self, text: str) -> None:
        self._out.append("    " * len(self._stack) + text)

    def _item(self, indent: int, rest: str, marker: re.Match[str], *, interrupts: bool) -> None:
        sign, gap = marker.group(1), len(marker.group(2))
        content = rest[marker.end() :]
        numbered = sign[0].isdigit()
        if interrupts and (not content or (numbered and int(sign[:-1]) != 1)) and not self._stack:
            self._emit(rest)
            return
        if not self._blank and (self._list is None or len(self._stack) < self._list):
            self._separate()
        if self._blank or self._list is None:
            self._list = len(self._stack)
        if fence := _FENCE.match(content):
            content = ""
        if self._differs(numbered) and not self._blank:
            self._separate()
        self._emit(f"{sign[:-1] + '.' if numbered else sign} {content}".rstrip(" ") + ("" if content else " "))
        self._stack.append(indent + len(sign) + (gap if 0 < gap <= 4 and (content or fence) else 1))
        self._paragraph = bool(content)
        if fence:
            self._fence(self._stack[-1], fence.group(), fence)

    def _differs(self, numbered: bool) -> bool:
        """Remember the kind of the item; is it another than that of the item before it at this depth?"""
        depth = len(self._stack)
        before = self._kinds[depth] if depth < len(self._kinds) else numbered
        self._kinds[depth:] = [numbered]
        return before != numbered

    def _separate(self) -> None:
        """An empty line: the block before ends here."""
        self._out.append("")
        self._list = None

    def _fence(self, indent: int, rest: str, fence: re.Match[str]) -> None:
        """Copy a fenced block to its end, moved as a whole."""
        sign = fence.group(1)
        if sign[0] == "`" and "`" in fence.group(2):
            self._emit(rest)  # inline code
            return
        if not self._blank:
            self._separate()
        self._list = None
        language = _LANGUAGE.match(fence.group(2).strip())
        self._emit(sign + (language.group(1) if language else ""))  # no further options: they could build a table
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            if line[:indent].isspace():
                line = line.expandtabs(4) if "\t" in line[:indent] else line
                spaces = len(line) - len(line.lstrip(" "))
                line = line[min(indent, spaces) :]
            closing = line.strip()
            if closing.startswith(sign) and not closing.strip(sign[0]):
                self._emit(closing)
                break
            self._emit(line)
        else:
            self._emit(sign)  # never closed: it ends with the text
        self._separate()
        self._paragraph = False

    def _quote(self, rest: str) -> None:
        """The lines of a quotation, normalised as a text of their own."""
        inner = [rest]
        while self._at < len(self._lines) and (line := self._lines[self._at].lstrip()).startswith(">"):
            inner.append(line)
            self._at += 1
        if not self._blank:
            self._separate()
        stripped = "\n".join(line[2:] if line[1:2] == " " else line[1:] for line in inner)
        for line in normalise(stripped, self._depth + 1).split("\n"):
            self._emit(f"> {line}".rstrip())
        self._paragraph = False

    def _html(self, first: str) -> None:
        """Raw HTML stays as it is up to the next empty line; what `<details>` hides is Markdown again."""
        self._out.append(_DETAILS.sub('<details markdown="1"', first))
        while self._at < len(self._lines) and self._lines[self._at].strip():
            self._out.append(self._lines[self._at])
            self._at += 1
        self._paragraph = False
