"""Choosing many articles by a filter, and the runs that change them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from editorial.models import BulkRun
from kb.models import Article, ArticleTag, ArticleTranslation, Category, article_product
from kb.queries.lists import in_best_language
from sportello.accounts.models import Person, Product
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Invalid, NotFound
from sportello.core.policy import Action, require

NOBODY = "nobody"
STATES = ("published", "draft", "archived", "all")
FIRST = 12  # rows shown of a choice
RUNS = 10


@dataclass(frozen=True)
class Selection:
    """A filter as its form says it: codes and keys, empty for any. `owner` may be "nobody"; `unverified` is a day:
    not verified since; `q` words of a title; `state` one of STATES."""

    product: str = ""
    category: str = ""
    tag: str = ""
    kind: str = ""
    audience: str = ""
    owner: str = ""
    language: str = ""
    confidence: str = ""
    unverified: str = ""
    q: str = ""
    state: str = "published"

    @classmethod
    def from_fields(cls, values: Mapping[str, str]) -> "Selection":
        """What a form or an address says; anything else is left out."""
        found = {name: values[name].replace("\x00", "").strip()[:200] for name in NAMES if values.get(name)}
        return cls(**found)

    def as_dict(self) -> dict[str, str]:
        """What is chosen by, as `from_fields` takes it."""
        return {name: value for name, value in asdict(self).items() if value}

    def since(self) -> datetime | None:
        """The day after which a verification counts. Raises Invalid for what is no day."""
        if not self.unverified:
            return None
        try:
            return datetime.fromisoformat(self.unverified[:10]).replace(tzinfo=UTC)
        except ValueError:
            raise Invalid(N_("Give a day, for example 2026-03-31."), field="unverified") from None


NAMES = tuple(field.name for field in fields(Selection))


@dataclass(frozen=True, slots=True)
class ChosenRow:
    """An article of a choice, in the viewer's language if it has it."""

    slug: str
    language: str
    title: str
    audience: str
    kind: str


def chosen_keys(session: Session, viewer: Viewer, selection: Selection, limit: int) -> list[str]:
    """Keys of the articles that match, in a steady order. Raises Forbidden, Invalid (no such day)."""
    require(viewer, Action.ARTICLE_BULK)
    statement = Article.visible_to(viewer, Article.key).where(*_conditions(selection))
    return list(session.scalars(statement.order_by(Article.id).limit(limit)))


def chosen_count(session: Session, viewer: Viewer, selection: Selection) -> int:
    """How many articles match. Raises Forbidden, Invalid."""
    require(viewer, Action.ARTICLE_BULK)
    return session.scalar(Article.visible_to(viewer, func.count()).where(*_conditions(selection))) or 0


def first_rows(session: Session, viewer: Viewer, selection: Selection) -> list[ChosenRow]:
    """The first of them. Raises Forbidden, Invalid."""
    require(viewer, Action.ARTICLE_BULK)
    return _rows(session, viewer, _conditions(selection))


def rows_of(session: Session, viewer: Viewer, keys: Sequence[str]) -> dict[str, ChosenRow]:
    """What some articles are called, by key."""
    columns = (Article.key, *_COLUMNS)
    statement = ArticleTranslation.visible_to(viewer, *columns).where(in_best_language(viewer))
    found = session.execute(statement.where(Article.key.in_(keys)).order_by(ArticleTranslation.title))
    return {row[0]: ChosenRow(*row[1:]) for row in found} if keys else {}


_COLUMNS = (
    ArticleTranslation.slug, ArticleTranslation.language, ArticleTranslation.title, Article.audience, Article.kind,
)  # fmt: skip


def _rows(session: Session, viewer: Viewer, which: Sequence[ColumnElement[bool]]) -> list[ChosenRow]:
    statement = ArticleTranslation.visible_to(viewer, *_COLUMNS).where(in_best_language(viewer), *which)
    return [ChosenRow(*row) for row in session.execute(statement.order_by(Article.id).limit(FIRST))]


def _conditions(chosen: Selection) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Article.binned_at.is_(None), *_state(chosen.state)]
    for column, value in ((Article.kind, chosen.kind), (Article.audience, chosen.audience),
                          (Article.confidence, chosen.confidence)):  # fmt: skip
        if value:
            found.append(column == value)
    if chosen.product:
        product = select(Product.id).where(Product.code == chosen.product)
        inside = article_product.c
        found.append(Article.id.in_(select(inside.article_id).where(inside.product_id.in_(product))))
    if chosen.category:
        found.append(Article.category_id.in_(select(Category.id).where(Category.code == chosen.category)))
    if chosen.tag:
        found.append(Article.id.in_(select(ArticleTag.article_id).where(ArticleTag.tag == chosen.tag)))
    if chosen.owner == NOBODY:
        found.append(Article.owner_id.is_(None))
    elif chosen.owner:
        found.append(Article.owner_id.in_(select(Person.id).where(Person.key == chosen.owner)))
    if (since := chosen.since()) is not None:
        found.append(or_(Article.verified_at.is_(None), Article.verified_at < since))
    if chosen.language:
        found.append(_some_language(lambda other: other.language == chosen.language))
    for word in chosen.q.split()[:16]:
        found.append(_titled(word))
    return found


def _titled(word: str) -> ColumnElement[bool]:
    return _some_language(lambda other: other.title.icontains(word, autoescape=True))


def _some_language(condition: Callable[[Any], ColumnElement[bool]]) -> ColumnElement[bool]:
    """One of the article's languages meets the condition, whichever the statement shows."""
    other = aliased(ArticleTranslation)
    return exists().where(other.article_id == Article.id, condition(other))


def _state(state: str) -> list[ColumnElement[bool]]:
    if state == "archived":
        return [Article.archived_at.is_not(None)]
    if state == "all":
        return []
    shelf = Article.archived_at.is_(None)
    read = Article.published_at.is_not(None) & (Article.published_at <= clock.now())
    return [shelf, ~read if state == "draft" else read]


def get_run(session: Session, viewer: Viewer, key: str) -> BulkRun:
    """A run, for those who may change many articles. Raises Forbidden, NotFound."""
    require(viewer, Action.ARTICLE_BULK)
    run = session.scalar(select(BulkRun).where(BulkRun.key == key))
    if run is None:
        raise NotFound
    return run


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in the list of the latest: without the articles, which may be many."""

    key: str
    action: str
    value: dict[str, Any]
    state: str
    done: int
    actor: str | None
    created_at: datetime


def latest_runs(session: Session, viewer: Viewer) -> list[RunRow]:
    """The latest runs that were started, newest first."""
    require(viewer, Action.ARTICLE_BULK)
    columns = (BulkRun.key, BulkRun.action, BulkRun.value, BulkRun.state, BulkRun.done, Person.name, BulkRun.created_at)
    statement = select(*columns).outerjoin(Person, Person.id == BulkRun.actor_id).where(BulkRun.state != "preview")
    return [RunRow(*row) for row in session.execute(statement.order_by(BulkRun.id.desc()).limit(RUNS))]


def running_count(session: Session, viewer: Viewer) -> int:
    """Runs that the worker has before it."""
    going = BulkRun.state.in_(("waiting", "running", "undoing"))
    return session.scalar(select(func.count()).select_from(BulkRun).where(going)) or 0
