"""Links between articles in a stored text: one to an article that the reader may not see becomes its words.

An address of this site counts in full, too, as it is copied from a browser. No pattern looks twice at what another
place of the text has looked at: 256 KiB take milliseconds, whatever stands in them.
"""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

# Below /kb stand other pages, and files, which have rules of their own (kb.queries.files).
_SLUG = r"/kb/(?!(?:files|products|categories|tags)/|(?:all|new|feed)\b(?!-))([a-z0-9-]{1,120}+)"
_REST = r"(?:[./?#][^\s\"'<>)]{0,500}+)?+"
_HTML_LINK = re.compile(rf'<a\b[^<>]*?\shref="{_SLUG}(?:[./?#][^"<>]*+)?"[^<>]*>((?:(?!<a\b).)*?)</a>', re.DOTALL)
_TITLE = r"(?:[ \t]+(?:\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'|\([^()\n]{0,300}\)))?"
_MARKDOWN_LINK = re.compile(rf"(?<!\\)\[((?:[^\[\]\\]|\\.)*+)\]\([ \t]{{0,9}}<?{_SLUG}{_REST}>?{_TITLE}[ \t]{{0,9}}\)")
# What is left: definitions, links in links, HTML that is not closed, addresses that are their own words.
_MARKDOWN_TARGET = re.compile(rf"(\]\(\s{{0,9}}<?|\]:\s{{0,9}}<?|(?i:\bhref)\s{{0,9}}=\s{{0,9}}[\"']?|<){_SLUG}{_REST}")


def own_addresses(text: str, base_url: str) -> str:
    """HTML or Markdown in which links to the site's articles and files by their full address (`base_url` is the
    site's) have none but the path. Below a path of its own the site's addresses stay as they are."""
    base = base_url.rstrip("/")
    if f"{base}/kb/" not in text or urlsplit(base).path:
        return text
    return re.sub(rf"((?:\]\(|\]:|=)\s{{0,9}}[<\"']?){re.escape(base)}(?=/kb/)", r"\1", text)


def linked_slugs(text: str) -> set[str]:
    """Slugs of the articles that rendered HTML or Markdown links to."""
    if "/kb/" not in text:
        return set()
    in_markdown = {found[2] for pattern in (_MARKDOWN_LINK, _MARKDOWN_TARGET) for found in pattern.finditer(text)}
    return in_markdown | {found[1] for found in _HTML_LINK.finditer(text)}


def without_hidden_links(html: str, readable: Collection[str]) -> str:
    """Rendered HTML in which links to other slugs than the `readable` ones are plain text."""
    return _HTML_LINK.sub(lambda found: found[0] if found[1] in readable else found[2], html)


def without_hidden_markdown_links(markdown: str, readable: Collection[str]) -> str:
    """The same for Markdown; an address that is left in another form leads nowhere."""
    if "/kb/" not in markdown:
        return markdown
    markdown = _MARKDOWN_LINK.sub(lambda found: found[0] if found[2] in readable else found[1], markdown)
    markdown = without_hidden_links(markdown, readable)
    return _MARKDOWN_TARGET.sub(lambda found: found[0] if found[2] in readable else f"{found[1]}#", markdown)
