"""The languages of an article, as writers see them: which one is the source, which fell behind, what changed since."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func
from sqlalchemy.orm import Session

from editorial.queries.history import revision_id_of
from kb.models import Article, ArticleTranslation, Revision
from kb.queries.translation import revisions_behind
from kb.services.draft import LANGUAGES
from sportello.core.audience import Viewer
from sportello.core.errors import NotFound
from sportello.core.policy import Action, require


@dataclass(frozen=True)
class LanguageState:
    """One language of the site for one article. `slug` None: nobody has begun it. `behind`: how many normal or major
    revisions of the source its newest text does not know; 0 also where it does not say what it translates."""

    language: str
    slug: str | None
    title: str
    is_source: bool
    published: bool
    behind: int


@dataclass(frozen=True)
class SourceText:
    """A revision of the source language."""

    slug: str
    language: str
    revision_id: int
    number: int
    title: str
    markdown: str
    html: str


def article_languages(session: Session, viewer: Viewer, article_id: int) -> Sequence[LanguageState]:
    """Every language of the site, the source first. Raises Forbidden."""
    require(viewer, Action.ARTICLE_HISTORY)
    rows = {row.language: row for row in session.execute(_languages(viewer, article_id))}
    source = source_language(rows.keys(), next((row.source_language for row in rows.values()), None))
    number = rows[source].number if source in rows else 0
    found = []
    for language in sorted(LANGUAGES, key=lambda code: (code != source, code)):
        row = rows.get(language)
        if row is None:
            found.append(LanguageState(language, None, "", False, False, 0))
            continue
        based_on = _newest_source(session, viewer, row.id) if language != source else None
        behind = revisions_behind(session, viewer, rows[source].id, based_on, number) if based_on else 0
        published = row.published_at is not None
        found.append(LanguageState(language, row.slug, row.title, language == source, published, behind))
    return found


def source_language(languages: Collection[str], named: str | None) -> str:
    """The language that translations follow: the one that the article names, else the first of the site's it has."""
    if named is not None and named in languages:
        return named
    return next((code for code in LANGUAGES if code in languages), "")


def _languages(viewer: Viewer, article_id: int) -> Select[Any]:
    columns = (
        ArticleTranslation.id,
        ArticleTranslation.language,
        ArticleTranslation.slug,
        ArticleTranslation.title,
        ArticleTranslation.published_at,
        Article.source_language,
        func.coalesce(Revision.number, 0).label("number"),
    )
    return (
        ArticleTranslation.visible_to(viewer, *columns)
        .outerjoin(Revision, Revision.id == ArticleTranslation.revision_id)
        .where(ArticleTranslation.article_id == article_id)
    )


def _newest_source(session: Session, viewer: Viewer, translation_id: int) -> int | None:
    """The revision of the source that the newest text of a translation says, staged or not."""
    newest = Revision.visible_to(viewer, Revision.source_revision_id).where(Revision.translation_id == translation_id)
    found: int | None = session.scalars(newest.order_by(Revision.number.desc()).limit(1)).first()
    return found


def source_text(session: Session, viewer: Viewer, article_id: int, language: str) -> SourceText:
    """What readers of the source language read, or would. Raises NotFound, Forbidden."""
    require(viewer, Action.ARTICLE_HISTORY)
    row = session.execute(
        Revision.visible_to(viewer, *_TEXT).where(
            ArticleTranslation.article_id == article_id,
            ArticleTranslation.language == language,
            ArticleTranslation.revision_id == Revision.id,
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    return SourceText(*row)


def translated_from(session: Session, viewer: Viewer, translation_id: int) -> SourceText | None:
    """The revision of the source that the newest text of a translation says; None where it does not say."""
    based_on = _newest_source(session, viewer, translation_id)
    row = session.execute(Revision.visible_to(viewer, *_TEXT).where(Revision.id == (based_on or 0))).one_or_none()
    return SourceText(*row) if row else None


def source_revision(session: Session, viewer: Viewer, slug: str, number: int) -> int:
    """The id of a revision of the source by its number. Raises NotFound."""
    found = revision_id_of(session, viewer, slug, number)
    if found is None:
        raise NotFound
    return found


_TEXT = (
    ArticleTranslation.slug,
    ArticleTranslation.language,
    Revision.id,
    Revision.number,
    Revision.title,
    Revision.markdown,
    Revision.html,
)
