"""The first pass: what the records are called, which products they need, and the addresses promised to them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kb.importer.links import LinkMap
from kb.importer.record import Bad, Record
from kb.models import Article, ArticleTranslation, SlugReservation
from sportello.core.audience import Viewer
from sportello.core.db import Database

RESERVE = 500  # promises in one transaction


@dataclass(frozen=True)
class Known:
    """What the database remembers of an earlier import of a record."""

    article_id: int
    source_hash: str | None
    edited_here: bool


@dataclass
class Survey:
    """The outcome of the first pass."""

    links: LinkMap = field(default_factory=LinkMap)
    known: dict[str, Known] = field(default_factory=dict)
    where: dict[str, str] = field(default_factory=dict)  # source id -> its first record
    products: set[str] = field(default_factory=set)
    records: int = 0


def take_survey(
    database: Database, actor: Viewer, source: str, records: Iterable[Record | Bad], *, keep: bool
) -> Survey:
    """Read all records once. `keep`: promised addresses are stored, so that an interrupted run can go on."""
    survey = Survey()
    with database.read() as session:
        _remember(session, actor, source, survey)
    found = iter(records)
    while batch := list(islice(found, RESERVE)):
        survey.records += len(batch)
        promised = [row for record in batch if isinstance(record, Record) for row in _promise(record, source, survey)]
        if keep and promised:
            with database.write() as session:
                session.add_all(promised)
    return survey


def _remember(session: Session, actor: Viewer, source: str, survey: Survey) -> None:
    columns = (Article.id, Article.source_id, Article.source_hash, Article.edited_here)
    statement = Article.visible_to(actor, *columns, ArticleTranslation.language, ArticleTranslation.slug)
    statement = statement.join(ArticleTranslation, ArticleTranslation.article_id == Article.id)
    for row in session.execute(statement.where(Article.source == source, Article.source_id.is_not(None))):
        survey.known[row.source_id] = Known(row.id, row.source_hash, row.edited_here)
        survey.links.add(row.source_id)
        survey.links.slugs[row.source_id][row.language] = row.slug
    for kept in session.scalars(select(SlugReservation).where(SlugReservation.source == source)):
        survey.links.slugs.setdefault(kept.source_id, {}).setdefault(kept.language, kept.slug)


def _promise(record: Record, source: str, survey: Survey) -> Sequence[SlugReservation]:
    if record.source_id in survey.where:
        return ()
    survey.where[record.source_id] = record.where
    survey.products.update(record.products)
    survey.links.add(record.source_id, *record.aliases)
    new = [language for language in record.texts if language not in survey.links.slugs[record.source_id]]
    return [
        SlugReservation(
            source=source,
            source_id=record.source_id,
            language=language,
            slug=survey.links.promise(record.source_id, language, record.texts[language].title),
        )
        for language in new
    ]


def forget_promises(database: Database, actor: Viewer, source: str) -> None:
    """Remove the promises that were kept. The others stay, so that the next run writes the same links."""
    used = ArticleTranslation.visible_to(actor, ArticleTranslation.slug).scalar_subquery()
    with database.write() as session:
        session.execute(
            delete(SlugReservation)
            .where(SlugReservation.source == source, SlugReservation.slug.in_(used))
            .execution_options(synchronize_session=False)
        )
