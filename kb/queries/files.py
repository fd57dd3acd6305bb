"""Files of articles as they are read: served, listed, named in texts. One that a reader may not have is not there."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, exists
from sqlalchemy.orm import Session

from kb.files.kinds import BY_MEDIA_TYPE, TEXT
from kb.files.names import file_address, file_keys, file_markdown
from kb.models import ArticleTranslation, Attachment, Blob, revision_attachment
from kb.queries.articles import get_article
from kb.queries.kept import kept
from sportello.core.audience import Viewer
from sportello.core.errors import NotFound

_WORDS = r"((?:[^\[\]\\]|\\.)*+)"
_TITLE = r"(?:\s{1,9}(?:\"[^\"]{0,300}\"|'[^']{0,300}'|\([^()]{0,300}\)))?"
_TARGET = rf"\(\s{{0,9}}<?/kb/files/([a-z0-9]{{10}})/[^\s)>]{{0,500}}+>?{_TITLE}\s{{0,9}}\)"
_MARKDOWN_PICTURE = re.compile(rf"(?<!\\)!\[{_WORDS}\]{_TARGET}")
_MARKDOWN_LINK = re.compile(rf"(?<!\\)\[{_WORDS}\]{_TARGET}")
_HTML_PICTURE = re.compile(r"<img\b[^<>]*?\ssrc=\"/kb/files/([a-z0-9]{10})/[^<>]*>")
_HTML_LINK = re.compile(r"<a\b[^<>]*?\shref=\"/kb/files/([a-z0-9]{10})/[^<>]*>((?:(?!<a\b).)*?)</a>", re.DOTALL)
_ADDRESS = re.compile(r"/kb/files/([a-z0-9]{10})/[^\s)>\"'\]<]*")
_ALT = re.compile(r"\salt=\"([^\"]*)\"")


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file as lists and pages show it."""

    key: str
    name: str
    alt: str
    article_id: int
    media_type: str
    size: int
    width: int | None
    height: int | None

    @property
    def address(self) -> str:
        return file_address(self.key, self.name)

    @property
    def is_picture(self) -> bool:
        return self.width is not None

    @property
    def label(self) -> str:
        """What kind of file it is, in a word: "PDF", "Word", "LOG"."""
        kind = BY_MEDIA_TYPE.get(self.media_type, TEXT)
        return kind.label or self.name.rpartition(".")[2].upper()

    @property
    def markdown(self) -> str:
        return file_markdown(self.key, self.name, alt=self.alt, is_picture=self.is_picture)


@dataclass(frozen=True, slots=True)
class Served:
    """What is sent for a file."""

    name: str
    media_type: str
    storage_key: str
    sha256: str
    is_picture: bool


_COLUMNS = (
    Attachment.key,
    Attachment.name,
    Attachment.alt,
    Attachment.article_id,
    Blob.media_type,
    Blob.size,
    Blob.width,
    Blob.height,
)


def served_file(session: Session, viewer: Viewer, address: str) -> Served:
    """The file at its one `address`. Raises NotFound, for what is absent, hidden or staged alike."""
    keys = file_keys(address)
    columns = (Attachment.key, Attachment.name, Blob.media_type, Blob.storage_key, Blob.sha256, Blob.width)
    statement = Attachment.visible_to(viewer, *columns).join(Blob, Blob.id == Attachment.blob_id)
    row = session.execute(statement.where(Attachment.key.in_(keys))).one_or_none()
    if row is None or file_address(row.key, row.name) != address:
        raise NotFound
    return Served(row.name, row.media_type, row.storage_key, row.sha256, row.width is not None)


def readable_files(session: Session, viewer: Viewer, texts: Iterable[str]) -> dict[str, FileRow]:
    """The files that the texts name and that the viewer may read, by key. One statement, or none."""
    named = set().union(*map(file_keys, texts))
    if not named:
        return {}
    rows = session.execute(_by_key(viewer), {"keys": sorted(named)})
    return {row.key: FileRow(*row) for row in rows}


@kept
def _by_key(viewer: Viewer) -> Select[Any]:
    found = Attachment.visible_to(viewer, *_COLUMNS).join(Blob, Blob.id == Attachment.blob_id)
    return found.where(Attachment.key.in_(bindparam("keys", expanding=True)))


def attachments_of(files: dict[str, FileRow], article_id: int, html: Iterable[str]) -> list[FileRow]:
    """Those of the `files` that a page lists: the article's own, but not pictures that are merely shown in it."""
    shown, linked = set[str](), set[str]()
    for text in html:
        shown.update(_HTML_PICTURE.findall(text))
        linked.update(found[1] for found in _HTML_LINK.finditer(text))
    own = (file for file in files.values() if file.article_id == article_id)
    return sorted((file for file in own if file.key in linked - shown), key=lambda file: (file.name.lower(), file.key))


def without_hidden_files(html: str, readable: Collection[str]) -> str:
    """Rendered HTML in which pictures that are not `readable` (keys) are their alternative text, links their words."""
    if "/kb/files/" not in html:
        return html
    html = _HTML_PICTURE.sub(lambda found: found[0] if found[1] in readable else _alt(found[0]), html)
    return _HTML_LINK.sub(lambda found: found[0] if found[1] in readable else found[2], html)


def without_hidden_markdown_files(markdown: str, readable: Collection[str]) -> str:
    """The same for Markdown; an address that is left in another form leads nowhere."""
    if "/kb/files/" not in markdown:
        return markdown
    for pattern in (_MARKDOWN_PICTURE, _MARKDOWN_LINK):
        markdown = pattern.sub(lambda found: found[0] if found[2] in readable else found[1], markdown)
    markdown = without_hidden_files(markdown, readable)
    return _ADDRESS.sub(lambda found: found[0] if found[1] in readable else "#", markdown)


def _alt(tag: str) -> str:
    found = _ALT.search(tag)
    return found[1] if found else ""


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of an article for those who write it. `listed`: some revision brings it; `read`: the one readers have."""

    file: FileRow
    listed: bool
    read: bool


def article_files(session: Session, viewer: Viewer, slug: str) -> Sequence[ListedFile]:
    """All files of an article that the viewer may read, newest first. Raises NotFound."""
    article_id = get_article(session, viewer, slug).article_id
    listed = exists().where(revision_attachment.c.attachment_id == Attachment.id).correlate(Attachment)
    read = listed.where(
        revision_attachment.c.revision_id == ArticleTranslation.revision_id,
        ArticleTranslation.published_at.is_not(None),
    ).correlate(Attachment)
    columns = (*_COLUMNS, listed.label("listed"), read.label("read_now"))
    statement = Attachment.visible_to(viewer, *columns).join(Blob, Blob.id == Attachment.blob_id)
    rows = session.execute(statement.where(Attachment.article_id == article_id).order_by(Attachment.id.desc()))
    count = len(_COLUMNS)
    return [ListedFile(FileRow(*row[:count]), row[count], row[count + 1]) for row in rows]
