"""Which articles point where: what leads to an article, and which links lead nowhere or not for everybody.

Asked of the links that the worker keeps (`ArticleLink`): those of the texts that readers have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased, selectinload

from kb.models import (
    ArchivedAddress,
    Article,
    ArticleLink,
    ArticleTranslation,
    Attachment,
    SlugHistory,
    revision_attachment,
)
from kb.queries.articles import get_article
from sportello.accounts.models import Organisation
from sportello.core import clock
from sportello.core.audience import PUBLIC, STAFF, Viewer, readable_keys, system

MOST = 1000  # links told of in one report
TO_ARTICLE, TO_FILE = "article", "attachment"


@dataclass(frozen=True, slots=True)
class Pointer:
    """One language of an article that links to another."""

    slug: str
    language: str
    title: str
    audience: str


class Fault(StrEnum):
    """What is wrong with a link, the worst first."""

    MISSING = "missing"
    BINNED = "binned"
    ARCHIVED = "archived"
    UNPUBLISHED = "unpublished"
    NARROWER = "narrower"


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """A link of a published text with its fault. `target_title`: None where there is nothing."""

    slug: str
    language: str
    title: str
    audience: str
    kind: str
    target: str
    fault: str
    target_title: str | None
    target_audience: str | None


def links_to(session: Session, viewer: Viewer, slug: str) -> list[Pointer]:
    """What points to the article at `slug`, in any of its languages or former addresses; nothing of its own.

    Raises NotFound. Two statements.
    """
    article_id = get_article(session, viewer, slug).article_id
    own = ArticleTranslation.visible_to(system(), ArticleTranslation.slug)
    former = SlugHistory.visible_to(system(), SlugHistory.slug)
    addresses = union_all(
        own.where(ArticleTranslation.article_id == article_id),
        former.where(ArticleTranslation.article_id == article_id),
    ).subquery()
    columns = (ArticleTranslation.slug, ArticleTranslation.language, ArticleTranslation.title, Article.audience)
    statement = (
        ArticleTranslation.visible_to(viewer, *columns)
        .join(ArticleLink, ArticleLink.translation_id == ArticleTranslation.id)
        .where(
            ArticleLink.kind == TO_ARTICLE,
            ArticleLink.target.in_(select(addresses.c.slug)),
            ArticleTranslation.article_id != article_id,
        )
        .order_by(ArticleTranslation.title, ArticleTranslation.slug)
        .distinct()
    )
    return [Pointer(*row) for row in session.execute(statement)]


def broken_links(session: Session, viewer: Viewer, ladder: Sequence[str]) -> list[BrokenLink]:
    """Links of published texts that some of their readers cannot follow, at most 1,000, by title. Three statements."""
    held = organisations_read(session, ladder)
    found = [BrokenLink(*row) for build in (_to_articles, _to_files) for row in session.execute(build(viewer))]
    broken = [
        link
        for link in found
        if link.fault != Fault.NARROWER or not covers(link.target_audience or STAFF, link.audience, ladder, held)
    ]
    return sorted(broken, key=lambda link: (list(Fault).index(Fault(link.fault)), link.title, link.slug, link.target))


def covers(target: str, source: str, ladder: Sequence[str], held: Mapping[str, frozenset[str]]) -> bool:
    """Everybody who reads `source` reads `target`. `held`: what each organisation reads today, by its own key."""
    if target in (PUBLIC, source) or source == STAFF:
        return True
    if target == STAFF or source == PUBLIC or target.startswith("org:"):
        return False
    if source.startswith("org:"):
        return target in held.get(source, frozenset())
    plan, _, product = source.partition("@")
    return plan in ladder and target in readable_keys(ladder, plan=plan, products=[product] if product else ())


def organisations_read(session: Session, ladder: Sequence[str]) -> dict[str, frozenset[str]]:
    """The audience keys that each organisation reads today, by its own key. Two statements."""
    today: date = clock.today()
    rows = session.scalars(select(Organisation).options(selectinload(Organisation.products)))
    return {
        f"org:{row.key}": readable_keys(
            ladder,
            plan=row.plan if row.covered_on(today) else None,
            products=[product.code for product in row.products],
            organisation=row.key,
        )
        for row in rows
    }


def _to_articles(viewer: Viewer) -> Select[Any]:
    """Links to articles with what became of the target: by its address, a former one, or an archived one.

    Most links are sound, and are left out by one look at their target; the rest is looked at from all sides.
    """
    other, article = aliased(ArticleTranslation), aliased(Article)
    moved, archived = aliased(SlugHistory), aliased(ArchivedAddress)
    target = ArticleLink.target
    fault = case(
        (other.id.is_(None), literal(Fault.MISSING)),
        (article.binned_at.is_not(None), literal(Fault.BINNED)),
        (article.archived_at.is_not(None), literal(Fault.ARCHIVED)),
        (or_(other.published_at.is_(None), other.published_at > clock.now()), literal(Fault.UNPUBLISHED)),
        (_differ(article.audience), literal(Fault.NARROWER)),
        else_=None,
    )
    statement = (
        _links(viewer, TO_ARTICLE, fault, other.title, article.audience)
        .outerjoin(moved, moved.slug == target)
        .outerjoin(archived, archived.slug == target)
        .outerjoin(
            other, or_(other.slug == target, other.id == moved.translation_id, other.id == archived.translation_id)
        )
        .outerjoin(article, article.id == other.article_id)
    )
    return statement.where(~_sound(), fault.is_not(None)).limit(MOST)


def _sound() -> ColumnElement[bool]:
    other, article = aliased(ArticleTranslation), aliased(Article)
    return exists().where(
        other.slug == ArticleLink.target,
        other.published_at <= clock.now(),
        article.id == other.article_id,
        ~_differ(article.audience),
    )


def _to_files(viewer: Viewer) -> Select[Any]:
    """Links to files that are gone, that no text brings any more, or that belong to an article of fewer readers."""
    file, article, bringing = aliased(Attachment), aliased(Article), aliased(ArticleTranslation)
    brought = exists().where(
        revision_attachment.c.attachment_id == file.id,
        revision_attachment.c.revision_id == bringing.revision_id,
        bringing.published_at <= clock.now(),
    )
    fault = case(
        (file.id.is_(None), literal(Fault.MISSING)),
        (~brought, literal(Fault.UNPUBLISHED)),
        (_differ(article.audience), literal(Fault.NARROWER)),
        else_=None,
    )
    statement = (
        _links(viewer, TO_FILE, fault, file.name, article.audience)
        .outerjoin(file, file.key == ArticleLink.target)
        .outerjoin(article, article.id == file.article_id)
    )
    return statement.where(fault.is_not(None)).limit(MOST)


def _links(viewer: Viewer, kind: str, fault: Any, title: Any, audience: Any) -> Select[Any]:
    source = (ArticleTranslation.slug, ArticleTranslation.language, ArticleTranslation.title, Article.audience)
    columns = (*source, ArticleLink.kind, ArticleLink.target, fault, title, audience)
    published = and_(ArticleLink.kind == kind, ArticleTranslation.published_at <= clock.now())
    statement = ArticleTranslation.visible_to(viewer, *columns)
    return statement.join(ArticleLink, ArticleLink.translation_id == ArticleTranslation.id).where(published)


def _differ(audience: Any) -> ColumnElement[bool]:
    """The target may have fewer readers: which have, `covers` decides."""
    return and_(audience != Article.audience, audience != PUBLIC, Article.audience != STAFF)
