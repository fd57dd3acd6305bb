"""Saving: an immutable revision, staged in the open change of the language, never over somebody else's."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy.orm import Session

from editorial.form import ArticleForm
from editorial.merge import EditConflict, has_markers
from editorial.models import Change, State
from editorial.services.copies import drop_copy, opened_settings
from editorial.services.held import (
    Held,
    form_at,
    get_revision,
    hold,
    last_number,
    was_never_published,
    was_never_read,
)
from editorial.services.snapshot import apply_settings, check_settings
from editorial.settings import SUMMARY, changed_in, stored
from kb.models import ArticleTranslation, Revision, Significance
from kb.queries.articles import get_article
from kb.services.attachments import link_files
from kb.services.rendering import render_article, rendered_columns
from kb.services.verify import DAYS
from sportello.core import clock, keys
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Invalid, NotFound
from sportello.core.markup import Rendered
from sportello.core.policy import Action, require

MAX_COMMENT = 300


def save_change(
    session: Session,
    actor: Viewer,
    slug: str,
    form: ArticleForm,
    *,
    base_revision_id: int | None,
    ladder: Collection[str],
    significance: Significance = Significance.NORMAL,
    comment: str = "",
    source_revision_id: int | None = None,
    rendered: Rendered | None = None,
) -> Change:
    """A new revision from what was typed, in the open change or in one begun now; the person's working copy goes.

    `base_revision_id`: the revision that the person started from. A change that was approved or scheduled is a
    draft again: nobody has approved these words. `source_revision_id`: what a translation says.
    `rendered`: the text of `form`, where it was rendered before the transaction, which then waits for nothing.

    Raises NotFound, Forbidden, Invalid (naming the field), Conflict (archived, in the bin), and EditConflict when
    another revision came in between.
    """
    language = get_article(session, actor, slug).language
    require(actor, Action.ARTICLE_DRAFT)
    form.check(ladder, language)
    _check_words(form, comment, significance)
    rendered = rendered or render_article(form.markdown, language)
    held = hold(session, actor, slug)
    held.require_on_shelf()
    _require_base(session, actor, held, form, base_revision_id)
    form, changed = _altered(session, actor, held, form)
    revision = add_revision(session, actor, held.translation, form, rendered, comment=comment)
    revision.significance = Significance(significance)
    revision.source_revision_id = _source(session, actor, held, source_revision_id)
    revision.settings = stored(form.settings, changed, form.summary)
    return stage(session, actor, held, revision, form)


def _check_words(form: ArticleForm, comment: str, significance: str) -> None:
    if significance not in set(Significance):
        raise Invalid(N_("Say whether it is a typo, a normal or a major change."), field="significance")
    if has_markers(form.markdown):
        raise Invalid(N_("Decide on every marked place first: the text still holds both versions."), field="markdown")
    if len(comment) > MAX_COMMENT:
        raise Invalid(N_("The comment is longer than %(most)s characters."), field="comment", most=MAX_COMMENT)


def _require_base(session: Session, actor: Viewer, held: Held, form: ArticleForm, base_revision_id: int | None) -> None:
    """Raise EditConflict unless the newest revision is the one that the person started from."""
    head_id = held.head_id
    if base_revision_id == head_id or head_id is None:
        return
    ancestor = base_revision_id
    if held.moved and held.change is not None and ancestor == held.change.revision_id:
        ancestor = held.change.base_revision_id or ancestor  # what the staged and the readers' text come from
    settings = form_at(session, held, held.newest_id).settings
    theirs = replace(form_at(session, held, head_id), settings=settings)
    opened = opened_settings(session, actor, held.translation.id) or settings
    revision = get_revision(session, ancestor)
    if revision is None or revision.translation_id != held.translation.id:
        base = ArticleForm(form.title, "", theirs.summary, opened)
    else:
        summary = (revision.settings or {}).get(SUMMARY, theirs.summary)
        base = ArticleForm(revision.title, revision.markdown, summary, opened)
    raise EditConflict(base, theirs, form, head_id)


def _altered(session: Session, actor: Viewer, held: Held, form: ArticleForm) -> tuple[ArticleForm, set[str]]:
    """The form with settings that others changed meanwhile brought in, and the names of what this change alters."""
    now = form_at(session, held, held.newest_id).settings
    mine = set(form.settings.differing(opened_settings(session, actor, held.translation.id) or now))
    settings = now.with_values(mine, form.settings)
    check_settings(session, settings, mine)
    staged = get_revision(session, held.change.revision_id) if held.change else None
    return replace(form, settings=settings), mine | changed_in(staged.settings if staged else None)


def _source(session: Session, actor: Viewer, held: Held, revision_id: int | None) -> int | None:
    """The revision that a translation says: of another language of the same article."""
    if revision_id is None:
        before = get_revision(session, held.head_id)
        return before.source_revision_id if before else None
    statement = Revision.visible_to(actor, Revision.id).where(
        Revision.id == revision_id, ArticleTranslation.article_id == held.translation.article_id
    )
    if session.scalar(statement) is None:
        raise NotFound
    return revision_id


def add_revision(
    session: Session,
    actor: Viewer,
    translation: ArticleTranslation,
    form: ArticleForm,
    rendered: Rendered,
    *,
    comment: str = "",
) -> Revision:
    """The next revision of a translation that is held, with the files that its text names."""
    revision = Revision(
        translation=translation,
        number=last_number(session, translation.id) + 1,
        title=form.title,
        markdown=form.markdown,
        author_id=actor.person_id,
        created_at=clock.now(),
        comment=comment,
        **rendered_columns(rendered),
    )
    session.add(revision)
    session.flush()
    link_files(session, revision)
    return revision


def stage(session: Session, actor: Viewer, held: Held, revision: Revision, form: ArticleForm) -> Change:
    """Put a new revision into the open change, or begin one; while nobody reads the language, it is the latest."""
    now, translation, change = clock.now(), held.translation, held.change
    fresh = change is None and was_never_published(session, held)
    if change is None:
        change = Change(
            key=keys.new_key(), translation_id=translation.id, author_id=actor.person_id, created_at=now,
            base_revision_id=None if fresh else translation.revision_id, revision_id=revision.id,
            state=State.DRAFT, updated_at=now,
        )  # fmt: skip
        session.add(change)
    elif held.moved:
        change.base_revision_id = translation.revision_id
    change.revision_id, change.updated_at = revision.id, now
    change.significance, change.comment = heavier(held.change, revision), revision.comment or change.comment or ""
    if change.state in (State.APPROVED, State.SCHEDULED):
        change.state, change.reviewer_id, change.decided_at = State.DRAFT, None, None
    if held.follows:
        translation.revision = revision
        translation.title, translation.summary, translation.updated_at = form.title, form.summary, now
        if was_never_read(session, held.article):
            apply_settings(session, translation, form.settings, changed_in(revision.settings), DAYS)
            revision.settings = stored(form.settings, (), form.summary)
    drop_copy(session, actor, translation.id)
    session.flush()
    return change


def heavier(change: Change | None, revision: Revision) -> str:
    """A change weighs as much as the weightiest of its revisions: a typo after a major one is still major."""
    order = list(Significance)
    before = change.significance if change else Significance.TYPO
    return max(before, revision.significance, key=lambda value: order.index(Significance(value)))
