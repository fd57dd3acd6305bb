"""An open, immutable segment: its lexicons, its document columns, its postings."""

import json
import zlib
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from search_index.documents import LANGUAGES
from search_index.whoosh_engine.layout import FIELDS, Ints
from search_index.whoosh_engine.postings import Field
from search_index.whoosh_engine.segment_file import SegmentFile

_U4 = np.dtype("<u4")


class Segment:
    """Shared by every reader of the process: nothing in it changes, so threads need no lock.

    Columns are read at once, so that a search never meets half a segment; postings on demand.
    """

    def __init__(self, path: Path) -> None:
        self.file = SegmentFile(path)
        self.columns: dict[str, list[Any]] = json.loads(zlib.decompress(self.file.read("columns")))
        self.doc_count = len(self.columns["ref"])
        self.lengths: dict[str, Ints] = {
            code: self.file.array(f"{code}.lengths", _U4).astype(np.int64).reshape(-1, 4) for code in LANGUAGES
        }
        self.spans: dict[str, Ints] = {
            code: self.file.array(f"{code}.spans", _U4).astype(np.int64) for code in LANGUAGES
        }
        self.fields = {name: Field(self.file, name) for name in FIELDS}

    @cached_property
    def doc_of(self) -> dict[str, int]:
        """Document number by ref."""
        return {ref: number for number, ref in enumerate(self.columns["ref"])}
