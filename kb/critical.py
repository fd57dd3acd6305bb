"""An article that a critical notice is about says so: at its head, in lists and in search."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from kb.events import ArticleChanged
from kb.models import Article, ArticleTranslation
from kb.queries.articles import languages_of
from kb.subjects import ARTICLE
from sportello.core import outbox
from sportello.core.audience import system


class ArticleMark:
    """Sets and clears the article's own critical remark."""

    kind = ARTICLE

    def mark(self, session: Session, key: str, words: Mapping[str, str]) -> None:
        """The source language speaks for those that have no words of their own."""
        article, languages = _of(session, key)
        if article is None or not words:
            return
        article.critical = _spoken(article, words)
        for row in languages:
            own = words.get(row.language)
            row.critical = own if own != article.critical else None
        outbox.emit(session, ArticleChanged(key))

    def unmark(self, session: Session, key: str, words: Mapping[str, str]) -> None:
        """A remark that an editor has written since stays."""
        article, languages = _of(session, key)
        if article is None or not words or article.critical != _spoken(article, words):
            return
        article.critical = None
        for row in languages:
            row.critical = None
        outbox.emit(session, ArticleChanged(key))


def _of(session: Session, key: str) -> tuple[Article | None, Sequence[ArticleTranslation]]:
    article = session.scalars(Article.visible_to(system()).where(Article.key == key)).one_or_none()
    return article, languages_of(session, system(), article.id) if article else ()


def _spoken(article: Article, words: Mapping[str, str]) -> str:
    return words.get(article.source_language or "") or words.get("en") or next(iter(words.values()))
