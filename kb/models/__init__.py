"""What the knowledge base keeps. Articles, their translations and revisions are read through `visible_to` only."""

from kb.models.around import (
    ArchivedAddress,
    ArticleKeyword,
    ArticleLink,
    ArticleViews,
    ArticleVote,
    ProblemReport,
    SlugReservation,
)
from kb.models.articles import (
    Article,
    ArticleTranslation,
    Confidence,
    Kind,
    Revision,
    Significance,
    SlugHistory,
    is_published,
)
from kb.models.attachments import Attachment, Blob, revision_attachment
from kb.models.browsing import ArticleCode, ArticleTag, Category, article_product, article_version

__all__ = [
    "ArchivedAddress",
    "Article",
    "ArticleCode",
    "ArticleKeyword",
    "ArticleLink",
    "ArticleTag",
    "ArticleTranslation",
    "ArticleViews",
    "ArticleVote",
    "Attachment",
    "Blob",
    "Category",
    "Confidence",
    "Kind",
    "ProblemReport",
    "Revision",
    "Significance",
    "SlugHistory",
    "SlugReservation",
    "article_product",
    "article_version",
    "is_published",
    "revision_attachment",
]
