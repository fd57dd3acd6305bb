"""Folders that this site's own export wrote: texts stand there as they are, but for links to articles and files.

In the folder an article is `SLUG.md`, its other languages `SLUG.it.md`, a file `files/KEY-NAME`; links between them
are relative, so that any program for Markdown can follow them. Both directions stand here, each the reverse of the
other.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from kb.importer.links import LinkMap
from kb.importer.rewrite import Around, Changes, outside_code
from kb.services.draft import LANGUAGES

MARK = "sportello"  # the first name of the front matter
FORMAT = 1
HEAD = f"---\n{MARK}: {FORMAT}\n"
_BEFORE = r'(\]\(<?|^[ ]{0,3}\[[^\]\n^]+\]:[ \t]*<?|\b(?:href|src)=")'
_HERE = re.compile(rf'{_BEFORE}/kb/(?:files/([a-z0-9]{{10}})/[^\s)>"?#]*|([a-z0-9-]+)(?:\.md)?(?=[\s)>"?#]|$))', re.M)
_THERE = re.compile(rf'{_BEFORE}(files/[^\s)>"?#]+|[a-z0-9-]+(?:\.[a-z]{{2}})?\.md)(?=[\s)>"?#]|$)', re.M)


def to_folder(markdown: str, articles: Mapping[str, str], files: Mapping[str, str]) -> str:
    """A text with relative links. `articles`: file by slug; `files`: file by key; others keep their address."""

    def there(found: re.Match[str]) -> str:
        before, key, slug = found.groups()
        target = files.get(key) if key else articles.get(slug)
        return f"{before}{quote(target)}" if target else found[0]

    return outside_code(markdown, lambda text: _HERE.sub(there, text))


def from_folder(markdown: str, around: Around) -> tuple[str, Changes]:
    """The reverse; what leads nowhere stays as it is."""
    changes = Changes()

    def here(found: re.Match[str]) -> str:
        before, target = found.groups()
        path = unquote(target)
        if path.startswith("files/"):
            mark = around.file(path, "")
            changes.files += bool(mark)
            return f"{before}{mark}" if mark else found[0]
        slug = around.article(path)
        changes.linked += bool(slug)
        return f"{before}/kb/{slug}" if slug else found[0]

    return outside_code(markdown, lambda text: _THERE.sub(here, text)), changes


def file_of(first: str, language: str, languages: list[str]) -> str:
    """The name of an article's file in a language: the first language is SLUG.md, others SLUG.LANGUAGE.md."""
    return f"{first}.md" if language == languages[0] else f"{first}.{language}.md"


def slug_of(links: LinkMap, path: str) -> str | None:
    """The slug here of an article's file."""
    stem = path.removesuffix(".md")
    base, _, language = stem.rpartition(".")
    if base and language in LANGUAGES:
        return links.exactly(base, language)
    return next((slug for one in LANGUAGES if (slug := links.exactly(stem, one))), None)


def in_order(languages: Mapping[str, Any]) -> list[str]:
    """Languages as the folder has them: English first."""
    return sorted(languages, key=lambda one: (one != LANGUAGES[0], one))
