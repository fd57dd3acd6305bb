"""The JSON files of an export: pages of articles, translations, sections and categories, in any mixture."""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kb.importer.record import Bad

MAX_FILE = 256 * 1024 * 1024  # bytes, unpacked
PARTS = ("articles", "translations", "sections", "categories")
_ENDINGS = (".json", ".json.gz")

Entry = tuple[str, dict[str, Any]]  # where it stands, its values


@dataclass
class Pages:
    """Everything that the files hold, by kind, in the order of their names; what could not be read stands in `bad`."""

    articles: list[Entry] = field(default_factory=list)
    translations: list[Entry] = field(default_factory=list)
    sections: list[Entry] = field(default_factory=list)
    categories: list[Entry] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)


def read_pages(path: Path) -> Pages:
    """Read a file, or every .json and .json.gz file under a folder, into memory."""
    pages = Pages()
    for name, file in _files(path):
        try:
            _sort_in(pages, name, _load(file))
        except ValueError as error:
            pages.bad.append(Bad(name, str(error)))
    return pages


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    if path.is_file():
        yield path.name, path
        return
    root = path.resolve()
    for file in sorted(path.rglob("*")):
        if file.name.endswith(_ENDINGS) and file.is_file() and file.resolve().is_relative_to(root):
            yield file.relative_to(path).as_posix().encode("utf-8", "backslashreplace").decode(), file


def _load(file: Path) -> Any:
    try:
        with file.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
        with gzip.open(file, "rb") if packed else file.open("rb") as stream:
            content = stream.read(MAX_FILE + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"the compressed file is damaged: {error}") from None
    if len(content) > MAX_FILE:
        raise ValueError(f"the file is larger than {MAX_FILE // 1024 // 1024} MiB")
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise ValueError("not JSON that can be read: nested too deep") from None


def _sort_in(pages: Pages, name: str, content: Any) -> None:
    if not isinstance(content, dict):
        raise ValueError('the file must be one object: {"articles": [...]}')
    found = False
    for part in PARTS:
        values = content.get(part, content.get(_SINGULAR[part]))
        if values is None:
            continue
        found = True
        entries = getattr(pages, part)
        for number, value in enumerate(values if isinstance(values, list) else [values]):
            where = f"{name}: {part}[{number}]"
            if isinstance(value, dict):
                entries.append((where, value))
            else:
                pages.bad.append(Bad(where, "must be one object: {...}"))
    if not found:
        raise ValueError("holds neither articles nor translations, sections or categories")


_SINGULAR = {"articles": "article", "translations": "translation", "sections": "section", "categories": "category"}
