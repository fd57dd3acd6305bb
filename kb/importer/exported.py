"""What only folders have that `sportello export` wrote: a past, addresses, files, categories and products."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from kb.importer import fields
from kb.importer.beside import Beside, look
from kb.importer.reader import within
from kb.importer.record import Line, Place, Record
from kb.services.draft import LANGUAGES, MAX_LABEL

CATEGORIES, PRODUCTS = "categories.yml", "products.yml"
NAMES = frozenset({"sportello", "slug", "published", "draft", "notice", "files", "products"})
MAX_TABLE = 4 * 1024 * 1024  # bytes
MAX_CATEGORY = 80


def past(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a text of an export says of itself besides its words. Raises ValueError."""
    return {
        "critical": fields.text(values.get("notice"), "notice") or None,
        "published": not values.get("draft"),
        "published_at": fields.moment(values.get("published"), "published"),
        "updated_at": fields.moment(values.get("updated"), "updated"),
    }


def complete(record: Record, read: Mapping[str, Mapping[str, Any]], root: Path) -> Record:
    """The record with what its files in each language say beyond the usual. Raises ValueError."""
    first = next(iter(read.values()))
    updated = [words.updated_at for words in record.texts.values() if words.updated_at]
    files: dict[str, Beside] = {}
    for values in read.values():
        files.update(_files(values.get("files"), root))
    return replace(
        record,
        slugs={language: fields.text(values.get("slug"), "slug") for language, values in read.items()},
        category=fields.text(first.get("category"), "category")[:MAX_CATEGORY] or None,
        tags=_labels(first.get("tags"), "tags"),
        codes=_labels(first.get("codes"), "codes"),
        versions=_labels(first.get("versions"), "versions", 2 * MAX_LABEL),
        critical=fields.text(first.get("critical"), "critical") or None,
        updated_at=max(updated, default=None),
        exact=True,
        files=files,
    )


def _labels(value: Any, name: str, most: int = MAX_LABEL) -> tuple[str, ...]:
    values = value if isinstance(value, list) else []
    return tuple(one for entry in values if 0 < len(one := fields.text(entry, name)) <= most)


def _files(value: Any, root: Path) -> dict[str, Beside]:
    """The files that a text lists, by their paths. One whose bytes are not those that were exported is one that
    somebody put there: it is taken in like any other."""
    found = {}
    for entry in value if isinstance(value, list) else []:
        if not isinstance(entry, dict):
            raise ValueError("files must be a list of path, name, key and sha256")
        path = fields.text(entry.get("path"), "files").lstrip("/")
        real = within(root, root / path) if path else None
        if real is None or (there := look(real)) is None:
            raise ValueError(f"the file {path!r} is missing or too large")
        own = there.sha256 == entry.get("sha256")
        name, key = fields.text(entry.get("name"), "name") or there.name, fields.text(entry.get("key"), "key")
        found[path] = Beside(real, name, there.sha256, fields.text(entry.get("alt"), "alt"), key if own else "", own)
    return found


def read_categories(root: Path) -> dict[str, Place]:
    """The categories of an export, parents before children; none where the table is missing or cannot be read."""
    places = {}
    for code, values in _table(root / CATEGORIES).items():
        names = values.get("names")
        ours = {one: str(names[one])[:200] for one in LANGUAGES if one in names} if isinstance(names, dict) else {}
        parent, position = values.get("parent"), values.get("position")
        places[code[:MAX_CATEGORY]] = Place(
            ours, parent if isinstance(parent, str) else None, position if type(position) is int else 0
        )
    return {code: place for code, place in places.items() if _ends(code, places)}


def _ends(code: str, places: Mapping[str, Place]) -> bool:
    """Going up from here comes to an end."""
    seen: set[str] = set()
    above: str | None = code
    while above and above not in seen:
        seen.add(above)
        above = places[above].parent if above in places else None
    return not above


def read_products(root: Path) -> dict[str, Line]:
    """The products of an export with their versions."""
    lines = {}
    for code, values in _table(root / PRODUCTS).items():
        versions = values.get("versions")
        names = tuple(str(name) for name in versions) if isinstance(versions, list) else ()
        lines[code] = Line(str(values.get("name") or code), names)
    return lines


def _table(path: Path) -> dict[str, dict[str, Any]]:
    try:
        if within(path.parent, path) is None or path.stat().st_size > MAX_TABLE:
            return {}
        values = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    rows = values.items() if isinstance(values, dict) else ()
    return {str(code): row for code, row in rows if isinstance(row, dict)}
