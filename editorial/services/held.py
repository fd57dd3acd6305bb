"""What every verb begins with: the translation, held against everybody else, and the revision to go on from."""

from dataclasses import dataclass

from sqlalchemy import func
from sqlalchemy.orm import Session

from editorial.form import ArticleForm
from editorial.models import Change, State
from editorial.services.snapshot import form_of
from kb.models import Article, ArticleTranslation, Revision
from kb.queries.articles import get_article
from kb.services.revise import held_article
from sportello.core.audience import Viewer, system
from sportello.core.errors import N_, Conflict, NotFound
from sportello.core.policy import Action, require


@dataclass
class Held:
    """A translation and its open change. While the transaction lasts nobody else writes them."""

    translation: ArticleTranslation
    change: Change | None

    @property
    def article(self) -> Article:
        return self.translation.article

    @property
    def follows(self) -> bool:
        """Nobody reads it, so its revision is always the latest."""
        return self.translation.published_at is None and self.translation.published_before is None

    @property
    def moved(self) -> bool:
        """Readers' text was changed past the open change (an import, a direct edit): they must be merged."""
        change = self.change
        return change is not None and self.translation.revision_id not in (
            change.base_revision_id,
            change.revision_id,
        )

    @property
    def head_id(self) -> int | None:
        """Id of the revision that the next one follows."""
        if self.change is None or self.moved:
            return self.translation.revision_id
        return self.change.revision_id

    @property
    def newest_id(self) -> int | None:
        """Id of the latest words on the writing side, merged with what readers have or not."""
        return self.change.revision_id if self.change else self.translation.revision_id

    def require_open(self) -> Change:
        """The open change. Raises Conflict."""
        if self.change is None:
            raise Conflict(N_("There is no open change here any more. Look at the article again."))
        return self.change

    def require_on_shelf(self) -> None:
        """Raises Conflict for what was archived or binned: it is brought back first."""
        if self.article.binned_at is not None:
            raise Conflict(N_("This article lies in the bin. Take it out of there first."))
        if self.article.archived_at is not None:
            raise Conflict(N_("This article is archived. Bring it back first."))


def hold(session: Session, actor: Viewer, slug: str, action: Action = Action.ARTICLE_DRAFT) -> Held:
    """The translation at `slug` with its article and open change, locked. Raises NotFound, Forbidden."""
    translation = held_article(session, actor, slug)
    require(actor, action)
    return Held(translation, _open_change(session, translation.id))


def look(session: Session, actor: Viewer, slug: str, action: Action = Action.ARTICLE_DRAFT) -> Held:
    """The same, not locked: for pages that show it. Raises NotFound, Forbidden."""
    translation = get_article(session, actor, slug)
    require(actor, action)
    return Held(translation, _open_change(session, translation.id))


def hold_change(session: Session, actor: Viewer, key: str) -> Held:
    """The same by the key of a change that is open. Raises NotFound, Forbidden, Conflict."""
    require(actor, Action.ARTICLE_HISTORY)
    slug = session.scalar(Change.visible_to(actor, ArticleTranslation.slug).where(Change.key == key))
    if slug is None:
        raise NotFound
    held = hold(session, actor, slug, Action.ARTICLE_HISTORY)
    if held.require_open().key != key:
        raise Conflict(N_("This change was closed meanwhile."))
    return held


def _open_change(session: Session, translation_id: int) -> Change | None:
    found: Change | None = session.scalars(
        Change.visible_to(system())
        .where(Change.translation_id == translation_id, Change.open.is_(True))
        .execution_options(populate_existing=True)
    ).one_or_none()
    return found


def get_revision(session: Session, revision_id: int | None) -> Revision | None:
    """A revision by id; None for None and for one that is gone."""
    if revision_id is None:
        return None
    found: Revision | None = session.scalars(
        Revision.visible_to(system()).where(Revision.id == revision_id)
    ).one_or_none()
    return found


def last_number(session: Session, translation_id: int) -> int:
    """The highest revision number of a translation; 0 before the first."""
    numbers = Revision.visible_to(system(), func.max(Revision.number))
    return session.scalar(numbers.where(Revision.translation_id == translation_id)) or 0


def was_never_published(session: Session, held: Held) -> bool:
    """Readers never had this language: it was begun here and no change of it was published."""
    if not held.follows:
        return False
    states = Change.visible_to(system(), Change.base_revision_id, Change.state)
    rows = session.execute(states.where(Change.translation_id == held.translation.id)).all()
    begun_here = any(row.base_revision_id is None for row in rows)
    return begun_here and all(row.state != State.PUBLISHED for row in rows)


def was_never_read(session: Session, article: Article) -> bool:
    """No language of the article ever had readers. What they had and lost is changed under the same rules as what
    they have: taking an article from them opens it to nobody else."""
    columns = (ArticleTranslation.id, ArticleTranslation.published_at, ArticleTranslation.published_before)
    languages = ArticleTranslation.visible_to(system(), *columns).where(ArticleTranslation.article_id == article.id)
    rows = session.execute(languages).all()
    if any(row.published_at is not None or row.published_before is not None for row in rows):
        return False
    told = Change.visible_to(system(), Change.translation_id, Change.base_revision_id, Change.state)
    changes = session.execute(told.where(ArticleTranslation.article_id == article.id)).all()
    begun_here = {row.translation_id for row in changes if row.base_revision_id is None}
    return begun_here >= {row.id for row in rows} and all(row.state != State.PUBLISHED for row in changes)


def form_at(session: Session, held: Held, revision_id: int | None) -> ArticleForm:
    """What the editor shows of a revision of this translation."""
    staged = held.change is not None and revision_id == held.change.revision_id
    return form_of(session, held.translation, get_revision(session, revision_id), staged)
