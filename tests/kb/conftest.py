"""Fixtures for tests of imports."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kb.importer import JsonLines, MarkdownFolder, Options, Report, run_import
from sportello.core.db import Database
from tests.kb.articles import LADDER, SYSTEM
from tests.kb.importing import Importer
from tests.people import Cast


@pytest.fixture
def lines(tmp_path: Path) -> Callable[..., Path]:
    def make(*records: Any) -> Path:
        path = tmp_path / "articles.jsonl"
        text = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in records)
        path.write_text(text + "\n", "utf-8")
        return path

    return make


@pytest.fixture
def load(database: Database, cast: Cast) -> Importer:
    def run(path: Path, **options: Any) -> Report:
        reader = MarkdownFolder(path) if path.is_dir() else JsonLines(path)
        return run_import(database, SYSTEM, reader, Options(ladder=LADDER, **options))

    return run
