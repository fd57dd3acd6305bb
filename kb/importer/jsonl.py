"""JSON lines: one article a line, {id, title, body_markdown, product, tags, lang, updated, ...}; gzip too."""

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from kb.importer import fields
from kb.importer.reader import Reader
from kb.importer.record import Bad, Record
from kb.services.draft import DraftText

MAX_LINE = 4 * 1024 * 1024  # bytes: sixteen times the longest text
_KNOWN = fields.COMMON | {"id", "title", "body_markdown", "lang", "summary"}


class JsonLines(Reader):
    """The records of a file, read from its beginning each time; never more than one line in memory."""

    source = "jsonl"

    def __init__(self, path: Path, language: str = "en") -> None:
        self.path = path
        self.language = language

    def __iter__(self) -> Iterator[Record | Bad]:
        number = 0
        with self._open() as file:
            try:
                while line := file.readline(MAX_LINE + 1):
                    number += 1
                    if len(line) > MAX_LINE:
                        _skip_line(file, line)
                        yield self._bad(number, f"the line is longer than {MAX_LINE // 1024} KiB")
                    elif line.strip():
                        yield self._record(number, line)
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                yield self._bad(number + 1, f"the compressed file is damaged here: {error}")

    def _open(self) -> IO[bytes]:
        with self.path.open("rb") as file:
            compressed = file.read(2) == b"\x1f\x8b"
        return gzip.open(self.path, "rb") if compressed else self.path.open("rb")  # type: ignore[return-value]

    def _bad(self, number: int, reason: str) -> Bad:
        return Bad(f"{self.path.name}:{number}", reason)

    def _record(self, number: int, line: bytes) -> Record | Bad:
        try:
            return self._parse(f"{self.path.name}:{number}", json.loads(line.decode("utf-8-sig")))
        except UnicodeDecodeError:
            return self._bad(number, "the line is not UTF-8")
        except json.JSONDecodeError as error:
            return self._bad(number, f"not JSON: {error.msg} at column {error.colno}")
        except RecursionError:
            return self._bad(number, "not JSON that can be read: nested too deep")
        except ValueError as error:
            return self._bad(number, str(error))

    def _parse(self, where: str, values: Any) -> Record:
        if not isinstance(values, dict):
            raise ValueError("the line must be one object: {...}")
        body = values.get("body_markdown")
        if not isinstance(body, str):
            raise ValueError("body_markdown is missing" if body is None else "body_markdown must be text")
        language = fields.language(values.get("lang"), self.language)
        words = DraftText(
            title=fields.title(values.get("title")),
            markdown=fields.text(body, "body_markdown"),
            summary=" ".join(fields.text(values.get("summary"), "summary").split()),
        )
        return Record(
            where=where,
            source_id=fields.source_id(values.get("id")),
            texts={language: words},
            unknown_keys=tuple(sorted(str(key) for key in values.keys() - _KNOWN)),
            **fields.common(values),
        )


def _skip_line(file: IO[bytes], line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = file.readline(MAX_LINE)
