"""Python-Markdown's inline step, without trying patterns whose first character does not occur in the text."""

import html as html_entities
import re
import xml.etree.ElementTree as etree

from markdown import Markdown
from markdown.inlinepatterns import HtmlInlineProcessor
from markdown.treeprocessors import InlineProcessor
from markdown.util import AtomicString

from sportello.core.markup.policy import TAGS

_TRIGGERS = {
    "backtick": ("`",),
    "escape": ("\\",),
    "footnote": ("[^",),
    "reference": ("[",),
    "link": ("[",),
    "image_link": ("![",),
    "image_reference": ("![",),
    "short_reference": ("[",),
    "short_image_ref": ("![",),
    "autolink": ("<",),
    "automail": ("<",),
    "linebreak": ("  \n",),
    "html": ("<",),
    "magic-link": ("://", "www.", "WWW."),
    "magic-mail": ("@",),
    "entity": ("&",),
    "em_strong": ("*", "_"),
    "delimiter": ("~",),
}
_TAG = re.compile(r"</?([a-zA-Z][^\s/>]*)")


def install(markdown: Markdown) -> None:
    """Put both steps of this module in the place of Python-Markdown's own."""
    patterns = markdown.inlinePatterns
    patterns.register(_KnownTags(patterns["html"].pattern, markdown), "html", 90)
    markdown.treeprocessors.register(_QuickInline(markdown), "inline", 20)


class _KnownTags(HtmlInlineProcessor):
    """Inline HTML only of elements that may stay; `<user name>` and `<script>` are shown as they were typed."""

    def handleMatch(  # type: ignore[override]
        self, m: re.Match[str], data: str
    ) -> tuple[etree.Element | str | None, int | None, int | None]:
        tag = _TAG.match(m.group(1))
        if tag is not None and tag.group(1).lower() not in TAGS:
            shown = html_entities.escape(self.backslash_unescape(self.unescape(m.group(1))), quote=False)
            return self.md.htmlStash.store(shown), m.start(0), m.end(0)
        return super().handleMatch(m, data)


class _QuickInline(InlineProcessor):
    """Half of the time of a long article went into patterns that could not match.

    The name is that of the private method it replaces: should that change, all is as before, only slower.
    """

    def __init__(self, markdown: Markdown) -> None:
        super().__init__(markdown)
        patterns = markdown.inlinePatterns
        known = {id(patterns[name]): triggers for name, triggers in _TRIGGERS.items() if name in patterns}
        self._quick = [(known.get(id(pattern), ("",)), pattern) for pattern in patterns]

    def _InlineProcessor__handleInline(self, data: str, patternIndex: int = 0) -> str:
        if isinstance(data, AtomicString):
            return data
        start, index = 0, patternIndex
        while index < len(self._quick):
            triggers, pattern = self._quick[index]
            if any(trigger in data for trigger in triggers):
                apply = self._InlineProcessor__applyPattern  # type: ignore[attr-defined]
                data, matched, start = apply(pattern, data, index, start)
            else:
                matched, start = False, 0
            index += not matched
        return data
