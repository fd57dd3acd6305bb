"""How articles are found: what stands in the index for them, and what a hit shows."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import sqrt
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, or_
from sqlalchemy.orm import Session, contains_eager, joinedload, load_only

from kb.models import Article, ArticleTag, ArticleTranslation, Confidence, Kind, Revision, article_product
from kb.queries.filewords import parts_of, words_of_files
from kb.queries.freshness import is_verified
from kb.queries.kept import as_reader
from kb.queries.keywords import keywords_of
from kb.queries.lists import in_best_language
from search_index.documents import DocumentText, Filters, SearchDocument
from search_index.sources import Part, Row
from sportello.accounts.models import Product
from sportello.core.audience import EVERY_AUDIENCE, Viewer
from sportello.core.errors import N_
from sportello.core.types import Ref

KIND = "article"
BATCH = 200
CONFIDENCE = 1.96  # standard deviations: 95 %
INDEXER = Viewer(audiences=EVERY_AUDIENCE, name="index")  # reads every audience, but only what is published

KIND_LABELS: Mapping[str, str] = {
    Kind.SOLUTION: N_("Solution"),
    Kind.HOW_TO: N_("How-to"),
    Kind.KNOWN_PROBLEM: N_("Known problem"),
    Kind.REFERENCE: N_("Reference"),
}
KIND_NAMES: Mapping[str, str] = {
    Kind.SOLUTION: N_("Solutions"),
    Kind.HOW_TO: N_("How-to"),
    Kind.KNOWN_PROBLEM: N_("Known problems"),
    Kind.REFERENCE: N_("Reference"),
}
CONFIDENCE_LABELS: Mapping[str, str] = {
    Confidence.WORK_IN_PROGRESS: N_("Work in progress"),
    Confidence.NOT_VALIDATED: N_("Not validated"),
}
"""What readers are told of an article that is not validated."""


def wilson(yes: int, no: int) -> float:
    """Lower bound of the share of "yes" at 95 % confidence, 0 to 1 (E. B. Wilson, 1927); 0 without votes."""
    n = yes + no
    if not n:
        return 0.0
    share, z2 = yes / n, CONFIDENCE**2
    spread = CONFIDENCE * sqrt((share * (1 - share) + z2 / (4 * n)) / n)
    return (share + z2 / (2 * n) - spread) / (1 + z2 / n)


class ArticleSource:
    """Articles, for search."""

    kind = KIND
    kinds = KIND_NAMES

    def documents(self, session: Session) -> Iterator[SearchDocument]:
        """Every published article, in batches."""
        after = 0
        while True:
            statement = Article.visible_to(INDEXER, Article.id).where(Article.id > after)
            ids = session.scalars(statement.order_by(Article.id).limit(BATCH)).all()
            if not ids:
                return
            after = ids[-1]
            yield from _documents(session, Article.id.in_(ids))
            session.expunge_all()

    def document(self, session: Session, key: str) -> SearchDocument | None:
        """The published languages of one article, or None."""
        return next(iter(_documents(session, Article.key == key)), None)

    def load(self, session: Session, viewer: Viewer, keys: Mapping[str, str], language: str) -> dict[str, Row]:
        """What hits show. Three statements."""
        statement = _rows(viewer).where(Article.key.in_(keys))
        found: dict[str, ArticleTranslation] = {}
        for translation in session.scalars(statement).unique():
            key = translation.article.key
            ranks = {keys[key]: 0, language: 1} if keys[key] != language else {language: 0}
            before = found.get(key)
            if before is None or ranks.get(translation.language, 2) < ranks.get(before.language, 2):
                found[key] = translation
        return {key: _row(translation) for key, translation in found.items()}

    def parts(self, session: Session, viewer: Viewer, keys: Mapping[str, str]) -> Mapping[str, Sequence[Part]]:
        """Their attachments with words in them."""
        return parts_of(session, viewer, keys)

    def product_names(self, session: Session, viewer: Viewer, codes: Collection[str]) -> dict[str, str]:
        """Names of those products that have an article the viewer may read."""
        published = Article.visible_to(as_reader(viewer), Product.code, Product.name)
        statement = published.join(Article.products)
        rows = session.execute(statement.where(Product.code.in_(sorted(codes))).distinct())
        return {row.code: row.name for row in rows}

    def fallback(
        self, session: Session, viewer: Viewer, words: Sequence[str], *, filters: Filters, language: str, limit: int
    ) -> list[Row]:
        """Articles with every word in title or text, newest first."""
        statement = _rows(viewer).where(*_filters(filters))
        if not filters.languages:
            statement = statement.where(in_best_language(as_reader(viewer)))
        for word in words:
            inside = (column.icontains(word, autoescape=True) for column in (Revision.title, Revision.plain))
            statement = statement.where(or_(*inside))
        statement = statement.join(Revision, Revision.id == ArticleTranslation.revision_id)
        newest = (ArticleTranslation.updated_at.desc(), ArticleTranslation.slug.desc())
        return [_row(found) for found in session.scalars(statement.order_by(*newest).limit(limit)).unique()]


source = ArticleSource()


def _documents(session: Session, which: ColumnElement[bool]) -> Iterable[SearchDocument]:
    article = contains_eager(ArticleTranslation.article)
    revision = joinedload(ArticleTranslation.revision).load_only(Revision.title, Revision.plain, Revision.headings)
    statement = ArticleTranslation.visible_to(INDEXER).where(which).options(
        revision,
        article.joinedload(Article.category),
        article.selectinload(Article.products),
        article.selectinload(Article.versions),
        article.selectinload(Article.tags),
        article.selectinload(Article.codes),
    )  # fmt: skip
    articles: dict[int, list[ArticleTranslation]] = {}
    for translation in session.scalars(statement.order_by(Article.id, ArticleTranslation.language)).unique():
        articles.setdefault(translation.article_id, []).append(translation)
    keywords = keywords_of(session, articles)
    revisions = [row.revision_id for translations in articles.values() for row in translations if row.revision_id]
    files = words_of_files(session, INDEXER, revisions)
    for translations in articles.values():
        yield _document(translations[0].article, translations, keywords, files)


def _document(
    article: Article,
    translations: Sequence[ArticleTranslation],
    keywords: Mapping[tuple[int, str], Sequence[str]],
    files: Mapping[int, str],
) -> SearchDocument:
    codes = {product.id: product.code for product in article.products}
    wordings = {row.language: keywords.get((article.id, row.language), ()) for row in translations}
    inside = {row.language: files.get(row.revision_id or 0, "") for row in translations}
    versions = [f"{codes[row.product_id]} {row.name}" for row in article.versions if row.product_id in codes]
    return SearchDocument(
        ref=Ref(KIND, article.key),
        audience=article.audience,
        kind=article.kind,
        texts={row.language: _text(article, row, wordings[row.language], inside[row.language]) for row in translations},
        products=tuple(codes.values()),
        versions=tuple(versions),
        tags=tuple(row.tag for row in article.tags),
        category=article.category.code if article.category else "",
        updated=max(row.updated_at for row in translations),
        verified=is_verified(article.verified_at, article.verify_due_at),
        helpful=wilson(article.votes_yes, article.votes_no),
        votes=article.votes_yes,
    )


def _text(article: Article, translation: ArticleTranslation, keywords: Sequence[str], inside: str) -> DocumentText:
    """`inside`: the words of its files, which come after its own."""
    names = article.category.names if article.category else {}
    words = [
        *(row.code for row in article.codes),
        *(row.tag for row in article.tags),
        *(product.name for product in article.products),
        names.get(translation.language) or next(iter(names.values()), ""),
        translation.summary,
        *keywords,
    ]
    revision = translation.revision
    return DocumentText(
        title=translation.title,
        body="\n".join(filter(None, (revision.plain if revision else "", inside))),
        headings=revision.headings if revision else "",
        keywords="\n".join(word for word in words if word),
    )


def _rows(viewer: Viewer) -> Select[Any]:
    article = contains_eager(ArticleTranslation.article)
    return ArticleTranslation.visible_to(as_reader(viewer)).options(
        joinedload(ArticleTranslation.revision).options(load_only(Revision.plain)),
        article.selectinload(Article.products),
        article.selectinload(Article.versions),
    )


def _row(translation: ArticleTranslation) -> Row:
    article = translation.article
    return Row(
        ref=Ref(KIND, article.key),
        kind=article.kind,
        slug=translation.slug,
        title=translation.title,
        path=f"/kb/{translation.slug}",
        language=translation.language,
        text=translation.revision.plain if translation.revision else "",
        summary=translation.summary,
        updated=translation.updated_at,
        verified=article.verified_at if is_verified(article.verified_at, article.verify_due_at) else None,
        caution=CONFIDENCE_LABELS.get(article.confidence, ""),
        products=tuple(product.name for product in article.products),
        versions=tuple(version.name for version in article.versions),
        votes=article.votes_yes,
        critical=article.critical is not None,
        label=KIND_LABELS.get(article.kind, article.kind),
    )


def _filters(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.kinds:
        found.append(Article.kind.in_(filters.kinds))
    if filters.languages:
        found.append(ArticleTranslation.language.in_(filters.languages))
    if filters.products:
        found.append(
            exists().where(
                article_product.c.article_id == Article.id,
                article_product.c.product_id == Product.id,
                Product.code.in_(filters.products),
            )
        )
    if filters.tags:
        found.append(exists().where(ArticleTag.article_id == Article.id, ArticleTag.tag.in_(filters.tags)))
    if filters.updated_from:
        found.append(ArticleTranslation.updated_at >= filters.updated_from)
    if filters.updated_to:
        found.append(ArticleTranslation.updated_at < filters.updated_to)
    return found
