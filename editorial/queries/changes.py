"""Changes on their way: the open one of a language, lists of them by state, and what reviewers wrote."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, exists, func, select, tuple_
from sqlalchemy.orm import Session, aliased, contains_eager, selectinload

from editorial.models import Change, ProductReviewer, ReviewNote, State
from kb.models import Article, ArticleTranslation, Revision, article_product
from sportello.accounts.models import Person, Product
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Invalid, NotFound
from sportello.core.policy import Action, require

PAGE = 50
OPEN_STATES = (State.DRAFT, State.IN_REVIEW, State.APPROVED, State.SCHEDULED)


@dataclass(frozen=True)
class ChangeRow:
    """A change in a list, with names for the eye. `fresh`: the article was never published in this language."""

    key: str
    state: str
    slug: str
    language: str
    title: str
    article_id: int
    audience: str
    kind: str
    significance: str
    comment: str
    author: str
    author_id: int | None
    reviewer: str
    fresh: bool
    created_at: datetime
    updated_at: datetime
    submitted_at: datetime | None
    publish_at: datetime | None


@dataclass(frozen=True)
class ChangePage:
    """Some rows and the cursor of the next ones (None: this is the end)."""

    items: Sequence[ChangeRow]
    after: str | None = None


def open_change(session: Session, viewer: Viewer, slug: str) -> Change | None:
    """The open change of the translation at `slug`, with translation, article and its revision; None if none is open.

    Raises Forbidden.
    """
    return _one(session, viewer, ArticleTranslation.slug == slug, Change.open)


def get_change(session: Session, viewer: Viewer, key: str) -> Change:
    """The same by the change's key, open or not. Raises NotFound, Forbidden."""
    if (change := _one(session, viewer, Change.key == key)) is None:
        raise NotFound
    return change


def _one(session: Session, viewer: Viewer, *which: Any) -> Change | None:
    require(viewer, Action.ARTICLE_HISTORY)
    statement = (
        Change.visible_to(viewer)
        .join(Revision, Revision.id == Change.revision_id)
        .where(*which)
        .options(
            contains_eager(Change.translation).contains_eager(ArticleTranslation.article),
            contains_eager(Change.revision),
        )
    )
    found: Change | None = session.scalars(statement).one_or_none()
    return found


def notes_of(session: Session, viewer: Viewer, change: Change) -> Sequence[tuple[ReviewNote, str]]:
    """What was written about a change, oldest first, each with its author's name."""
    require(viewer, Action.ARTICLE_HISTORY)
    name = func.coalesce(Person.name, "")
    statement = ReviewNote.visible_to(viewer, ReviewNote, name).outerjoin(Person, Person.id == ReviewNote.author_id)
    rows = session.execute(statement.where(ReviewNote.change_id == change.id).order_by(ReviewNote.id))
    return [(note, author) for note, author in rows]


def changes_in(
    session: Session,
    viewer: Viewer,
    states: Collection[State | str],
    product: str | None = None,
    mine: bool = False,
    after: str | None = None,
    limit: int = PAGE,
) -> ChangePage:
    """Changes in some states, the latest touched first. `mine`: the viewer's own. Articles in the bin are left out.

    One statement. Raises Forbidden, Invalid (a cursor that is none).
    """
    require(viewer, Action.ARTICLE_HISTORY)
    statement = _listed(viewer, states, product, mine)
    if after:
        statement = statement.where(tuple_(Change.updated_at, Change.key) < _start(after))
    rows = session.execute(statement.order_by(Change.updated_at.desc(), Change.key.desc()).limit(limit + 1)).all()
    items = [ChangeRow(*row) for row in rows[:limit]]
    return ChangePage(items, _cursor(items[-1]) if len(rows) > limit else None)


def count_changes(
    session: Session, viewer: Viewer, states: Collection[State | str], product: str | None = None, mine: bool = False
) -> int:
    """How many `changes_in` would list."""
    require(viewer, Action.ARTICLE_HISTORY)
    return session.scalar(_listed(viewer, states, product, mine).with_only_columns(func.count())) or 0


def waiting_for(session: Session, viewer: Viewer) -> int:
    """Changes in review that this viewer may decide: of others, and of their products unless they are an editor."""
    rows = changes_in(session, viewer, [State.IN_REVIEW], limit=500).items
    return sum(1 for row in rows if row.author_id != viewer.person_id)


def _listed(viewer: Viewer, states: Collection[State | str], product: str | None, mine: bool) -> Select[Any]:
    author, reviewer = aliased(Person), aliased(Person)
    columns = (
        Change.key, Change.state, ArticleTranslation.slug, ArticleTranslation.language, Revision.title, Article.id,
        Article.audience, Article.kind, Change.significance, Change.comment, func.coalesce(author.name, ""),
        Change.author_id, func.coalesce(reviewer.name, ""), Change.base_revision_id.is_(None), Change.created_at,
        Change.updated_at, Change.submitted_at, Change.publish_at,
    )  # fmt: skip
    statement = (
        Change.visible_to(viewer, *columns)
        .join(Revision, Revision.id == Change.revision_id)
        .outerjoin(author, author.id == Change.author_id)
        .outerjoin(reviewer, reviewer.id == Change.reviewer_id)
        .where(Change.state.in_([str(state) for state in states]), Article.binned_at.is_(None))
    )
    if product is not None:
        stands = article_product.c
        statement = statement.where(
            exists().where(
                stands.article_id == Article.id, stands.product_id == Product.id, Product.code == product
            )
        )
    return statement.where(Change.author_id == (viewer.person_id or 0)) if mine else statement


def _cursor(row: ChangeRow) -> str:
    return f"{row.updated_at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}~{row.key}"


def _start(after: str) -> Any:
    try:
        moment, key = after.split("~")
        return datetime.strptime(moment, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC), key
    except ValueError:
        raise Invalid(
            N_("This list cannot go on from there. Start again from its first page."), field="after"
        ) from None


def reviewers_of(session: Session, article: Article) -> frozenset[int]:
    """Ids of the people who review the article's products, besides the editors."""
    stands = article_product.c
    statement = (
        select(ProductReviewer.person_id)
        .join(Person, Person.id == ProductReviewer.person_id)
        .where(
            Person.active,
            ProductReviewer.product_id.in_(select(stands.product_id).where(stands.article_id == article.id)),
        )
    )
    return frozenset(session.scalars(statement))


@dataclass(frozen=True)
class Reviewing:
    """A product and the people who review it, by name."""

    code: str
    name: str
    people: tuple[Person, ...]


def product_reviewers(session: Session, viewer: Viewer) -> list[Reviewing]:
    """Every product with its reviewers. Raises Forbidden."""
    require(viewer, Action.ARTICLE_HISTORY)
    statement = (
        select(ProductReviewer.product_id, Person)
        .join(Person, Person.id == ProductReviewer.person_id)
        .options(selectinload(Person.role_rows))
        .order_by(Person.name, Person.id)
    )
    by_product: dict[int, list[Person]] = {}
    for product_id, person in session.execute(statement):
        by_product.setdefault(product_id, []).append(person)
    products = session.scalars(select(Product).order_by(Product.name))
    return [Reviewing(one.code, one.name, tuple(by_product.get(one.id, ()))) for one in products]
