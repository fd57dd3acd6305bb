"""Words that find an article though it does not say them."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.models import ArticleKeyword


def keywords_of(session: Session, article_ids: Collection[int]) -> dict[tuple[int, str], list[str]]:
    """By article and language: one statement."""
    found: dict[tuple[int, str], list[str]] = {}
    statement = select(ArticleKeyword).where(ArticleKeyword.article_id.in_(article_ids))
    for row in session.scalars(statement.order_by(ArticleKeyword.words)):
        found.setdefault((row.article_id, row.language), []).append(row.words)
    return found
