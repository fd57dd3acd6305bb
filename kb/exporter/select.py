"""What is exported: the articles that the viewer reads, in batches, with everything that stands in their files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from kb.importer.native import file_of, in_order
from kb.models import Article, ArticleTranslation, Attachment, Category, Revision, article_product, revision_attachment
from sportello.accounts.models import Person, Product
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.db import Database

BATCH = 100


@dataclass(frozen=True)
class What:
    """Which articles: of a product (code), in a language, drafts too. Drafts are for those who write."""

    product: str = ""
    language: str = ""
    drafts: bool = False


@dataclass
class Exported:
    """One article: its languages with the texts that are exported, and the files of each."""

    article: Article
    translations: dict[str, ArticleTranslation] = field(default_factory=dict)
    revisions: dict[str, Revision] = field(default_factory=dict)
    files: dict[str, list[Attachment]] = field(default_factory=dict)
    owner: str | None = None  # e-mail address


def count(session: Session, viewer: Viewer, what: What) -> int:
    """How many articles there are to export."""
    distinct = func.count(ArticleTranslation.article_id.distinct())
    return session.scalar(ArticleTranslation.visible_to(viewer, distinct).where(*_which(viewer, what))) or 0


def file_names(session: Session, viewer: Viewer, what: What) -> dict[str, str]:
    """The Markdown file of every slug that is exported. One statement."""
    columns = (ArticleTranslation.article_id, ArticleTranslation.language, ArticleTranslation.slug)
    statement = ArticleTranslation.visible_to(viewer, *columns).where(*_which(viewer, what))
    articles: dict[int, dict[str, str]] = {}
    for article_id, language, slug in session.execute(statement):
        articles.setdefault(article_id, {})[language] = slug
    names = {}
    for slugs in articles.values():
        languages = in_order(slugs)
        names.update({slug: file_of(slugs[languages[0]], one, languages) for one, slug in slugs.items()})
    return names


def batches(database: Database, viewer: Viewer, what: What) -> Iterator[tuple[Session, list[Exported]]]:
    """The articles in a steady order, each batch in a short reading session of its own."""
    after = 0
    while True:
        with database.read() as session:
            ids = ArticleTranslation.visible_to(viewer, ArticleTranslation.article_id).where(
                *_which(viewer, what), ArticleTranslation.article_id > after
            )
            found = session.scalars(ids.distinct().order_by(ArticleTranslation.article_id).limit(BATCH)).all()
            if not found:
                return
            after = found[-1]
            yield session, _load(session, viewer, what, found)


def _which(viewer: Viewer, what: What) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Article.binned_at.is_(None), Article.archived_at.is_(None)]
    published = ArticleTranslation.published_at <= clock.now()
    if what.drafts and viewer.writes:
        published = or_(published, ArticleTranslation.published_at.is_(None))
    found.append(published)
    if what.language:
        found.append(ArticleTranslation.language == what.language)
    if what.product:
        inside, product = article_product.c, select(Product.id).where(Product.code == what.product)
        found.append(Article.id.in_(select(inside.article_id).where(inside.product_id.in_(product))))
    return found


def _load(session: Session, viewer: Viewer, what: What, ids: Sequence[int]) -> list[Exported]:
    parts = (selectinload(Article.products), selectinload(Article.versions), selectinload(Article.tags))
    articles = Article.visible_to(viewer).where(Article.id.in_(ids)).order_by(Article.id)
    articles = articles.options(joinedload(Article.category), selectinload(Article.codes), *parts)
    found = {article.id: Exported(article) for article in session.scalars(articles)}
    statement = Revision.visible_to(viewer, Revision, ArticleTranslation).where(
        Revision.id == ArticleTranslation.revision_id, ArticleTranslation.article_id.in_(ids), *_which(viewer, what)
    )
    by_revision: dict[int, tuple[Exported, str]] = {}
    for revision, translation in session.execute(statement):
        item = found[translation.article_id]
        item.translations[translation.language] = translation
        item.revisions[translation.language] = revision
        by_revision[revision.id] = (item, translation.language)
    _files(session, viewer, by_revision)
    owners = {article.owner_id for article in (item.article for item in found.values()) if article.owner_id}
    emails: dict[int, Any] = dict(session.execute(select(Person.id, Person.email).where(Person.id.in_(owners))).all())
    for item in found.values():
        item.owner = emails.get(item.article.owner_id or 0)
    return [item for item in found.values() if item.translations]


def _files(session: Session, viewer: Viewer, by_revision: dict[int, tuple[Exported, str]]) -> None:
    listed = revision_attachment.c
    statement = (
        Attachment.visible_to(viewer, listed.revision_id, Attachment)
        .join(revision_attachment, listed.attachment_id == Attachment.id)
        .where(listed.revision_id.in_(list(by_revision)))
        .order_by(Attachment.key)
    )
    for revision_id, attachment in session.execute(statement):
        item, language = by_revision[revision_id]
        item.files.setdefault(language, []).append(attachment)


def categories_of(session: Session, codes: set[str]) -> dict[str, dict[str, Any]]:
    """Those categories and the ones they stand in, parents first, as their table says it."""
    rows = {row.id: row for row in session.scalars(select(Category).order_by(Category.code))}
    told: dict[str, dict[str, Any]] = {}

    def tell(row: Category) -> None:
        above = rows.get(row.parent_id or 0)
        if row.code in told:
            return
        told[row.code] = {"names": dict(sorted(row.names.items())), "position": row.position}
        if above is not None:
            told[row.code]["parent"] = above.code
            tell(above)

    for row in rows.values():
        if row.code in codes:
            tell(row)
    return dict(sorted(told.items()))


def products_of(session: Session, codes: set[str]) -> dict[str, dict[str, Any]]:
    """Those products with their versions, as their table says it."""
    statement = select(Product).where(Product.code.in_(codes)).options(selectinload(Product.versions))
    rows = session.scalars(statement.order_by(Product.code))
    return {row.code: {"name": row.name, "versions": [version.name for version in row.versions]} for row in rows}
