"""Which articles somebody should look at again: due, due soon, nobody's, never or long ago looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from kb.models import Article, ArticleTranslation, article_product
from kb.queries.lists import in_best_language
from sportello.accounts.models import Person, PersonRole, Product
from sportello.core import clock
from sportello.core.audience import WRITING_ROLES, Viewer
from sportello.core.errors import N_, Invalid
from sportello.core.policy import Action, require
from sportello.core.types import UTCDateTime

SOON = timedelta(days=30)
LONG = timedelta(days=730)
PAGE = 40
_FAR = literal(datetime(9000, 1, 1, tzinfo=UTC), UTCDateTime())


class Show(StrEnum):
    """Which part of the queue."""

    DUE = "due"
    SOON = "soon"
    UNOWNED = "unowned"
    LONG = "long"  # never verified, or not for two years


@dataclass(frozen=True)
class Upkeep:
    """What of the queue is asked for: `owner` a person's id (`or_nobody`: and nobody's), `product` a code."""

    show: Show = Show.DUE
    owner: int | None = None
    or_nobody: bool = False
    product: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """An article in the queue. `owner` is None where nobody who writes answers for it."""

    article_id: int
    slug: str
    language: str
    title: str
    verified_at: datetime | None
    due_at: datetime | None
    verify_days: int | None
    confidence: str
    owner: str | None
    owner_key: str | None

    @property
    def is_due(self) -> bool:
        return self.due_at is not None and self.due_at <= clock.now()


@dataclass(frozen=True)
class Queue:
    """A page of the queue, how much stands in each part of it, and where it goes on."""

    rows: Sequence[Kept]
    counts: dict[str, int]
    after: str | None = None


def writers() -> Select[Any]:
    """Ids of the people who can answer for an article: active, and of a role that writes."""
    role = exists().where(PersonRole.person_id == Person.id, PersonRole.role.in_(sorted(WRITING_ROLES)))
    return select(Person.id).where(Person.active, role)


def verify_queue(session: Session, viewer: Viewer, asked: Upkeep) -> Queue:
    """The published articles to look at, the longest due first. Two statements. Raises Forbidden, Invalid."""
    require(viewer, Action.ARTICLE_VERIFY)
    place = (func.coalesce(Article.verify_due_at, _FAR), ArticleTranslation.slug)
    statement = (
        ArticleTranslation.visible_to(
            viewer, Article.id, ArticleTranslation.slug, ArticleTranslation.language, ArticleTranslation.title,
            Article.verified_at, Article.verify_due_at, Article.verify_days, Article.confidence,
            Person.name, Person.key,
        )
        .outerjoin(Person, (Person.id == Article.owner_id) & Person.id.in_(writers()))
        .where(in_best_language(viewer), *_within(asked), part(asked.show))
        .order_by(*place)
        .limit(PAGE + 1)
    )  # fmt: skip
    if asked.after:
        statement = statement.where(tuple_(*place) > tuple_(*_start(asked.after)))
    rows = [Kept(*row) for row in session.execute(statement)]
    following = _cursor(rows[PAGE - 1]) if len(rows) > PAGE else None
    return Queue(rows[:PAGE], _counts(session, viewer, asked), following)


def part(show: Show) -> ColumnElement[bool]:
    """The condition of a part of the queue."""
    now = clock.now()
    if show is Show.DUE:
        return Article.verify_due_at <= now
    if show is Show.SOON:
        return Article.verify_due_at.between(now, now + SOON)
    if show is Show.UNOWNED:
        return or_(Article.owner_id.is_(None), Article.owner_id.not_in(writers()))
    return or_(Article.verified_at.is_(None), Article.verified_at < now - LONG)


def _within(asked: Upkeep) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Article.published_at.is_not(None)]
    if asked.owner is not None:
        theirs = Article.owner_id == asked.owner
        found.append(or_(theirs, part(Show.UNOWNED)) if asked.or_nobody else theirs)
    if asked.product:
        stands = select(article_product.c.article_id).join(Product, Product.id == article_product.c.product_id)
        found.append(Article.id.in_(stands.where(Product.code == asked.product)))
    return found


def _counts(session: Session, viewer: Viewer, asked: Upkeep) -> dict[str, int]:
    counted = [func.count().filter(part(show)) for show in Show]
    row = session.execute(Article.visible_to(viewer, *counted).where(*_within(asked))).one()
    return {show.value: count for show, count in zip(Show, row, strict=True)}


def due_count(session: Session, viewer: Viewer) -> int:
    """How many articles wait for this viewer: due, and theirs or nobody's."""
    theirs = _within(Upkeep(owner=viewer.person_id, or_nobody=True))
    due = Article.visible_to(viewer, func.count()).where(*theirs, part(Show.DUE))
    return session.scalar(due) or 0


def _cursor(row: Kept) -> str:
    due = row.due_at or datetime(9000, 1, 1, tzinfo=UTC)
    return f"{due.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}~{row.slug}"


def _start(after: str) -> tuple[Any, Any]:
    moment, _, slug = after.partition("~")
    try:
        start = datetime.strptime(moment, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        raise Invalid(
            N_("This list cannot go on from there. Start again from its first page."), field="after"
        ) from None
    return literal(start, UTCDateTime()), slug
