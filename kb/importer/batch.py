"""One batch of records: their files stored, their texts rendered, everything written in one transaction."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session, selectinload

from kb.events import ArticlesChanged
from kb.importer.beside import Given, Media, give_keys
from kb.importer.prepare import Prepared, Preparer
from kb.importer.reader import Reader
from kb.importer.record import Bad, Record
from kb.models import Article, ArticleTranslation, Revision
from kb.services.attachments import add_attachment, discard_surplus, link_files
from kb.services.rendering import render_article
from kb.services.write import Writer, load_existing
from sportello.core import outbox
from sportello.core.audience import Viewer, system
from sportello.core.db import Database
from sportello.core.errors import Invalid
from sportello.core.markup import Rendered

RENDERERS = 2


@dataclass(frozen=True)
class Made:
    """A record ready to be written."""

    item: Prepared
    rendered: dict[str, Rendered]
    given: Given


@dataclass
class Batches:
    """Takes batch after batch. `taken`: keys of files given out in this run."""

    database: Database
    actor: Viewer
    preparer: Preparer
    reader: Reader
    media: Media | None = None
    taken: set[str] = field(default_factory=set)

    def take(self, batch: Iterable[Record | Bad]) -> None:
        """Deal with one batch, in one transaction."""
        prepared = [found for record in batch if (found := self.preparer.prepare(record))]
        if self.preparer.options.dry_run:
            for item in prepared:
                self._count(item)
            return
        made = self._render([self._with_files(item) for item in prepared])
        try:
            if made:
                self._write(made)
        finally:
            self._discard(made)

    def _with_files(self, item: Prepared) -> tuple[Prepared, Given]:
        """The record with addresses in place of the marks of its files, which are stored."""
        if self.media is None or not item.files:
            return item, Given()
        with self.database.read() as session:
            known = item.known.article_id if item.known else None
            given, refused = give_keys(session, self.media, list(item.files.values()), known, self.taken)
        self.preparer.report.refused_files.update(f"{name}: {reason}" for name, reason in refused.items())
        texts = {
            language: replace(words, markdown=given.written(words.markdown))
            for language, words in item.draft.texts.items()
        }
        return replace(item, draft=replace(item.draft, texts=texts)), given

    def _render(self, prepared: list[tuple[Prepared, Given]]) -> list[Made]:
        """Outside the transaction: rendering takes most of the time, and nobody shall wait for it."""

        def one(pair: tuple[Prepared, Given]) -> Made | Bad:
            item, given = pair
            try:
                texts = item.draft.texts.items()
                rendered = {language: render_article(words.markdown, language) for language, words in texts}
                return Made(item, rendered, given)
            except Invalid as error:
                return Bad(item.record.where, str(error))

        with ThreadPoolExecutor(RENDERERS) as pool:
            outcomes = list(pool.map(one, prepared))
        self.preparer.report.bad += [outcome for outcome in outcomes if isinstance(outcome, Bad)]
        return [outcome for outcome in outcomes if isinstance(outcome, Made)]

    def _write(self, batch: list[Made]) -> None:
        with self.database.write() as session:
            ids = [made.item.known.article_id for made in batch if made.item.known]
            loads = [selectinload(part) for part in (Article.products, Article.versions, Article.tags, Article.codes)]
            statement = Article.visible_to(self.actor).where(Article.id.in_(ids)).options(*loads)
            existing = load_existing(session, session.scalars(statement).all() if ids else [], self.actor)
            writer = Writer(session, self.actor.person_id)
            categories = (made.item.draft.category for made in batch)
            self.preparer.catalogue.make_categories(session, self.actor, categories, writer, self.reader.categories)
            changed = []
            with session.no_autoflush:
                for made in batch:
                    before = existing.get(made.item.known.article_id) if made.item.known else None
                    slugs = self.preparer.survey.links.slugs.get(made.item.record.source_id)
                    article = writer.write(made.item.draft, made.rendered, before, slugs)
                    self._attach(session, article, made.given)
                    changed.append(article.key)
            outbox.emit(session, ArticlesChanged(changed))
        for made in batch:
            self._count(made.item)

    def _attach(self, session: Session, article: Article, given: Given) -> None:
        if not given.keys:
            return
        for key, file, stored in given.stored:
            add_attachment(session, article, stored, key=key, alt=file.alt, person_id=self.actor.person_id)
        session.flush()
        current = Revision.visible_to(system()).where(
            ArticleTranslation.article_id == article.id, ArticleTranslation.revision_id == Revision.id
        )
        for revision in session.scalars(current).all():
            link_files(session, revision)

    def _discard(self, made: list[Made]) -> None:
        """Bytes that no row came to name: their content was there already, or the transaction failed."""
        if self.media is None or not any(one.given.stored for one in made):
            return
        with self.database.read() as session:
            for one in made:
                for _key, _file, stored in one.given.stored:
                    discard_surplus(session, self.media.storage, stored)

    def _count(self, item: Prepared) -> None:
        report = self.preparer.report
        if item.known:
            report.changed += 1
        else:
            report.new += 1
        report.drafts += not any(words.published for words in item.draft.texts.values())
        report.texts.add(item.changes)
        self.preparer.announce("changed" if item.known else "new", item.record)
