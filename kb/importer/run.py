"""The import: two passes over the records, the second in batches that each commit.

Interrupted at any place it goes on where it was: finished records are recognised by the digest of their content, and
addresses that were promised to others are kept. Links between records can therefore be written in one go.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.orm import selectinload

from kb.events import ArticlesChanged
from kb.importer.prepare import Announce, Prepared, Preparer
from kb.importer.products import Catalogue
from kb.importer.record import Bad, Place, Record
from kb.importer.report import Options, Report
from kb.importer.survey import forget_promises, take_survey
from kb.models import Article
from kb.services.rendering import render_article
from kb.services.write import Writer, load_existing
from sportello.core import outbox
from sportello.core.audience import Viewer, check_key
from sportello.core.db import Database
from sportello.core.errors import Invalid
from sportello.core.markup import Rendered
from sportello.core.policy import Action, require

BATCH = 100
RENDERERS = 2


class Reader(Protocol):
    """Where records come from; can be read from its beginning more than once."""

    source: str

    @property
    def categories(self) -> Mapping[str, Place]:
        """What is known of the categories that records name, parents before children."""
        ...

    def __iter__(self) -> Iterator[Record | Bad]: ...


Progress = Callable[[int, int], None]  # records done, records in all


def run_import(
    database: Database,
    actor: Viewer,
    reader: Reader,
    options: Options,
    *,
    progress: Progress = lambda done, total: None,
    announce: Announce = lambda state, record: None,
) -> Report:
    """Import everything that `reader` yields. Raises Forbidden, Invalid for an option that cannot be."""
    require(actor, Action.ARTICLE_IMPORT)
    if options.audience is not None:
        check_key(options.audience, options.ladder)
    survey = take_survey(database, actor, reader.source, reader, keep=not options.dry_run)
    catalogue = Catalogue.open(database, actor, survey.products | set(options.products), options)
    report = Report(created_products=catalogue.created)
    preparer = Preparer(reader.source, options, survey, catalogue, report, announce)
    run = _Run(database, actor, preparer, reader.categories)
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


@dataclass
class _Run:
    database: Database
    actor: Viewer
    preparer: Preparer
    places: Mapping[str, Place]

    def take(self, batch: Iterable[Record | Bad]) -> None:
        """Deal with one batch, in one transaction."""
        prepared = [found for record in batch if (found := self.preparer.prepare(record))]
        if self.preparer.options.dry_run:
            for item in prepared:
                self._count(item)
            return
        rendered = self._render(prepared)
        if rendered:
            self._write(rendered)

    def _render(self, prepared: list[Prepared]) -> list[tuple[Prepared, dict[str, Rendered]]]:
        """Outside the transaction: rendering takes most of the time, and nobody shall wait for it."""

        def one(item: Prepared) -> dict[str, Rendered] | Bad:
            try:
                texts = item.draft.texts.items()
                return {language: render_article(words.markdown, language) for language, words in texts}
            except Invalid as error:
                return Bad(item.record.where, str(error))

        with ThreadPoolExecutor(RENDERERS) as pool:
            outcomes = list(pool.map(one, prepared))
        self.preparer.report.bad += [outcome for outcome in outcomes if isinstance(outcome, Bad)]
        return [(item, made) for item, made in zip(prepared, outcomes, strict=True) if not isinstance(made, Bad)]

    def _write(self, rendered: list[tuple[Prepared, dict[str, Rendered]]]) -> None:
        with self.database.write() as session:
            ids = [item.known.article_id for item, _ in rendered if item.known]
            loads = [selectinload(part) for part in (Article.products, Article.versions, Article.tags, Article.codes)]
            statement = Article.visible_to(self.actor).where(Article.id.in_(ids)).options(*loads)
            existing = load_existing(session, session.scalars(statement).all() if ids else [], self.actor)
            writer = Writer(session, self.actor.person_id)
            categories = (item.draft.category for item, _ in rendered)
            self.preparer.catalogue.make_categories(session, self.actor, categories, writer, self.places)
            changed = []
            with session.no_autoflush:
                for item, texts in rendered:
                    before = existing.get(item.known.article_id) if item.known else None
                    slugs = self.preparer.survey.links.slugs.get(item.record.source_id)
                    changed.append(writer.write(item.draft, texts, before, slugs).key)
            outbox.emit(session, ArticlesChanged(changed))
        for item, _ in rendered:
            self._count(item)

    def _count(self, item: Prepared) -> None:
        state = "changed" if item.known else "new"
        if item.known:
            self.preparer.report.changed += 1
        else:
            self.preparer.report.new += 1
        self.preparer.report.drafts += not any(words.published for words in item.draft.texts.values())
        self.preparer.report.texts.add(item.changes)
        self.preparer.announce(state, item.record)
