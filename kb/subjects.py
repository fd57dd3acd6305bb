"""Articles as subjects of notices: what stands in a notice about one, and who may hear of it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, contains_eager

from kb.models import Article, ArticleTranslation, Category
from kb.queries.kept import as_reader, kept
from kb.queries.remembered import remembered
from sportello.core import clock
from sportello.core.audience import Viewer, system
from sportello.core.types import Ref
from sportello.notifications.registry import Subject

ARTICLE = "article"


class ArticleSubjects:
    """Articles, as subjects of notices."""

    kind = ARTICLE

    def subjects(self, session: Session, keys: Collection[str]) -> dict[str, Subject]:
        """Those that exist; what nobody reads now is not released, and has the titles that it had.

        Six statements, or one when nothing has changed since they were asked for: thousands of mails are about one.
        """
        return dict(_subjects(session, system(), tuple(sorted(keys))))

    def visible_keys(self, viewer: Viewer) -> Select[Any]:
        """Keys of the articles that they read, as readers do: drafts are not told to those who write either."""
        return _keys(as_reader(viewer))


@remembered
def _subjects(session: Session, viewer: Viewer, keys: tuple[str, ...]) -> dict[str, Subject]:
    article = contains_eager(ArticleTranslation.article)
    statement = ArticleTranslation.visible_to(viewer).where(Article.key.in_(keys))
    statement = statement.order_by(Article.id, ArticleTranslation.language).options(
        article.joinedload(Article.category),
        article.selectinload(Article.products),
        article.selectinload(Article.versions),
        article.selectinload(Article.tags),
    )
    by_key: dict[str, list[ArticleTranslation]] = {}
    for row in session.scalars(statement).unique():
        by_key.setdefault(row.article.key, []).append(row)
    parents = _parents(session) if any(rows[0].article.category for rows in by_key.values()) else {}
    return {key: _subject(rows, parents) for key, rows in by_key.items()}


@kept
def _keys(viewer: Viewer) -> Select[Any]:
    return Article.visible_to(viewer, Article.key)


def _subject(rows: Sequence[ArticleTranslation], parents: Mapping[str, str]) -> Subject:
    article, now = rows[0].article, clock.now()
    read = [row for row in rows if row.published_at is not None and row.published_at <= now]
    shown = read or rows
    codes = {product.id: product.code for product in article.products}
    versions: dict[str, list[str]] = {}
    for version in article.versions:
        if version.product_id in codes:
            versions.setdefault(codes[version.product_id], []).append(version.name)
    return Subject(
        ref=Ref(ARTICLE, article.key),
        audience=article.audience,
        released=bool(read),
        titles={row.language: row.title for row in shown},
        paths={row.language: f"/kb/{row.slug}" for row in shown},
        summaries={row.language: row.summary for row in shown if row.summary},
        around=(
            *(Ref("product", code) for code in codes.values()),
            *(Ref("category", code) for code in _upwards(article.category, parents)),
            *(Ref("tag", row.tag) for row in article.tags),
        ),
        products=frozenset(codes.values()),
        versions=versions,
        source_language=article.source_language or shown[0].language,
    )


def _parents(session: Session) -> dict[str, str]:
    """The category above each, by code."""
    rows = session.execute(select(Category.id, Category.code, Category.parent_id)).all()
    codes = {row.id: row.code for row in rows}
    return {row.code: codes[row.parent_id] for row in rows if row.parent_id in codes}


def _upwards(category: Category | None, parents: Mapping[str, str]) -> list[str]:
    """A category and those that it lies in: who follows one of them follows it."""
    path: list[str] = []
    code = category.code if category else None
    while code is not None and code not in path:
        path.append(code)
        code = parents.get(code)
    return path
