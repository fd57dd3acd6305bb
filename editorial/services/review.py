"""Review: handing a change in, what is said about it line by line, and the decision."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session, contains_eager

from editorial.models import Change, ReviewNote, State, Verdict
from editorial.queries.changes import reviewers_of, written_in_change
from editorial.services.held import Held, hold, hold_change
from editorial.services.publishing import close_change, plan, publish_held
from kb.models import Revision
from sportello.core import clock, keys
from sportello.core.audience import Viewer, system
from sportello.core.errors import N_, Conflict, Invalid, NotFound
from sportello.core.policy import Action, require

MAX_NOTE = 4000


def submit(session: Session, actor: Viewer, slug: str) -> Change:
    """Hand the open change in for review. Raises NotFound, Forbidden, Conflict (no draft is open)."""
    held = hold(session, actor, slug)
    held.require_on_shelf()
    change = held.require_open()
    if change.state != State.DRAFT:
        raise Conflict(N_("This change is not a draft any more. Look at it again."))
    now = clock.now()
    change.state, change.submitted_at, change.updated_at = State.IN_REVIEW, now, now
    change.reviewer_id = change.decided_at = None
    session.flush()
    return change


def withdraw(session: Session, actor: Viewer, slug: str) -> Change:
    """Take the open change back: a draft again, nothing planned. Raises NotFound, Forbidden, Conflict."""
    change = hold(session, actor, slug).require_open()
    change.state, change.updated_at = State.DRAFT, clock.now()
    change.submitted_at = change.publish_at = change.reviewer_id = change.decided_at = None
    session.flush()
    return change


def add_note(
    session: Session, actor: Viewer, change_key: str, *, text: str, line: int | None = None, quote: str = ""
) -> ReviewNote:
    """A comment on a line (from 1) of the change's text, or on all of it. Raises NotFound, Forbidden, Invalid."""
    held = hold_change(session, actor, change_key)
    change = held.require_open()
    if line is not None:
        lines = session.scalar(
            Revision.visible_to(system(), Revision.markdown).where(Revision.id == change.revision_id)
        )
        if not 1 <= line <= len((lines or "").split("\n")):
            raise Invalid(N_("The text has no such line."), field="line")
    note = _note(session, actor, change, text, required=True)
    note.line, note.quote = line, quote[:MAX_NOTE]
    session.flush()
    return note


def resolve_note(session: Session, actor: Viewer, note_key: str, *, resolved: bool = True) -> ReviewNote:
    """Say that a comment is dealt with, or not after all. Raises NotFound, Forbidden."""
    require(actor, Action.ARTICLE_HISTORY)
    statement = ReviewNote.visible_to(actor).where(ReviewNote.key == note_key)
    note: ReviewNote | None = session.scalars(statement.options(contains_eager(ReviewNote.change))).one_or_none()
    if note is None:
        raise NotFound
    note.resolved_at = clock.now() if resolved else None
    session.flush()
    return note


@dataclass(frozen=True)
class Reviewed:
    """What the policy looks at: whose work it is, and who reviews its products."""

    author_id: int | None
    reviewer_ids: frozenset[int]


def reviewed(session: Session, actor: Viewer, held: Held) -> Reviewed:
    """The open change as `Action.ARTICLE_REVIEW` sees it: whoever wrote any of its revisions is its author."""
    change = held.require_open()
    author_id = actor.person_id if actor.person_id in authors_of(session, change) else change.author_id
    return Reviewed(author_id, reviewers_of(session, held.article))


def authors_of(session: Session, change: Change) -> frozenset[int | None]:
    """Everybody who wrote a revision of this change, and who began it."""
    written = Change.visible_to(system(), Revision.author_id).join(Revision, written_in_change(Revision))
    return frozenset({change.author_id, *session.scalars(written.where(Change.id == change.id))})


def decide(
    session: Session,
    actor: Viewer,
    change_key: str,
    verdict: Verdict,
    text: str = "",
    *,
    revision_id: int | None = None,
    ladder: Collection[str] = (),
) -> Change:
    """Approve (published at once, or at the time that its author chose), ask for changes, or reject.

    `revision_id`: the revision that the reviewer has read; with a newer one nothing is decided. Asking for changes
    and rejecting need words. Raises NotFound, Forbidden (own work, or not a reviewer), Invalid, Conflict.
    """
    held = hold_change(session, actor, change_key)
    change = held.require_open()
    require(actor, Action.ARTICLE_REVIEW, reviewed(session, actor, held))
    if change.state != State.IN_REVIEW:
        raise Conflict(N_("This change is not in review any more. Look at it again."))
    if revision_id is not None and revision_id != change.revision_id:
        raise Conflict(N_("A newer text was saved while you read. Read it before you decide."))
    verdict = Verdict(verdict)
    note = _note(session, actor, change, text, required=verdict is not Verdict.APPROVED)
    note.verdict = verdict
    now = clock.now()
    change.reviewer_id, change.decided_at, change.updated_at = actor.person_id, now, now
    if verdict is Verdict.CHANGES_ASKED:
        change.state = State.DRAFT
    elif verdict is Verdict.REJECTED:
        close_change(session, held, State.REJECTED)
    elif change.publish_at is not None and change.publish_at > now:
        plan(session, held)
    else:
        publish_held(session, actor, held, ladder=ladder)
    session.flush()
    return change


def _note(session: Session, actor: Viewer, change: Change, text: str, *, required: bool) -> ReviewNote:
    words = text.strip()
    if required and not words:
        raise Invalid(N_("Say it in a few words, so that the author knows what to do."), field="text")
    if len(words) > MAX_NOTE:
        raise Invalid(N_("The comment is longer than %(most)s characters."), field="text", most=MAX_NOTE)
    note = ReviewNote(
        key=keys.new_key(), change_id=change.id, revision_id=change.revision_id, text=words,
        author_id=actor.person_id, created_at=clock.now(),
    )  # fmt: skip
    session.add(note)
    return note
