"""Markdown to HTML, in order: lists as people write them, Python-Markdown, nh3, our own additions, nh3 again."""

from functools import lru_cache
from typing import Any

import nh3
from markdown import Markdown

from sportello.core.markup.deadline import shield
from sportello.core.markup.decorate import Decorator
from sportello.core.markup.inline import install
from sportello.core.markup.lists import normalise
from sportello.core.markup.policy import FINAL, first_policy
from sportello.core.markup.rendered import Rendered, Section

EXTENSIONS: dict[str, dict[str, Any]] = {
    "markdown.extensions.tables": {"use_align_attribute": True},
    "markdown.extensions.footnotes": {"SEPARATOR": "-"},
    "markdown.extensions.def_list": {},
    "markdown.extensions.md_in_html": {},  # inside <details>, which the first pass marks
    "markdown.extensions.sane_lists": {},
    "pymdownx.highlight": {"css_class": "highlight", "guess_lang": False},
    "pymdownx.magiclink": {},
    "pymdownx.quotes": {"callouts": True},
    "pymdownx.saneheaders": {},
    "pymdownx.superfences": {},
    "pymdownx.tasklist": {},
    "pymdownx.tilde": {"subscript": False},
}
_final = nh3.Cleaner(**FINAL)


@lru_cache(maxsize=64)
def _first(prefix: str) -> nh3.Cleaner:
    return nh3.Cleaner(**first_policy(prefix))


class Converter:
    """A configured Python-Markdown, to be used many times by one thread."""

    def __init__(self) -> None:
        self._markdown = Markdown(
            extensions=list(EXTENSIONS), extension_configs=EXTENSIONS, output_format="html", tab_length=4
        )
        install(self._markdown)

    def render(self, text: str, language: str, scope: str) -> Rendered:
        """`text` is clean UTF-8 with newlines; `scope` goes into every id."""
        prefix = f"u-{scope}-" if scope else "u-"
        self._markdown.reset()
        raw = self._markdown.convert(normalise(text))
        with shield():
            safe = _first(prefix).clean(raw)
        decorated = Decorator(prefix, language)
        decorated.decorate(safe)
        pieces: list[str] = []
        sections: list[Section] = []
        for part in decorated.parts:
            with shield():
                heading, body = _final.clean(part.heading_html), _final.clean(part.html)
            pieces += (heading, body)
            if heading or body.strip():
                sections.append(Section(part.heading, part.id, body.strip(), part.plain))
        whole = "\n".join(text for part in decorated.parts for text in (part.heading, part.plain) if text)
        return Rendered("".join(pieces).strip(), whole, tuple(decorated.toc), tuple(sections))
