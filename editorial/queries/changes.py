"""The open change of a language, what reviewers wrote about it, and who they are. Lists are in `duties`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, contains_eager, selectinload

from editorial.models import Change, ProductReviewer, ReviewNote, State
from kb.models import Article, ArticleTranslation, Revision, article_product
from sportello.accounts.models import Person, Product
from sportello.core.audience import Viewer
from sportello.core.errors import NotFound
from sportello.core.policy import Action, require


def open_change(session: Session, viewer: Viewer, slug: str) -> Change | None:
    """The open change of the translation at `slug`, with translation, article and its revision; None if none is open.

    Raises Forbidden.
    """
    return _one(session, viewer, ArticleTranslation.slug == slug, Change.open.is_(True))


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


def unanswered(session: Session, viewer: Viewer, change: Change | None) -> Sequence[tuple[ReviewNote, str]]:
    """What reviewers asked of a draft that they sent back: their last word on it, and comments that are still open."""
    if change is None or change.state != State.DRAFT:
        return ()
    notes = notes_of(session, viewer, change)
    last = next((note for note, _ in reversed(notes) if note.verdict), None)
    return [
        (note, author) for note, author in notes
        if note.text and (note is last or (note.verdict is None and note.resolved_at is None))
    ]  # fmt: skip


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


def written_in_change(revision: Any) -> ColumnElement[bool]:
    """The condition on rows of `Change` and of `revision` that the change brings the revision: all from its base on,
    and those before it, too, when readers got another text meanwhile and that became its base."""
    base = func.coalesce(Change.base_revision_id, 0)
    return and_(
        revision.translation_id == Change.translation_id,
        revision.id <= Change.revision_id,
        revision.id != base,
        or_(revision.id > base, revision.created_at >= Change.created_at),
    )


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
