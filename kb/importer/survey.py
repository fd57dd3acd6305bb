"""The first pass: what the records are called, which products they need, and the addresses promised to them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kb.importer.links import LinkMap
from kb.importer.reader import Reader
from kb.importer.record import Record
from kb.models import ArchivedAddress, Article, ArticleTranslation, SlugHistory, SlugReservation
from sportello.core.audience import Viewer
from sportello.core.db import Database

RESERVE = 500  # promises in one transaction
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True)
class Known:
    """What the database remembers of an earlier import of a record."""

    article_id: int
    source_hash: str | None
    edited_here: bool


@dataclass
class Survey:
    """The outcome of the first pass. `by_key`: articles that did not come from this source, by their public keys."""

    links: LinkMap = field(default_factory=LinkMap)
    known: dict[str, Known] = field(default_factory=dict)
    where: dict[str, str] = field(default_factory=dict)  # source id -> its first record
    products: set[str] = field(default_factory=set)
    records: int = 0
    by_key: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)  # id, slugs by language
    taken: set[str] = field(default_factory=set)  # slugs that lead somewhere


def take_survey(database: Database, actor: Viewer, reader: Reader, *, keep: bool) -> Survey:
    """Read all records once. `keep`: promised addresses are stored, so that an interrupted run can go on."""
    survey = Survey()
    with database.read() as session:
        _remember(session, actor, reader.source, survey)
    found = iter(reader)
    while batch := list(islice(found, RESERVE)):
        survey.records += len(batch)
        records = [record for record in batch if isinstance(record, Record)]
        promised = [row for record in records for row in _promise(record, reader.source, survey)]
        if keep and promised:
            with database.write() as session:
                session.add_all(promised)
    return survey


def _remember(session: Session, actor: Viewer, source: str, survey: Survey) -> None:
    columns = (Article.id, Article.key, Article.source, Article.source_id, Article.source_hash, Article.edited_here)
    statement = Article.visible_to(actor, *columns, ArticleTranslation.language, ArticleTranslation.slug)
    for row in session.execute(statement.join(ArticleTranslation, ArticleTranslation.article_id == Article.id)):
        survey.taken.add(row.slug)
        if row.source != source or row.source_id is None:
            survey.by_key.setdefault(row.key, (row.id, {}))[1][row.language] = row.slug
            continue
        survey.known[row.source_id] = Known(row.id, row.source_hash, row.edited_here)
        survey.links.add(row.source_id)
        survey.links.slugs[row.source_id][row.language] = row.slug
    survey.taken.update(session.scalars(SlugHistory.visible_to(actor, SlugHistory.slug)))
    survey.taken.update(session.scalars(ArchivedAddress.visible_to(actor, ArchivedAddress.slug)))
    for kept in session.scalars(select(SlugReservation)):
        survey.taken.add(kept.slug)
        if kept.source == source:
            survey.links.slugs.setdefault(kept.source_id, {}).setdefault(kept.language, kept.slug)


def _promise(record: Record, source: str, survey: Survey) -> Iterator[SlugReservation]:
    if record.source_id in survey.where:
        return
    survey.where[record.source_id] = record.where
    survey.products.update(record.products)
    _recognise(record, survey)
    survey.links.add(record.source_id, *record.aliases)
    slugs = survey.links.slugs[record.source_id]
    for language, words in record.texts.items():
        if language in slugs:
            continue
        wanted = record.slugs.get(language, "")
        if _SLUG.fullmatch(wanted) and len(wanted) <= 120 and wanted not in survey.taken:
            slugs[language] = wanted
        slug = survey.links.promise(record.source_id, language, words.title)
        survey.taken.add(slug)
        yield SlugReservation(source=source, source_id=record.source_id, language=language, slug=slug)


def _recognise(record: Record, survey: Survey) -> None:
    """An exported article that is still here, under its own key, though it did not come from such a folder: its words
    here are its own, and are replaced only if that is asked for."""
    if record.exact and record.source_id not in survey.known and record.source_id in survey.by_key:
        article_id, slugs = survey.by_key[record.source_id]
        survey.known[record.source_id] = Known(article_id, None, edited_here=True)
        survey.links.slugs[record.source_id] = dict(slugs)


def forget_promises(database: Database, actor: Viewer, source: str) -> None:
    """Remove the promises that were kept. The others stay, so that the next run writes the same links."""
    used = ArticleTranslation.visible_to(actor, ArticleTranslation.slug).scalar_subquery()
    with database.write() as session:
        session.execute(
            delete(SlugReservation)
            .where(SlugReservation.source == source, SlugReservation.slug.in_(used))
            .execution_options(synchronize_session=False)
        )
