"""What everybody may read, for feeds and the sitemap: always through the eyes of an anonymous viewer."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from sqlalchemy.orm import Session

from kb.models import ArticleTranslation
from kb.queries.cards import Card
from kb.queries.lists import list_articles
from sportello.core.audience import anonymous

FEED_ITEMS = 50
SITEMAP_ITEMS = 50_000  # what the protocol allows in one file


class Address(NamedTuple):
    """One language of a public article."""

    language: str
    slug: str
    updated_at: datetime


def feed_items(session: Session, language: str) -> Sequence[Card]:
    """The newest public articles, in `language` where they have it."""
    return list_articles(session, anonymous(language), limit=FEED_ITEMS).items


def public_addresses(session: Session) -> Iterator[list[Address]]:
    """Every public article as the list of its languages. One statement."""
    statement = (
        ArticleTranslation.visible_to(
            anonymous(),
            ArticleTranslation.article_id,
            ArticleTranslation.language,
            ArticleTranslation.slug,
            ArticleTranslation.updated_at,
        )
        .order_by(ArticleTranslation.article_id, ArticleTranslation.language)
        .limit(SITEMAP_ITEMS)
        .execution_options(yield_per=1000)
    )
    for _, languages in groupby(session.execute(statement), key=lambda row: row.article_id):
        yield [Address(row.language, row.slug, row.updated_at) for row in languages]
