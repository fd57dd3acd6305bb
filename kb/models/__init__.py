"""What the knowledge base keeps. Articles, their translations and revisions are read through `visible_to` only."""

from kb.models.around import ArticleVote, SlugReservation
from kb.models.articles import Article, ArticleTranslation, Kind, Revision, SlugHistory, is_published
from kb.models.browsing import ArticleCode, ArticleTag, Category, article_product, article_version

__all__ = [
    "Article",
    "ArticleCode",
    "ArticleTag",
    "ArticleTranslation",
    "ArticleVote",
    "Category",
    "Kind",
    "Revision",
    "SlugHistory",
    "SlugReservation",
    "article_product",
    "article_version",
    "is_published",
]
