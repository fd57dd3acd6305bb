"""Create or change articles: the one place that writes their rows."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.events import ArticleChanged
from kb.models import Article, ArticleCode, ArticleTag, ArticleTranslation, Category, Revision
from kb.services.attachments import link_files
from kb.services.draft import Draft, DraftText
from kb.services.rendering import make_revision, render_article
from kb.services.verify import reckon
from kb.services.visibility import earliest, give_readers, hide, narrows
from sportello.accounts.models import Person, Product
from sportello.core import clock, keys, outbox
from sportello.core.audience import Viewer, check_key
from sportello.core.errors import N_, Invalid
from sportello.core.markup import Rendered
from sportello.core.policy import Action, require


@dataclass
class Existing:
    """An article as it stands: its translations by language, with the texts of their current revisions."""

    article: Article
    translations: dict[str, ArticleTranslation] = field(default_factory=dict)
    texts: dict[str, tuple[str, str]] = field(default_factory=dict)  # language -> title, markdown
    numbers: dict[str, int] = field(default_factory=dict)  # language -> last revision


def create_or_update(
    session: Session,
    actor: Viewer,
    draft: Draft,
    *,
    ladder: Collection[str],
    existing: Existing | None = None,
) -> Article:
    """Make an article from `draft`, published, or make an existing one equal to it.

    `ladder`: the plan codes of this site. Raises Forbidden, Invalid (unknown audience, product or category among it).
    """
    require(actor, Action.ARTICLE_IMPORT)
    draft.check()
    check_key(draft.audience, ladder)
    rendered = {language: render_article(text.markdown, language) for language, text in draft.texts.items()}
    if existing is None and draft.source_id is not None:
        existing = find_imported(session, actor, draft.source, draft.source_id)
    article = Writer(session, actor.person_id).write(draft, rendered, existing)
    outbox.emit(session, ArticleChanged(article.key))
    return article


class Writer:
    """Writes drafts in one session; looks products and categories up once. Emits nothing: its caller does."""

    def __init__(self, session: Session, author_id: int | None = None) -> None:
        self.session = session
        self.author_id = author_id
        self.products = {product.code: product for product in session.scalars(select(Product))}
        self.categories = {category.code: category for category in session.scalars(select(Category))}

    def write(
        self,
        draft: Draft,
        rendered: Mapping[str, Rendered],
        existing: Existing | None = None,
        slugs: Mapping[str, str] | None = None,
    ) -> Article:
        """Write one checked draft. `slugs`: addresses promised to new languages.

        Raises Invalid for a product or category that does not exist.
        """
        now = clock.now()
        updated = min(draft.updated_at or now, now)
        if existing is None:
            key = draft.key or keys.new_key()
            article = Article(key=key, created_at=now, updated_at=updated, audience=draft.audience)
            self.session.add(article)
            existing = Existing(article)
        elif narrows(existing.article.audience, draft.audience) and existing.texts:
            hide(self.session, existing.article)
        self._describe(existing.article, draft, updated)
        for language, text in draft.texts.items():
            translation = existing.translations.get(language)
            if translation is None:
                slug = (slugs or {}).get(language) or keys.new_slug(text.title)
                translation = ArticleTranslation(article=existing.article, language=language, slug=slug)
                self.session.add(translation)
                existing.translations[language] = translation
            self._translate(existing, translation, text, rendered[language], updated)
        existing.article.published_at = earliest(existing.translations.values())
        return existing.article

    def _describe(self, article: Article, draft: Draft, updated: datetime) -> None:
        article.audience = draft.audience
        article.kind = draft.kind
        article.category = self._category(draft.category) if draft.category else None
        article.critical = draft.critical
        article.confidence = draft.confidence
        article.verified_at, article.verify_days = draft.verified_at, draft.verify_days
        reckon(article)
        article.updated_at = updated
        article.owner_id = self._person(draft.owner) if draft.owner else article.owner_id
        article.source, article.source_id = draft.source, draft.source_id
        article.source_hash, article.edited_here = draft.source_hash, False
        if draft.votes is not None:
            article.votes_yes, article.votes_no = draft.votes
        article.products = [self._product(code) for code in dict.fromkeys(draft.products)]
        named = set(draft.versions)
        article.versions = [
            version
            for product in article.products
            for version in product.versions
            if version.name in named or f"{product.code} {version.name}" in named
        ]
        kept_tags = {row.tag: row for row in article.tags}
        article.tags = [kept_tags.get(tag) or ArticleTag(tag=tag) for tag in dict.fromkeys(draft.tags)]
        kept_codes = {row.code: row for row in article.codes}
        article.codes = [kept_codes.get(code) or ArticleCode(code=code) for code in dict.fromkeys(draft.codes)]

    def _translate(
        self,
        existing: Existing,
        translation: ArticleTranslation,
        text: DraftText,
        rendered: Rendered,
        updated: datetime,
    ) -> None:
        language = translation.language
        translation.title = text.title
        translation.summary = text.summary
        translation.critical = text.critical
        translation.updated_at = min(text.updated_at or updated, clock.now())
        self._release(existing.article, translation, text)
        if existing.texts.get(language) != (text.title, text.markdown):
            number = existing.numbers.get(language, 0) + 1
            translation.revision = make_revision(translation, text, rendered, number=number, author_id=self.author_id)
            link_files(self.session, translation.revision)

    def _release(self, article: Article, translation: ArticleTranslation, text: DraftText) -> None:
        """Published or not, as the text says; what lies in the archive or in the bin stays there."""
        if article.archived_at is not None or article.binned_at is not None:
            return
        if not text.published and translation.published_at is not None:
            translation.published_at = None
            hide(self.session, article)
        elif text.published and translation.published_at is None:
            give_readers(translation, min(text.published_at or clock.now(), clock.now()))

    def _product(self, code: str) -> Product:
        if (product := self.products.get(code)) is None:
            raise Invalid(N_("There is no product “%(code)s”."), field="product", code=code)
        return product

    def _person(self, email: str) -> int | None:
        return self.session.scalar(select(Person.id).where(Person.email == email.lower()))

    def _category(self, code: str) -> Category:
        if (category := self.categories.get(code)) is None:
            raise Invalid(N_("There is no category “%(code)s”."), field="category", code=code)
        return category


def find_imported(session: Session, actor: Viewer, source: str | None, source_id: str) -> Existing | None:
    """The article that came from a record, if it is there."""
    statement = Article.visible_to(actor).where(Article.source == source, Article.source_id == source_id)
    article = session.scalars(statement).one_or_none()
    return load_existing(session, [article], actor)[article.id] if article else None


def load_existing(session: Session, articles: Iterable[Article], actor: Viewer) -> dict[int, Existing]:
    """Everything that `Writer.write` compares with, for some articles, in two queries; by article id."""
    found = {article.id: Existing(article) for article in articles}
    if not found:
        return found
    of_these = ArticleTranslation.article_id.in_(list(found))
    statement = Article.visible_to(actor, ArticleTranslation).join(
        ArticleTranslation, ArticleTranslation.article_id == Article.id
    )
    by_id = {}
    for translation in session.scalars(statement.where(of_these)):
        found[translation.article_id].translations[translation.language] = translation
        by_id[translation.id] = translation
    revisions = Revision.visible_to(
        actor, Revision.id, Revision.translation_id, Revision.number, Revision.title, Revision.markdown
    ).where(Revision.translation_id.in_(list(by_id)))
    for row in session.execute(revisions):
        translation = by_id[row.translation_id]
        existing = found[translation.article_id]
        number = existing.numbers.get(translation.language, 0)
        existing.numbers[translation.language] = max(number, row.number)
        if row.id == translation.revision_id:
            existing.texts[translation.language] = (row.title, row.markdown)
    return found
