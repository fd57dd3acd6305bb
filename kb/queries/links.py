"""Links between articles in a stored text: one to an article that the reader may not see becomes its words."""

import re
from collections.abc import Collection

_HTML_LINK = re.compile(
    r'<a\b[^>]*?\shref="/kb/([a-z0-9-]+)(?:\.md)?(?:[?#][^"]*)?"[^>]*>(.*?)</a>', re.DOTALL
)
_MARKDOWN_LINK = re.compile(r"\[((?:[^\[\]\\]|\\.)*)\]\(/kb/([a-z0-9-]+)(?:\.md)?(?:[?#][^\s)]*)?\)")


def linked_slugs(text: str) -> set[str]:
    """Slugs of the articles that rendered HTML or Markdown links to."""
    if "/kb/" not in text:
        return set()
    return {found[1] for found in _HTML_LINK.finditer(text)} | {found[2] for found in _MARKDOWN_LINK.finditer(text)}


def without_hidden_links(html: str, readable: Collection[str]) -> str:
    """Rendered HTML in which links to other slugs than the `readable` ones are plain text."""
    return _HTML_LINK.sub(lambda found: found[0] if found[1] in readable else found[2], html)


def without_hidden_markdown_links(markdown: str, readable: Collection[str]) -> str:
    """The same for Markdown."""
    return _MARKDOWN_LINK.sub(lambda found: found[0] if found[2] in readable else found[1], markdown)
