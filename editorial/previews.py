"""What readers would see of the rows of the editor, each row's HTML beside the text it comes from."""

from collections.abc import Iterable, Sequence
from html import escape

from editorial.sections import Part, Row, from_form, is_kept, split
from sportello.core.markup import Limit, Rendered, Section, render

SECONDS = 1.0  # of processor time, like the page of an article would take at most


def preview_text(markdown: str, language: str) -> list[str]:
    """HTML of a text that is written as one. Raises TooLarge, TooComplex, Unavailable."""
    return [_render(markdown, language).html]


def preview_rows(rows: Sequence[Row], language: str) -> list[str]:
    """HTML of each row, rendered as the one text they are. Raises TooLarge, TooComplex, Unavailable.

    Where the renderer finds other sections than the rows have (headings written in another way), each row is
    rendered by itself.
    """
    counts = [_headings(part) if is_kept(part, known) else 0 for part, known in rows]
    sections = list(_render(from_form(rows), language).sections)
    before = sections.pop(0).html if sections and not sections[0].id else ""
    if sum(counts) != len(sections):
        return [_render(part.body, language, f"r{number}").html for number, (part, _) in enumerate(rows)]
    found = []
    for (part, _), count in zip(rows, counts, strict=True):
        mine, sections = sections[:count], sections[count:]
        if part.heading:
            found.append("".join(section.html for section in mine[:1]) + _titled(mine[1:]))
        else:
            found.append(before + _titled(mine))
    return found


def _headings(part: Part) -> int:
    inside = len(split(part.body)) - 1  # typed into the text of the row
    return inside + 1 if part.heading else inside


def _titled(sections: Iterable[Section]) -> str:
    return "".join(f"<h2>{escape(section.heading)}</h2>{section.html}" for section in sections)


def _render(markdown: str, language: str, scope: str = "") -> Rendered:
    return render(markdown, limit=Limit.STAFF, language=language, scope=scope, seconds=SECONDS)
