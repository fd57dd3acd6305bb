"""One article: by address, by former address, in other languages, and what is around it."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, joinedload

from kb.models import Article, ArticleTranslation, ArticleVote, Revision, SlugHistory
from sportello.core.audience import Viewer
from sportello.core.errors import NotFound


def get_article(session: Session, viewer: Viewer, slug: str) -> ArticleTranslation:
    """The translation at `slug` with its article. Raises NotFound: absent and not for this viewer look alike."""
    statement = (
        ArticleTranslation.visible_to(viewer)
        .where(ArticleTranslation.slug == slug)
        .options(contains_eager(ArticleTranslation.article))
    )
    translation: ArticleTranslation | None = session.scalars(statement).one_or_none()
    if translation is None:
        raise NotFound
    return translation


def read_article(session: Session, viewer: Viewer, slug: str) -> ArticleTranslation:
    """As `get_article`, with everything that its page shows: revision, category, products, versions, tags, codes."""
    article = contains_eager(ArticleTranslation.article)
    statement = (
        ArticleTranslation.visible_to(viewer)
        .where(ArticleTranslation.slug == slug, ArticleTranslation.revision_id.is_not(None))
        .options(
            joinedload(ArticleTranslation.revision).defer(Revision.markdown),
            article.joinedload(Article.category),
            article.selectinload(Article.products),
            article.selectinload(Article.versions),
            article.selectinload(Article.tags),
        )
    )
    translation: ArticleTranslation | None = session.scalars(statement).unique().one_or_none()
    if translation is None:
        raise NotFound
    return translation


def read_markdown(session: Session, viewer: Viewer, slug: str) -> tuple[str, str]:
    """Title and Markdown of the article at `slug`. Raises NotFound."""
    statement = Revision.visible_to(viewer, Revision.title, Revision.markdown).where(
        ArticleTranslation.slug == slug, ArticleTranslation.revision_id == Revision.id
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    return row.title, row.markdown


def moved_to(session: Session, viewer: Viewer, slug: str) -> str | None:
    """The present slug of an article that once had `slug`, if the viewer may read it."""
    statement = SlugHistory.visible_to(viewer, ArticleTranslation.slug).where(SlugHistory.slug == slug)
    found: str | None = session.scalars(statement).one_or_none()
    return found


def languages_of(session: Session, viewer: Viewer, article_id: int) -> Sequence[ArticleTranslation]:
    """Every language of an article that the viewer may read, by language code."""
    statement = (
        ArticleTranslation.visible_to(viewer)
        .where(ArticleTranslation.article_id == article_id)
        .order_by(ArticleTranslation.language)
    )
    return session.scalars(statement).all()


def readable_slugs(session: Session, viewer: Viewer, slugs: Collection[str]) -> set[str]:
    """Those of `slugs`, present or former, that lead this viewer to an article. One statement."""
    if not slugs:
        return set()
    present = ArticleTranslation.visible_to(viewer, ArticleTranslation.slug).where(
        ArticleTranslation.slug.in_(slugs)
    )
    former = SlugHistory.visible_to(viewer, SlugHistory.slug).where(SlugHistory.slug.in_(slugs))
    both = present.union_all(former).execution_options(**present.get_execution_options())
    return set(session.scalars(both))


def vote_of(session: Session, viewer: Viewer, article_id: int) -> ArticleVote | None:
    """The viewer's own vote on an article."""
    if viewer.person_id is None:
        return None
    mine = select(ArticleVote).where(
        ArticleVote.article_id == article_id, ArticleVote.person_id == viewer.person_id
    )
    return session.scalar(mine)
