"""What waits for a writer, as the queues list it: changes to review, drafts, the bin, the archive.

Lists go on after the last row shown (keyset); a cursor is that row's public key. A page costs one statement, and one
for the products of its articles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select, true, tuple_
from sqlalchemy.orm import Session, aliased

from editorial.models import Change, ProductReviewer, State, WorkingCopy
from editorial.queries.changes import written_in_change
from kb.models import Article, ArticleTranslation, Revision, article_product
from sportello.accounts.models import Person, Product
from sportello.core.audience import Viewer
from sportello.core.errors import NotFound
from sportello.core.policy import Action, allows

PAGE = 20
MINE = "mine"  # the products that the viewer reviews
UNDER_WAY = (State.DRAFT, State.IN_REVIEW, State.APPROVED, State.SCHEDULED)
_Base: Any = aliased(Revision)
_Written: Any = aliased(Revision)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A change in a queue. `base_*` is the text that readers have, None for what nobody has read yet."""

    key: str
    state: str
    significance: str
    comment: str
    author_id: int | None
    author: str | None
    reviewer_id: int | None
    submitted_at: datetime | None
    updated_at: datetime
    decided_at: datetime | None
    publish_at: datetime | None
    article_id: int
    slug: str
    language: str
    source_language: str | None
    number: int
    title: str
    markdown: str
    source_revision_id: int | None
    base_number: int | None
    base_markdown: str | None

    @property
    def kind(self) -> str:
        """`change` of what readers have, `translation` or `new` for what they do not have."""
        if self.base_number is not None:
            return "change"
        translated = self.source_language is not None and self.source_language != self.language
        return "translation" if translated or self.source_revision_id is not None else "new"


@dataclass(frozen=True)
class Queue:
    """A page of a queue; `next` is the cursor of the following one."""

    rows: Sequence[Any]
    next: str | None = None


_WAITING = (
    Change.key, Change.state, Change.significance, Change.comment, Change.author_id, Person.name, Change.reviewer_id,
    Change.submitted_at, Change.updated_at, Change.decided_at, Change.publish_at,
    ArticleTranslation.article_id, ArticleTranslation.slug, ArticleTranslation.language, Article.source_language,
    Revision.number, Revision.title, Revision.markdown, Revision.source_revision_id, _Base.number, _Base.markdown,
)  # fmt: skip


def to_review(session: Session, viewer: Viewer, product: str | None = None, after: str | None = None) -> Queue:
    """Changes that the viewer may decide on, the longest waiting first. `product`: a code, MINE, None for all."""
    statement = _in(_changes(viewer, _WAITING).where(*_decidable(viewer)), viewer, product)
    return _page(session, viewer, statement, Change.submitted_at, after)


def review_figures(session: Session, viewer: Viewer) -> tuple[int, datetime | None]:
    """How many changes the viewer may decide on, and since when the oldest waits."""
    counted = _changes(viewer, (func.count(), func.min(Change.submitted_at))).where(*_decidable(viewer))
    count, oldest = session.execute(counted).one()
    return count, oldest


def drafts(
    session: Session, viewer: Viewer, *, mine: bool, product: str | None = None, after: str | None = None
) -> Queue:
    """Changes under way, the latest touched first: the viewer's own, or everybody's."""
    statement = _in(_changes(viewer, _WAITING).where(*_under_way(viewer, mine)), viewer, product)
    return _page(session, viewer, statement, Change.updated_at, after, falling=True)


def draft_count(session: Session, viewer: Viewer) -> int:
    """How many changes of the viewer are under way."""
    return session.scalar(_changes(viewer, (func.count(),)).where(*_under_way(viewer, True))) or 0


def unsaved(session: Session, viewer: Viewer) -> Sequence[Any]:
    """The viewer's working copies with words that no revision has: slug, title, saved_at; the latest first."""
    columns = (ArticleTranslation.slug, ArticleTranslation.title, ArticleTranslation.language, WorkingCopy.saved_at)
    mine = WorkingCopy.visible_to(viewer, *columns).where(
        WorkingCopy.person_id == viewer.person_id, WorkingCopy.changed, Article.binned_at.is_(None)
    )
    return session.execute(mine.order_by(WorkingCopy.saved_at.desc()).limit(PAGE)).all()


def reviewed_products(session: Session, viewer: Viewer) -> list[str]:
    """Codes of the products whose articles the viewer reviews."""
    held = select(Product.code).join(ProductReviewer, ProductReviewer.product_id == Product.id)
    return list(session.scalars(held.where(ProductReviewer.person_id == viewer.person_id).order_by(Product.code)))


def _changes(viewer: Viewer, columns: Sequence[Any]) -> Select[Any]:
    joined = Change.visible_to(viewer, *columns).join(Revision, Revision.id == Change.revision_id)
    joined = joined.outerjoin(Person, Person.id == Change.author_id)
    read = and_(_Base.id == ArticleTranslation.revision_id, ArticleTranslation.published_at.is_not(None))
    return joined.outerjoin(_Base, read).where(Change.open.is_(True), Article.binned_at.is_(None))


def _decidable(viewer: Viewer) -> list[ColumnElement[bool]]:
    """What Action.ARTICLE_REVIEW says, over many changes at once."""
    others = or_(Change.author_id.is_(None), Change.author_id != viewer.person_id)
    written = exists().where(_Written.author_id == viewer.person_id, written_in_change(_Written))
    everything = allows(viewer, Action.ARTICLE_PUBLISH)  # editors
    return [Change.state == State.IN_REVIEW, others, ~written, true() if everything else _of_reviewed(viewer)]


def _under_way(viewer: Viewer, mine: bool) -> list[ColumnElement[bool]]:
    own = Change.author_id == viewer.person_id if viewer.person_id else false()
    return [Change.state.in_(UNDER_WAY), *([own] if mine else [])]


def _of_reviewed(viewer: Viewer) -> ColumnElement[bool]:
    reviewed = select(ProductReviewer.product_id).where(ProductReviewer.person_id == viewer.person_id)
    return _stands_under(article_product.c.product_id.in_(reviewed))


def _stands_under(product: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(select(article_product.c.article_id).where(article_product.c.article_id == Article.id, product))


def _in(statement: Select[Any], viewer: Viewer, product: str | None) -> Select[Any]:
    if product is None:
        return statement
    if product == MINE:
        return statement.where(_of_reviewed(viewer))
    wanted = select(Product.id).where(Product.code == product)
    return statement.where(_stands_under(article_product.c.product_id.in_(wanted)))


def _page(
    session: Session, viewer: Viewer, statement: Select[Any], when: Any, after: str | None, falling: bool = False
) -> Queue:
    if after is not None:
        edge = session.execute(Change.visible_to(viewer, when, Change.key).where(Change.key == after)).first()
        if edge is None:
            raise NotFound
        place, here = tuple_(when, Change.key), tuple_(edge[0], edge[1])
        statement = statement.where(place < here if falling else place > here)
    order = (when.desc(), Change.key.desc()) if falling else (when, Change.key)
    rows = [Waiting(*row) for row in session.execute(statement.order_by(*order).limit(PAGE + 1))]
    return Queue(rows[:PAGE], rows[PAGE - 1].key if len(rows) > PAGE else None)
