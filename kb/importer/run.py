"""The import: two passes over the records, the second in batches that each commit.

Interrupted at any place it goes on where it was: finished records are recognised by the digest of their content, and
addresses that were promised to others are kept. Links between records can therefore be written in one go.
"""

from collections.abc import Callable
from itertools import islice

from sqlalchemy import text

from kb.importer.batch import Batches
from kb.importer.beside import Media
from kb.importer.prepare import Announce, Preparer
from kb.importer.products import Catalogue
from kb.importer.reader import Reader
from kb.importer.report import Options, Report
from kb.importer.survey import forget_promises, take_survey
from sportello.core.audience import Viewer, check_key
from sportello.core.db import Database
from sportello.core.policy import Action, require

BATCH = 100

Progress = Callable[[int, int], None]  # records done, records in all


def run_import(
    database: Database,
    actor: Viewer,
    reader: Reader,
    options: Options,
    *,
    media: Media | None = None,
    progress: Progress = lambda done, total: None,
    announce: Announce = lambda state, record: None,
) -> Report:
    """Import everything that `reader` yields. Without `media` no file comes along, pictures leave their words.

    Raises Forbidden, Invalid for an option that cannot be.
    """
    require(actor, Action.ARTICLE_IMPORT)
    if options.audience is not None:
        check_key(options.audience, options.ladder)
    survey = take_survey(database, actor, reader, keep=not options.dry_run)
    catalogue = Catalogue.open(database, actor, survey.products | set(options.products), options, reader.products)
    report = Report(created_products=catalogue.created)
    find = reader.file if media is not None else None
    preparer = Preparer(reader.source, options, survey, catalogue, report, announce, find)
    run = Batches(database, actor, preparer, reader, media)
    found = iter(reader)
    progress(0, survey.records)
    while batch := list(islice(found, BATCH)):
        run.take(batch)
        progress(report.done, survey.records)
    if not options.dry_run:
        forget_promises(database, actor, reader.source)
        if report.new + report.changed >= BATCH:
            _refresh_statistics(database)
    return report


def _refresh_statistics(database: Database) -> None:
    """Let the query planner know that there is much more now: lists are then read in their order, not sorted."""
    with database.write() as session:
        if session.get_bind().dialect.name == "sqlite":
            session.execute(text("PRAGMA analysis_limit = 1000"))
        session.execute(text("ANALYZE"))
