"""Searches without an answer, as editors see them: what the log tells, less what was dealt with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.models import Article, ArticleTranslation
from search_index.editing.decisions import Decision
from search_index.editing.gaps import Gap, GapList, GapQuery, Key, find_gaps, guess_product
from search_index.models import GapDecision
from sportello.accounts.queries import all_products
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.policy import Action, require
from sportello.core.types import Ref

KEPT = 60  # seconds for which the figure on the tab may be old
SHOWN = 100


@dataclass(frozen=True)
class Told:
    """A gap, and the name of the product that its wordings name."""

    gap: Gap
    product: str | None


@dataclass(frozen=True)
class Decided:
    """Something that was dealt with. `slug`, `title`: of the article, if one is concerned and still there."""

    row: GapDecision
    slug: str | None
    title: str | None

    @property
    def key(self) -> str:
        return f"{self.row.language}:{self.row.group}"


def gap_list(session: Session, counters: Session, viewer: Viewer, asked: GapQuery) -> tuple[list[Told], int]:
    """The first hundred of the groups that wait, most people first, and how many there are."""
    require(viewer, Action.FEEDBACK_READ)
    found = find_gaps(counters, asked, dealt_with(session, viewer))
    products = {product.code: product.name for product in all_products(session)}
    guessed = [(gap, guess_product(gap, products)) for gap in found.gaps]
    return [Told(gap, products[code] if code else None) for gap, code in guessed], found.total


def dealt_with(session: Session, viewer: Viewer) -> dict[Key, datetime]:
    """When each group was dealt with. One that is being written about is so until the article is published."""
    rows = session.scalars(select(GapDecision)).all()
    drafts = {Ref.parse(row.ref).key for row in rows if row.decision == Decision.DRAFTED and row.ref}
    published = _published(session, viewer, drafts) if drafts else {}
    result = {}
    for row in rows:
        moment = row.decided_at
        key = Ref.parse(row.ref).key if row.ref else ""
        if row.decision == Decision.DRAFTED and key in published:
            moment = max(moment, published[key] or clock.now())
        result[row.language, row.group] = moment
    return result


def _published(session: Session, viewer: Viewer, keys: set[str]) -> Mapping[str, datetime | None]:
    """Since when each article is read, None for what nobody reads yet; what was binned or archived is missing."""
    columns = (Article.key, ArticleTranslation.published_at, ArticleTranslation.published_before)
    statement = ArticleTranslation.visible_to(viewer, *columns).where(
        Article.key.in_(keys), Article.binned_at.is_(None), Article.archived_at.is_(None)
    )
    found: dict[str, datetime | None] = {}
    for key, moment, _ in session.execute(statement):
        before = found.get(key)
        found[key] = min(filter(None, (before, moment)), default=None)
    return found


def decided_gaps(session: Session, viewer: Viewer) -> list[Decided]:
    """The last hundred decisions, newest first."""
    require(viewer, Action.FEEDBACK_READ)
    newest = select(GapDecision).order_by(GapDecision.decided_at.desc(), GapDecision.id.desc()).limit(SHOWN)
    rows = session.scalars(newest).all()
    keys = {Ref.parse(row.ref).key: row.language for row in rows if row.ref}
    titles = _titles(session, viewer, keys)
    return [Decided(row, *titles.get(Ref.parse(row.ref).key if row.ref else "", (None, None))) for row in rows]


def _titles(session: Session, viewer: Viewer, keys: Mapping[str, str]) -> dict[str, Sequence[Any]]:
    columns = (Article.key, ArticleTranslation.language, ArticleTranslation.slug, ArticleTranslation.title)
    found: dict[str, Sequence[Any]] = {}
    statement = ArticleTranslation.visible_to(viewer, *columns).where(Article.key.in_(keys))
    for key, language, slug, title in session.execute(statement):
        if key not in found or language == keys[key]:
            found[key] = (slug, title)
    return found


_counted: WeakKeyDictionary[Any, tuple[datetime, int]] = WeakKeyDictionary()


def gap_count(session: Session, counters: Session, viewer: Viewer) -> int:
    """How many groups of the last month wait: at most a minute old, for the tab."""
    bind, now = counters.get_bind(), clock.now()
    before = _counted.get(bind)
    if before is None or not 0 <= (now - before[0]).total_seconds() < KEPT:
        before = remember_count(counters, find_gaps(counters, GapQuery(), dealt_with(session, viewer)))
    return before[1]


def remember_count(counters: Session, found: GapList | int) -> tuple[datetime, int]:
    """Keep the figure of the tab: what a page has just counted, it shows."""
    total = found if isinstance(found, int) else found.total
    _counted[counters.get_bind()] = kept = (clock.now(), total)
    return kept
