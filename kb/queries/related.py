"""Articles that belong beside an article: shared tags and codes, the same category, the same product."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, literal, select, union_all
from sqlalchemy.orm import Session

from kb.models import Article, ArticleCode, ArticleTag, ArticleTranslation, article_product
from kb.queries.lists import rows
from sportello.core.audience import Viewer

NEIGHBOURS = 5
CODE, TAG, CATEGORY = 4, 2, 3  # what sharing one weighs


def related_articles(
    session: Session, viewer: Viewer, article: Article, limit: int = NEIGHBOURS
) -> Sequence[ArticleTranslation]:
    """The closest articles that the viewer may read, by the sum of what they share; then votes, then newest.

    Only visible rows count and only by themselves, so hidden ones change neither choice nor order. Articles that
    share nothing but a product fill what is left. Three statements, or six.
    """
    near = list(session.scalars(_sharing(viewer, article).limit(limit)).unique())
    if len(near) < limit:
        known = [article.id, *(row.article_id for row in near)]
        others = _same_product(viewer, article).where(Article.id.not_in(known)).limit(limit - len(near))
        near += session.scalars(others).unique()
    return near


def _sharing(viewer: Viewer, article: Article) -> Select[Any]:
    codes = select(ArticleCode.code).where(ArticleCode.article_id == article.id)
    tags = select(ArticleTag.tag).where(ArticleTag.article_id == article.id)
    arms: list[Select[Any, Any]] = [
        select(ArticleCode.article_id.label("id"), literal(CODE).label("points")).where(ArticleCode.code.in_(codes)),
        select(ArticleTag.article_id, literal(TAG)).where(ArticleTag.tag.in_(tags)),
    ]
    if article.category_id is not None:
        same = Article.visible_to(viewer, Article.id, literal(CATEGORY))
        arms.append(same.where(Article.category_id == article.category_id))
    shared = union_all(*arms).subquery()
    points = func.sum(shared.c.points)
    scored = select(shared.c.id, points.label("points")).group_by(shared.c.id).subquery()
    return _ordered(
        rows(viewer).join(scored, scored.c.id == Article.id).where(Article.id != article.id), scored.c.points.desc()
    )


def _same_product(viewer: Viewer, article: Article) -> Select[Any]:
    products = select(article_product.c.product_id).where(article_product.c.article_id == article.id)
    same = select(article_product.c.article_id).where(article_product.c.product_id.in_(products))
    return _ordered(rows(viewer).where(Article.id.in_(same)))


def _ordered(statement: Select[Any], *first: Any) -> Select[Any]:
    newest = (ArticleTranslation.updated_at.desc(), ArticleTranslation.slug.desc())
    return statement.order_by(*first, Article.votes_yes.desc(), *newest)
