"""Bringing articles in: from JSON lines and from folders of Markdown. Without Flask, without printing."""

from pathlib import Path

from kb.importer.folder import MarkdownFolder
from kb.importer.jsonl import JsonLines
from kb.importer.prepare import Announce
from kb.importer.record import Bad, Record
from kb.importer.report import Options, Report
from kb.importer.run import Progress, run_import
from kb.importer.zendesk import HelpCenter, Segments
from sportello.core.audience import Viewer
from sportello.core.db import Database

__all__ = [
    "Announce",
    "Bad",
    "HelpCenter",
    "JsonLines",
    "MarkdownFolder",
    "Options",
    "Progress",
    "Record",
    "Report",
    "Segments",
    "load_folder",
    "run_import",
]


def load_folder(
    database: Database, actor: Viewer, folder: Path, *, ladder: tuple[str, ...], source: str = "demo"
) -> Report:
    """Import the Markdown articles of `folder` under the name `source`: the demo's way in. Twice changes nothing."""
    return run_import(database, actor, MarkdownFolder(folder, source=source), Options(ladder=ladder))
