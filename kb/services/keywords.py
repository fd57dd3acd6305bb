"""Wordings under which an article is found though it does not say them."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kb.events import ArticleChanged
from kb.models import Article, ArticleKeyword
from kb.queries.articles import get_article
from search_index.documents import LANGUAGES
from search_index.log import normal
from sportello.accounts.services import audit
from sportello.core import outbox
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Invalid
from sportello.core.policy import Action, require

MOST = 50  # of one article in one language


def add_keyword(session: Session, actor: Viewer, slug: str, language: str, words: str) -> Article:
    """Let the article be found by these words, in `language`. Twice is once. Raises NotFound, Forbidden, Invalid."""
    require(actor, Action.SEARCH_TUNE)
    article, words = get_article(session, actor, slug).article, normal(words)
    if not words or language not in LANGUAGES:
        raise Invalid(N_("Write the words that people search with."), field="words")
    mine = (ArticleKeyword.article_id == article.id, ArticleKeyword.language == language)
    known = set(session.scalars(select(ArticleKeyword.words).where(*mine)))
    if words in known:
        return article
    if len(known) >= MOST:
        raise Invalid(N_("This article has %(count)s such wordings already."), field="words", count=MOST)
    session.add(ArticleKeyword(article_id=article.id, language=language, words=words))
    session.flush()
    audit.record(session, actor, "keyword.added", slug, {}, {"language": language, "words": words})
    outbox.emit(session, ArticleChanged(article.key))
    return article


def remove_keyword(session: Session, actor: Viewer, key: str, language: str, words: str) -> bool:
    """Take the words from the article with this public key; False if it has not got them."""
    require(actor, Action.SEARCH_TUNE)
    article = session.scalar(Article.visible_to(actor).where(Article.key == key))
    if article is None:
        return False
    of_article = (ArticleKeyword.article_id == article.id, ArticleKeyword.language == language)
    removed = session.execute(delete(ArticleKeyword).where(*of_article, ArticleKeyword.words == normal(words)))
    if not removed.rowcount:  # type: ignore[attr-defined]
        return False
    audit.record(session, actor, "keyword.removed", key, {"language": language, "words": words}, {})
    outbox.emit(session, ArticleChanged(article.key))
    return True
