"""Which article a relative link means, and its address here."""

import posixpath

from sportello.core import keys


class LinkMap:
    """The records of one source by name, with the slugs of their languages. Small: names and slugs only."""

    def __init__(self) -> None:
        self.slugs: dict[str, dict[str, str]] = {}  # source id -> language -> slug
        self._ids: dict[str, str] = {}  # folded name or path -> source id
        self._last: dict[str, str | None] = {}  # last part of a name -> source id; None: several

    def add(self, source_id: str, *aliases: str) -> None:
        """A record exists under these names."""
        self.slugs.setdefault(source_id, {})
        for name in (source_id, *aliases):
            path = name.strip("/").lower()
            self._ids.setdefault(path, source_id)
            last = posixpath.basename(path)
            self._last[last] = source_id if self._last.get(last, source_id) == source_id else None

    def promise(self, source_id: str, language: str, title: str) -> str:
        """The slug of a record's language, made now if it has none."""
        slugs = self.slugs.setdefault(source_id, {})
        return slugs.setdefault(language, keys.new_slug(title))

    def exactly(self, name: str, language: str) -> str | None:
        """The slug of the record called `name` in this very language."""
        return self.slugs.get(self._ids.get(name.lower(), ""), {}).get(language)

    def find(self, target: str, base: str, language: str) -> str | None:
        """The slug that `target`, a path without ending, means in a record whose path is `base`.

        By path; a relative one else by the last part of its name, one from the root by its last parts (two at
        least), if that names a single record. `language` is preferred.
        """
        target = target.lower()
        path = posixpath.normpath(posixpath.join(posixpath.dirname(base.lower()), target)).strip("/")
        source_id = self._ids.get(path)
        if source_id is None and not target.startswith("/"):
            source_id = self._last.get(posixpath.basename(target.rstrip("/")))
        while source_id is None and target.startswith("/") and path.count("/") >= 2:
            path = path.partition("/")[2]
            source_id = self._ids.get(path)
        slugs = self.slugs.get(source_id, {}) if source_id else {}
        return slugs.get(language) or next(iter(slugs.values()), None)
