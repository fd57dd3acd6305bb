"""Comments in a Markdown text: notes of those who write. No page shows them, so nobody else gets them as Markdown."""

import re
from bisect import bisect_right

_TOKEN = re.compile(r"^[ \t>]*(`{3,}|~{3,})|(`+)|<!--", re.MULTILINE)
_TICKS = re.compile("`+")
OPENS, CLOSES = "<!--", "-->"


def without_comments(markdown: str) -> str:
    """The text without `<!-- ... -->`; what stands in code is code, and what is never closed is text, as on pages."""
    if OPENS not in markdown:
        return markdown
    found: list[str] = []
    code, at, kept = _Code(markdown), 0, 0
    while token := _TOKEN.search(markdown, at):
        if token[1]:
            at = code.after_fence(token[1], token.end())
        elif token[2]:
            at = code.after_span(token.start(2), len(token[2]))
        else:
            end = markdown.find(CLOSES, token.start() + 2)
            if end < 0:
                break
            found.append(markdown[kept : token.start()])
            at = kept = end + len(CLOSES)
    return "".join([*found, markdown[kept:]])


class _Code:
    """Where code in a text ends. Backticks and lines are looked up once for all of it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = [found.start() for found in re.finditer("\n", text)]
        self._runs: dict[int, list[int]] = {}  # length of a run of backticks: where such runs begin
        for run in _TICKS.finditer(text):
            self._runs.setdefault(len(run[0]), []).append(run.start())

    def after_fence(self, mark: str, at: int) -> int:
        """Behind the line that closes a fence; at the end where none does."""
        closing = re.compile(rf"^[ \t>]*{mark[0]}{{{min(len(mark), 1000)},}}", re.MULTILINE).search(self._text, at)
        return closing.end() if closing else len(self._text)

    def after_span(self, start: int, length: int) -> int:
        """Behind the next run of as many backticks on the line; behind this one where there is none."""
        runs, line = self._runs[length], bisect_right(self._lines, start)
        end = self._lines[line] if line < len(self._lines) else len(self._text)
        following = bisect_right(runs, start)
        return (runs[following] if following < len(runs) and runs[following] < end else start) + length
