"""Articles with their translations, gathered from all pages by id; drafts stay drafts."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from kb.importer import fields
from kb.importer.html import to_markdown
from kb.importer.reader import Reader, within
from kb.importer.record import Bad, Place, Record
from kb.importer.zendesk.pages import Entry, Pages, read_pages
from kb.importer.zendesk.segments import Segments
from kb.importer.zendesk.shelves import Shelves
from kb.services.draft import LANGUAGES, DraftText

_ARTICLE = re.compile(r"(https?://[^/?#]+)?/(?:hc/)?(?:[a-z]{2}(?:-[a-z0-9]{2,4})?/)?articles/(\d+)[^?#]*", re.I)
_ATTACHMENT = re.compile(r"(?:https?://[^/?#]+)?/(?:hc/(?:[\w-]+/)?)?(article_attachments/[^?#]+)", re.I)


@dataclass
class _Texts:
    """What the files say of one article."""

    first: Entry
    entries: list[Entry] = field(default_factory=list)  # the article itself and its translations


class HelpCenter(Reader):
    """Records by article id. `skipped` counts texts in languages that this site does not have."""

    source = "zendesk"

    def __init__(self, path: Path, segments: Segments | None = None, language: str = "en") -> None:
        self.path = path
        self.language = language
        self.segments = segments or Segments()
        self.skipped: Counter[str] = Counter()

    @cached_property
    def _pages(self) -> Pages:
        return read_pages(self.path)

    @cached_property
    def _shelves(self) -> Shelves:
        return Shelves(self._pages)

    def file(self, base: str, target: str) -> Path | None:
        """A picture or document of the export: under its path, or by its last part, beside the pages."""
        root = self.path if self.path.is_dir() else self.path.parent
        last = target.rstrip("/").rpartition("/")[2]
        names = (target.lstrip("/"), f"article_attachments/{last}", f"attachments/{last}", last) if last else ()
        return next((found for name in names if (found := within(root, root / name))), None)

    @cached_property
    def categories(self) -> Mapping[str, Place]:  # type: ignore[override]
        """The sections and categories, parents before children."""
        return self._shelves.places

    def __iter__(self) -> Iterator[Record | Bad]:
        self.skipped.clear()
        self.segments.unmapped.clear()
        yield from self._pages.bad
        gathered, bad = _gather(self._pages)
        yield from bad
        for id, texts in gathered.items():
            try:
                yield self._record(id, texts, gathered)
            except ValueError as error:
                yield Bad(texts.first[0], str(error))

    def _record(self, id: str, texts: _Texts, known: Mapping[str, _Texts]) -> Record:
        where, values = texts.first
        words: dict[str, DraftText] = {}
        others = []
        for place, one in texts.entries:
            locale = str(one.get("locale") or self.language)
            language = locale.lower().replace("_", "-").split("-")[0]
            if language not in LANGUAGES:
                others.append(locale)
            elif language not in words:
                try:
                    words[language] = self._words(one, known)
                except ValueError as error:
                    raise ValueError(f"{error} ({locale}, {place})" if place != where else str(error)) from None
        if not words:
            raise ValueError(f"no text in a language of this site: {', '.join(dict.fromkeys(others))}")
        self.skipped.update(others)
        return Record(
            where=where,
            source_id=id,
            texts=words,
            audience=self.segments.audience_of(values),
            category=self._shelves.code_of(values.get("section_id")),
            tags=fields.words(values.get("label_names"), "label_names"),
            updated_at=fields.moment(values.get("edited_at") or values.get("updated_at"), "updated_at"),
            votes=_votes(values),
        )

    def _words(self, values: Mapping[str, Any], known: Mapping[str, _Texts]) -> DraftText:
        body = fields.text(values.get("body"), "body")
        return DraftText(
            title=fields.title(values.get("title") or values.get("name")),
            markdown=to_markdown(body, lambda target: _file(_link(target, known)), _picture),
            published=not (values.get("draft") or values.get("hidden")),
            published_at=fields.moment(values.get("created_at"), "created_at"),
        )


def _gather(pages: Pages) -> tuple[dict[str, _Texts], list[Bad]]:
    """Everything about each article together: pages in several languages repeat it."""
    gathered: dict[str, _Texts] = {}
    bad = []
    for where, values in pages.articles:
        try:
            id = fields.source_id(values.get("id"))
        except ValueError as error:
            bad.append(Bad(where, str(error)))
            continue
        texts = gathered.setdefault(id, _Texts((where, values)))
        texts.entries.append((where, values))
        more = values.get("translations")
        texts.entries += [(where, one) for one in (more if isinstance(more, list) else ()) if isinstance(one, dict)]
    for where, values in pages.translations:
        if str(values.get("source_type") or "Article").lower() != "article":
            continue
        if (owner := gathered.get(str(values.get("source_id")))) is None:
            bad.append(Bad(where, f"a translation of article {values.get('source_id')}, which is not there"))
        else:
            owner.entries.append((where, values))
    return gathered, bad


def _link(target: str, known: Mapping[str, _Texts]) -> str:
    """A link to an article that comes along names it; one to another Help Center stays."""
    found = _ARTICLE.match(target)
    if found is None:
        return target
    if found[2] in known:
        return f"{found[2]}.html"
    return target if found[1] else f"articles/{found[2]}.html"


def _file(address: str) -> str:
    """A file of the Help Center by its path in an export; another address as it is."""
    found = _ATTACHMENT.match(address)
    return found[1] if found else address


def _picture(source: str) -> str:
    """The same for a picture; one that stands in the page itself leaves its words."""
    return "" if source.startswith("data:") else _file(source)


def _votes(values: Mapping[str, Any]) -> tuple[int, int] | None:
    """Yes and no from their sum and their number; without the number, the sum alone."""
    total, count = values.get("vote_sum"), values.get("vote_count")
    if type(total) is not int or abs(total) >= 2**31:
        return None
    if type(count) is int and abs(total) <= count < 2**31:
        return (count + total) // 2, (count - total) // 2
    return max(total, 0), max(-total, 0)
