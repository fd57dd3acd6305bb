"""Articles that belong beside an article: shared tags and codes, the same category, the same product."""

from collections.abc import Sequence

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from kb.models import Article, ArticleCode, ArticleTag, ArticleTranslation, article_product
from kb.queries.lists import rows
from sportello.core.audience import Viewer

NEIGHBOURS = 5
CODE, TAG, CATEGORY, PRODUCT = 4, 2, 3, 1  # what sharing one weighs


def related_articles(
    session: Session, viewer: Viewer, article: Article, limit: int = NEIGHBOURS
) -> Sequence[ArticleTranslation]:
    """The closest articles that the viewer may read, by the sum of what they share; then votes, then newest.

    Only visible rows are scored and only by themselves, so hidden ones change neither choice nor order. Three
    statements. Articles that share nothing but the product come only after all others.
    """
    codes = select(ArticleCode.code).where(ArticleCode.article_id == article.id)
    tags = select(ArticleTag.tag).where(ArticleTag.article_id == article.id)
    products = select(article_product.c.product_id).where(article_product.c.article_id == article.id)
    shared = union_all(
        select(ArticleCode.article_id.label("id"), literal(CODE).label("points")).where(
            ArticleCode.code.in_(codes)
        ),
        select(ArticleTag.article_id, literal(TAG)).where(ArticleTag.tag.in_(tags)),
        # -1: no category is no kinship (a comparison with None would mean "has none either")
        Article.visible_to(viewer, Article.id, literal(CATEGORY)).where(
            Article.category_id == (article.category_id or -1)
        ),
        select(article_product.c.article_id, literal(PRODUCT)).where(
            article_product.c.product_id.in_(products)
        ),
    ).subquery()
    points = func.sum(shared.c.points)
    scored = select(shared.c.id, points.label("points")).group_by(shared.c.id).subquery()
    statement = (
        rows(viewer)
        .join(scored, scored.c.id == Article.id)
        .where(Article.id != article.id)
        .order_by(
            scored.c.points.desc(),
            Article.votes_yes.desc(),
            ArticleTranslation.updated_at.desc(),
            ArticleTranslation.slug.desc(),
        )
        .limit(limit)
    )
    return session.scalars(statement).unique().all()
