"""A folder of Markdown files with front matter, as in MicrosoftDocs' support articles. `X.it.md` is X in Italian.

A folder that `sportello export` wrote is read back as it was (see kb.importer.native).
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from kb.importer import exported, fields, native
from kb.importer.reader import Reader, within
from kb.importer.record import Bad, Line, Place, Record
from kb.services.draft import LANGUAGES, DraftText

MAX_FILE = 1024 * 1024  # bytes; the text itself may have 256 KiB
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_FIRST_HEADING = re.compile(r"\A\s*#[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_MARKDOWN = (".md", ".markdown")
_SYNONYMS = {
    "description": "summary",
    "products": "product",
    "ms.date": "updated",
    "date": "updated",
    "keywords": "tags",
    "ms.prod": "product",
    "ms.service": "product",
    "owner": "author",
}
_KNOWN = fields.COMMON | {"title", "summary", "lang", "key", *_SYNONYMS}
_PARTS = {"includes"}  # folders of fragments, not of articles


class MarkdownFolder(Reader):
    """The articles of a folder and of those in it, in the order of their paths."""

    def __init__(self, path: Path, language: str = "en", source: str = "markdown") -> None:
        self.path = path
        self.language = language
        self.source = source
        self.categories: Mapping[str, Place] = exported.read_categories(path)
        self.products: Mapping[str, Line] = exported.read_products(path)

    def file(self, base: str, target: str) -> Path | None:
        """A picture or document beside the article, inside the folder; articles themselves are none."""
        if not target or target.lower().endswith((*_MARKDOWN, ".yml", ".html", ".htm")):
            return None
        start = self.path if target.startswith("/") else (self.path / base).parent
        return within(self.path, start / target.lstrip("/"))

    def __iter__(self) -> Iterator[Record | Bad]:
        for base, versions in self._groups():
            try:
                yield self._record(base, versions)
            except _Refused as refused:
                yield Bad(refused.where, str(refused))

    def _groups(self) -> Iterator[tuple[str, dict[str, Path]]]:
        """Each article's path without ending, and its file in each language ("" where the name says none)."""
        for folder, folders, names in os.walk(self.path):
            folders[:] = sorted(name for name in folders if name not in _PARTS and not name.startswith("."))
            groups: dict[str, dict[str, Path]] = {}
            for name in sorted(names):
                stem, ending = os.path.splitext(name)
                if ending.lower() not in _MARKDOWN or name.startswith("."):
                    continue
                base, _, language = stem.rpartition(".")
                if not base or language.lower() not in LANGUAGES:
                    base, language = stem, ""
                groups.setdefault(base, {})[language.lower()] = Path(folder, name)
            relative = os.path.relpath(folder, self.path)
            for base, versions in groups.items():
                yield os.path.normpath(os.path.join(relative, base)), versions

    def _record(self, base: str, versions: dict[str, Path]) -> Record:
        path = base.replace(os.sep, "/").encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        texts: dict[str, DraftText] = {}
        read: dict[str, dict[str, Any]] = {}
        unknown: set[str] = set()
        for named, file in sorted(versions.items()):
            where = self._where(file)
            try:
                values, body = _read(file, self.path)
                language = named or fields.language(values.get("lang"), self.language)
                if language in texts:
                    raise ValueError(f"there are two files for {language}")
                texts[language] = _words(values, body)
                read[language] = values
                unknown |= {str(key) for key in values.keys() - _KNOWN - _of_exports(values)}
                first = next(iter(read.values()))
                key = fields.source_id(first.get("key") or path)
                shared = fields.common(first)
            except (ValueError, yaml.YAMLError) as error:
                raise _Refused(where, _explain(error)) from error
        record = Record(
            where=self._where(next(iter(sorted(versions.items())))[1]),
            source_id=key,
            texts=texts,
            aliases=(path,),
            unknown_keys=tuple(sorted(unknown)),
            **shared,
        )
        try:
            return exported.complete(record, read, self.path) if native.MARK in first else record
        except ValueError as error:
            raise _Refused(record.where, str(error)) from error

    def _where(self, file: Path) -> str:
        return os.fsencode(file.relative_to(self.path)).decode("utf-8", "backslashreplace")


class _Refused(Exception):
    def __init__(self, where: str, reason: str) -> None:
        super().__init__(reason)
        self.where = where


def _of_exports(values: Mapping[str, Any]) -> frozenset[str]:
    return exported.NAMES if native.MARK in values else frozenset()


def _read(file: Path, root: Path) -> tuple[dict[str, Any], str]:
    """Front matter and body. Raises ValueError or yaml.YAMLError."""
    if not file.resolve().is_relative_to(root.resolve()):
        raise ValueError("the file is a link that leads out of the folder")
    if not file.is_file():
        raise ValueError("not a file")
    if file.stat().st_size > MAX_FILE:
        raise ValueError(f"the file is larger than {MAX_FILE // 1024} KiB")
    try:
        content = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8") from None
    exact = content.startswith(native.HEAD)
    if not exact:
        content = content.replace("\r\n", "\n").replace("\r", "\n")
    front = _FRONT.match(content)
    if front is None:
        return {}, content
    values = yaml.safe_load(front[1] if exact else front[1].replace("\t", "    ")) or {}
    if not isinstance(values, dict):
        raise ValueError("the front matter is not a list of names and values")
    known = {str(key): value for key, value in values.items()}
    if not exact:
        known.pop(native.MARK, None)
    for synonym, name in _SYNONYMS.items():
        if synonym in known and known.get(name) is None:
            known[name] = known[synonym]
    return known, content[front.end() :]


def _words(values: dict[str, Any], body: str) -> DraftText:
    heading = _FIRST_HEADING.match(body)
    words = DraftText(
        title=fields.title(values.get("title") or (heading[1] if heading else None)),
        markdown=fields.text(body if native.MARK in values else body.lstrip("\n"), "the text"),
        summary=" ".join(fields.text(values.get("summary"), "summary").split()),
        critical=fields.text(values.get("critical"), "critical").strip() or None,
    )
    return replace(words, **exported.past(values)) if native.MARK in values else words


def _explain(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"front matter, line {error.problem_mark.line + 2}: {error.problem or 'cannot be read'}"
    return " ".join(str(error).split())
