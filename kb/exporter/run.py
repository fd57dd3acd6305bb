"""The export: written aside within its folder, then put in place, so that an interrupted one leaves the old one whole.

Nothing is ever written outside the folder that was named.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import yaml
from sqlalchemy.orm import Session

from kb.exporter.front import front_matter
from kb.exporter.select import Exported, What, batches, categories_of, count, file_names, products_of
from kb.importer.exported import CATEGORIES, PRODUCTS
from kb.importer.native import in_order, to_folder
from kb.models import Attachment
from kb.queries import (
    linked_slugs,
    readable_files,
    readable_slugs,
    without_comments,
    without_hidden_markdown_files,
    without_hidden_markdown_links,
)
from sportello.core.audience import Viewer
from sportello.core.db import Database
from sportello.core.errors import N_, Invalid, NotFound
from sportello.core.storage import MediaStorage

FILES = "files"
PARTIAL = ".export"  # while it is written; an import does not look there
OURS = (FILES, CATEGORIES, PRODUCTS)
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|#%\s]+')
MAX_NAME = 120  # bytes of a file's own name
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ExportOptions:
    """`overwrite`: replace what an earlier export left in the folder."""

    what: What = What()
    overwrite: bool = False


@dataclass
class ExportReport:
    """How an export went. `missing`: files whose bytes the storage does not have."""

    articles: int = 0
    texts: int = 0
    files: int = 0
    missing: int = 0


def run_export(
    database: Database,
    storage: MediaStorage,
    viewer: Viewer,
    folder: Path,
    options: ExportOptions,
    progress: Progress = lambda done, total: None,
) -> ExportReport:
    """Write everything that `viewer` reads into `folder`. Raises Invalid for a folder that holds other things."""
    _check(folder, options.overwrite)
    partial = folder / PARTIAL
    _remove(partial)
    (partial / FILES).mkdir(parents=True)
    try:
        report = _Export(database, storage, viewer, partial, options.what).write(progress)
        _put_in_place(partial, folder)
    finally:
        _remove(partial)
    return report


def _check(folder: Path, overwrite: bool) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise Invalid(N_("%(folder)s is not a folder."), folder=folder)
    found = [path for path in folder.iterdir() if path.name != PARTIAL] if folder.exists() else []
    if found and not overwrite:
        raise Invalid(N_("%(folder)s is not empty. Choose another folder, or use --overwrite."), folder=folder)
    others = sorted(path.name for path in found if not _is_ours(path))
    if others:
        raise Invalid(
            N_("%(folder)s holds other things than an export (%(name)s). Choose another folder."),
            folder=folder, name=others[0],
        )  # fmt: skip


def _is_ours(path: Path) -> bool:
    return path.name in OURS or (path.suffix == ".md" and not path.is_dir())


def _put_in_place(partial: Path, folder: Path) -> None:
    """What is there goes, what was written takes its place."""
    for path in folder.iterdir():
        if path != partial:
            _remove(path)
    for path in partial.iterdir():
        path.rename(folder / path.name)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


class _Export:
    def __init__(self, database: Database, storage: MediaStorage, viewer: Viewer, root: Path, what: What) -> None:
        self.database, self.storage, self.viewer, self.root, self.what = database, storage, viewer, root, what
        self.report = ExportReport()
        self.names: dict[str, str] = {}
        self.known: dict[str, dict[str, str]] = {}  # files by key, as the front matter lists them
        self.categories: set[str] = set()
        self.products: set[str] = set()

    def write(self, progress: Progress) -> ExportReport:
        with self.database.read() as session:
            total = count(session, self.viewer, self.what)
            self.names = file_names(session, self.viewer, self.what)
        progress(0, total)
        for session, items in batches(self.database, self.viewer, self.what):
            for item in items:
                self._article(session, item)
            progress(self.report.articles, total)
        with self.database.read() as session:
            self._table(CATEGORIES, categories_of(session, self.categories))
            self._table(PRODUCTS, products_of(session, self.products))
        return self.report

    def _article(self, session: Session, item: Exported) -> None:
        self.products.update(product.code for product in item.article.products)
        self.categories.update([item.article.category.code] if item.article.category else [])
        for place, language in enumerate(in_order(item.translations)):
            markdown = self._shown(session, item.revisions[language].markdown)
            files = [told for one in item.files.get(language, ()) if (told := self._file(one))]
            paths = {told["key"]: told["path"] for told in files}
            head = front_matter(item, language, files, self.viewer, first=place == 0)
            name = self.names[item.translations[language].slug]
            self._put(name, (head + to_folder(markdown, self.names, paths)).encode("utf-8", "replace"))
            self.report.texts += 1
        self.report.articles += 1

    def _shown(self, session: Session, markdown: str) -> str:
        """The text without comments and what leads to articles and files that the viewer may not have; whole for
        those who write."""
        if self.viewer.writes:
            return markdown
        markdown = without_comments(markdown)
        readable = readable_slugs(session, self.viewer, linked_slugs(markdown))
        files = readable_files(session, self.viewer, [markdown])
        return without_hidden_markdown_files(without_hidden_markdown_links(markdown, readable), files)

    def _file(self, attachment: Attachment) -> dict[str, str] | None:
        """The file's bytes, written once, and how a text lists it; None when the storage does not have it."""
        if attachment.key in self.known:
            return self.known[attachment.key]
        path = f"{FILES}/{attachment.key}-{safe_name(attachment.name)}"
        try:
            with self.storage.open(attachment.blob.storage_key) as source, (self.root / path).open("wb") as target:
                digest = _copy(source, target)
        except NotFound:
            self.report.missing += 1
            return None
        self.report.files += 1
        told = {"path": path, "key": attachment.key, "name": attachment.name, "alt": attachment.alt, "sha256": digest}
        self.known[attachment.key] = {name: value for name, value in told.items() if value}
        return self.known[attachment.key]

    def _table(self, name: str, rows: object) -> None:
        if rows:
            self._put(name, yaml.safe_dump(rows, allow_unicode=True, sort_keys=False, width=10**6).encode())

    def _put(self, name: str, content: bytes) -> None:
        """A file directly in the folder: slugs and languages hold nothing that names another place."""
        if os.sep in name or name.startswith("."):
            raise Invalid(N_("“%(name)s” cannot be the name of a file."), name=name)
        (self.root / name).write_bytes(content)


def safe_name(name: str) -> str:
    """A name that any file system takes, at most 120 bytes, ending as it ended."""
    plain = _UNSAFE.sub("_", name).lstrip(".") or "file"
    stem, dot, suffix = plain.rpartition(".")
    stem, ending = (stem, dot + suffix) if stem and len(suffix) <= 8 else (plain, "")
    room = MAX_NAME - len(ending.encode())
    return stem.encode("utf-8", "replace")[:room].decode("utf-8", "ignore") + ending


def _copy(source: BinaryIO, target: BinaryIO) -> str:
    """SHA-256 of what was copied, in hex."""
    digest = hashlib.sha256()
    while chunk := source.read(1 << 20):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()
