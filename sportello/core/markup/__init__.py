"""Markdown to safe HTML, in a child process that is killed when a text takes too long.

    rendered = render(text, limit=Limit.PEOPLE, language="it")
    rendered.html, rendered.toc, rendered.plain

`render` raises TooLarge or TooComplex (both `core.errors.Invalid`); the text stays with the caller. Store the HTML
with `MARKUP_VERSION` and render again when that has changed. `warm` starts the child ahead of the first request.
This package loads neither Markdown nor Pygments into the calling process: only the child does.
"""

from sportello.core.markup.pool import close, pids, render, warm
from sportello.core.markup.rendered import (
    MARKUP_VERSION,
    Heading,
    Limit,
    Rendered,
    Section,
    TooComplex,
    TooLarge,
)

__all__ = [
    "MARKUP_VERSION",
    "Heading",
    "Limit",
    "Rendered",
    "Section",
    "TooComplex",
    "TooLarge",
    "close",
    "pids",
    "render",
    "warm",
]
