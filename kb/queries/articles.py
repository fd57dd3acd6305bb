"""One article: by address, by former address, in other languages, and what is around it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session, contains_eager

from kb.models import Article, ArticleTag, ArticleTranslation, ArticleVote, Revision, SlugHistory
from kb.queries.freshness import is_verified
from kb.queries.kept import kept
from kb.queries.remembered import remembered
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


@dataclass(frozen=True, slots=True)
class Standing:
    """What all languages of an article share, as its page shows it."""

    id: int
    key: str
    kind: str
    category_id: int | None
    critical: str | None
    verified_at: datetime | None
    verify_due_at: datetime | None
    confidence: str
    votes_yes: int
    votes_no: int

    @property
    def verified(self) -> bool:
        """It was verified, and is not due again."""
        return is_verified(self.verified_at, self.verify_due_at)


@dataclass(frozen=True, slots=True)
class Reading:
    """An article in one language with its text, as its page shows it. `opening`: how the plain text begins."""

    article: Standing
    slug: str
    language: str
    title: str
    summary: str
    critical: str | None
    published_at: datetime | None
    updated_at: datetime
    html: str
    sections: list[Any]  # [heading, id, html] of a solution
    toc: list[Any]  # [level, id, text] in order
    opening: str


class Address(NamedTuple):
    """One language of an article."""

    language: str
    slug: str


OPENING = 320  # characters
_STANDING = (
    Article.id,
    Article.key,
    Article.kind,
    Article.category_id,
    Article.critical,
    Article.verified_at,
    Article.verify_due_at,
    Article.confidence,
    Article.votes_yes,
    Article.votes_no,
)
_READING = (
    ArticleTranslation.slug,
    ArticleTranslation.language,
    ArticleTranslation.title,
    ArticleTranslation.summary,
    ArticleTranslation.critical,
    ArticleTranslation.published_at,
    ArticleTranslation.updated_at,
    Revision.html,
    Revision.sections,
    Revision.toc,
    func.substr(Revision.plain, 1, OPENING),
)


@remembered
def read_article(session: Session, viewer: Viewer, slug: str) -> Reading:
    """The article at `slug` with the text of its page. Raises NotFound. One statement."""
    row = session.execute(_reading(viewer), {"slug": slug}).one_or_none()
    if row is None:
        raise NotFound
    shared = len(_STANDING)
    return Reading(Standing(*row[:shared]), *row[shared:])


@kept
def _reading(viewer: Viewer) -> Select[Any]:
    return (
        ArticleTranslation.visible_to(viewer, *_STANDING, *_READING)
        .join(Revision, Revision.id == ArticleTranslation.revision_id)
        .where(ArticleTranslation.slug == bindparam("slug"))
    )


@remembered
def tags_of(session: Session, viewer: Viewer, article_id: int) -> Sequence[str]:
    """The tags of an article that the viewer may read, in order."""
    return session.scalars(_tags(viewer), {"id": article_id}).all()


@kept
def _tags(viewer: Viewer) -> Select[Any]:
    tags = Article.visible_to(viewer, ArticleTag.tag).join(ArticleTag, ArticleTag.article_id == Article.id)
    return tags.where(Article.id == bindparam("id")).order_by(ArticleTag.tag)


@remembered
def addresses_of(session: Session, viewer: Viewer, article_id: int) -> Sequence[Address]:
    """Every language of an article that the viewer may read with its slug, by language code."""
    return [Address(*row) for row in session.execute(_addresses(viewer), {"id": article_id})]


@kept
def _addresses(viewer: Viewer) -> Select[Any]:
    found = ArticleTranslation.visible_to(viewer, ArticleTranslation.language, ArticleTranslation.slug)
    return found.where(ArticleTranslation.article_id == bindparam("id")).order_by(ArticleTranslation.language)


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
    """Those of `slugs`, present or former, that lead this viewer to an article. One statement, or two."""
    return set(_leading(session, viewer, tuple(sorted(slugs)))) if slugs else set()


@remembered
def _leading(session: Session, viewer: Viewer, slugs: tuple[str, ...]) -> frozenset[str]:
    values = {"slugs": slugs}
    found = frozenset(session.scalars(_present(viewer), values))
    return found if len(found) == len(slugs) else found.union(session.scalars(_former(viewer), values))


@kept
def _present(viewer: Viewer) -> Select[Any]:
    slug = ArticleTranslation.slug
    return ArticleTranslation.visible_to(viewer, slug).where(slug.in_(bindparam("slugs", expanding=True)))


@kept
def _former(viewer: Viewer) -> Select[Any]:
    slug = SlugHistory.slug
    return SlugHistory.visible_to(viewer, slug).where(slug.in_(bindparam("slugs", expanding=True)))


class Vote(NamedTuple):
    """What somebody said of an article."""

    helpful: bool
    comment: str


_VOTE = select(ArticleVote.helpful, ArticleVote.comment).where(
    ArticleVote.article_id == bindparam("article_id"), ArticleVote.person_id == bindparam("person_id")
)


def vote_of(session: Session, viewer: Viewer, article_id: int) -> Vote | None:
    """The viewer's own vote on an article."""
    if viewer.person_id is None:
        return None
    row = session.execute(_VOTE, {"article_id": article_id, "person_id": viewer.person_id}).one_or_none()
    return Vote(*row) if row else None
