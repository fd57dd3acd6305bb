"""What a reader finds in a file: a record, or the reason why there is none."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from kb.importer.beside import Beside
from kb.models import Confidence, Kind
from kb.services.draft import DraftText


@dataclass(frozen=True)
class Bad:
    """Something that cannot be imported. `where`: the file, with ":LINE" where lines count."""

    where: str
    reason: str


@dataclass(frozen=True)
class Place:
    """A category as a file describes it: its names by language, the code of the one it stands in, its position."""

    names: Mapping[str, str]
    parent: str | None = None
    position: int = 0


@dataclass(frozen=True)
class Line:
    """A product line as a file describes it: its name, its versions, oldest first."""

    name: str
    versions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """One article as a file describes it; None and empty mean that the file does not say.

    `aliases`: other names under which links find it (its path, if its id is another). `slugs`: addresses that it wants,
    by language. `exact`: written by this site's export; only its links and files are put right. `files`: those that it
    names itself, by path; others are looked for.
    """

    where: str
    source_id: str
    texts: dict[str, DraftText]
    audience: str | None = None
    kind: Kind | None = None
    products: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    category: str | None = None
    tags: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    critical: str | None = None
    confidence: Confidence | None = None
    verify_days: int | None = None
    author: str | None = None
    updated_at: datetime | None = None
    verified_at: datetime | None = None
    updated_days_ago: float | None = None
    verified_days_ago: float | None = None
    votes: tuple[int, int] | None = None
    aliases: tuple[str, ...] = ()
    slugs: Mapping[str, str] = field(default_factory=dict)
    exact: bool = False
    files: Mapping[str, Beside] = field(default_factory=dict)
    unknown_keys: tuple[str, ...] = field(default=(), compare=False)

    def digest(self) -> str:
        """SHA-256 of everything that decides the article, in hex: the same content, the same digest."""
        values = asdict(replace(self, files={}))
        for name in ("where", "aliases", "unknown_keys", "slugs", "exact", "files"):
            del values[name]
        for name in ("confidence", "verify_days"):  # unless they say something: digests of long ago stay the same
            if values[name] is None:
                del values[name]
        for words in values["texts"].values():
            for name, usual in (("published", True), ("published_at", None), ("updated_at", None)):
                if words[name] == usual:
                    del words[name]
        if self.files:
            values["files"] = sorted((file.name, file.sha256, file.alt) for file in self.files.values())
        text = json.dumps(values, sort_keys=True, default=str, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
