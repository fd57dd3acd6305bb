"""Articles made row by row, for tests of the rule itself; tests of behaviour go through kb.services."""

from sqlalchemy.orm import Session

from kb.models import Article, ArticleTranslation, Revision
from sportello.core import clock


def make_article(session: Session, key: str, audience: str, *, language: str = "en", published: bool = True) -> Article:
    """A published article whose slug and title are its key."""
    now = clock.now()
    article = Article(
        key=key, kind="solution", audience=audience, created_at=now, updated_at=now,
        published_at=now if published else None,
    )  # fmt: skip
    translation = ArticleTranslation(
        article=article, language=language, slug=key, title=key, published_at=now if published else None, updated_at=now
    )
    revision = Revision(
        translation=translation, number=1, title=key, markdown=key, html=f"<p>{key}</p>", plain=key, headings="",
        markup_version=1, created_at=now,
    )  # fmt: skip
    session.add_all([article, translation, revision])
    session.flush()
    translation.revision = revision
    session.flush()
    return article
