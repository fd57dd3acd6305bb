"""The review page: everything its template shows of an open change, or of an article on which nobody works."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import render_template, request
from sqlalchemy.orm import Session

from editorial.diff import whole, word_diff
from editorial.models import Change, ReviewNote, State
from editorial.notes import placed
from editorial.queries.changes import notes_of, open_change, reviewers_of
from editorial.rows import Difference, Stretch, at_most
from editorial.services.held import Held, form_at
from editorial.services.publishing import publishing
from editorial.services.review import Reviewed, authors_of
from editorial.services.snapshot import settings_of
from editorial.views.readers import sentence_for
from editorial.views.words import SIGNIFICANCE, STATES, Altered, altered
from kb import queries
from kb.models import ArticleTranslation, Revision, is_published
from sportello.core.audience import Viewer
from sportello.core.policy import Action, allows
from sportello.web.access import current_viewer
from sportello.web.i18n import current_timezone
from sportello.web.session import settings

MOST_ROWS = 4000  # of a difference on one page
VIEWS = ("changes", "side", "preview")


@dataclass(frozen=True)
class Said:
    """A comment with its author's name."""

    note: ReviewNote
    author: str

    @property
    def revision_id(self) -> int | None:
        return self.note.revision_id

    @property
    def line(self) -> int | None:
        return self.note.line

    @property
    def quote(self) -> str:
        return self.note.quote


@dataclass(frozen=True)
class Kept:
    """What was typed into a form of the page that was refused. `form`: "note", "decide", "schedule", "unpublish"."""

    form: str = ""
    problem: str = ""
    text: str = ""
    line: int | None = None


@dataclass(frozen=True)
class Permitted:
    """What this person may do with the article here."""

    decide: bool
    publish: bool
    archive: bool
    own: bool  # wrote some of the change


@dataclass(frozen=True)
class Reviewing:
    """The change with what changed and what was said. `base`: number of the revision readers have, None for none."""

    change: Change
    base: int | None
    difference: Difference
    stretches: Sequence[Stretch]
    left_out: int  # lines that are too many to show
    titles: Difference | None
    settings: Sequence[Altered]
    by_line: Mapping[int, Sequence[Said]]
    others: Sequence[Said]
    html: str


def review_page(session: Session, slug: str, kept: Kept = Kept()) -> str:
    """The page of the article at `slug`. Raises NotFound, Forbidden."""
    viewer = current_viewer()
    item = queries.get_article(session, viewer, slug)
    change = open_change(session, viewer, slug)
    line = kept.line if kept.line is not None else _asked_line()
    view = request.args.get("view", "")
    shown = _reviewing(session, viewer, item, change, line) if change else None
    return render_template(
        "editorial/review.html",
        item=item,
        article=item.article,
        change=change,
        shown=shown,
        may=permitted(session, viewer, item, change),
        sentence=sentence_for(session, _audience(session, item, change)),
        published=is_published(item),
        view=view if view in VIEWS else "changes",
        line=line,
        kept=kept,
        states=STATES,
        significance=SIGNIFICANCE,
        publish_at=local(change.publish_at if change else None),
        unpublish_at=local(item.article.unpublish_at),
        in_review=bool(change and change.state == State.IN_REVIEW),
    )


def _asked_line() -> int | None:
    given = request.args.get("line", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 8 else None


def _reviewing(
    session: Session, viewer: Viewer, item: ArticleTranslation, change: Change, line: int | None
) -> Reviewing:
    revision, base = change.revision, _base(session, viewer, item, change)
    difference = word_diff(base.markdown, revision.markdown) if base else whole(revision.markdown)
    said = [Said(note, author) for note, author in notes_of(session, viewer, change)]
    by_line, others = placed(said, revision.markdown, revision.id)
    keep = {*by_line, *([line] if line else [])}
    all_rows = difference.folded(keep=keep) if base else [Stretch(difference.rows, folded=False)]
    stretches, left_out = at_most(all_rows, MOST_ROWS)
    readable = queries.readable_slugs(session, viewer, queries.linked_slugs(revision.html))
    return Reviewing(
        change,
        base.number if base else None,
        difference,
        stretches,
        left_out,
        word_diff(base.title, revision.title) if base and base.title != revision.title else None,
        altered(session, settings_of(session, item), form_at(session, Held(item, change), revision.id).settings),
        by_line,
        others,
        queries.without_hidden_links(revision.html, readable),
    )


def _base(session: Session, viewer: Viewer, item: ArticleTranslation, change: Change) -> Revision | None:
    """The text that readers have, or had before it was taken from them."""
    base_id = item.revision_id if item.revision_id != change.revision_id else change.base_revision_id
    if base_id is None:
        return None
    found: Revision | None = session.scalars(Revision.visible_to(viewer).where(Revision.id == base_id)).one_or_none()
    return found


def _audience(session: Session, item: ArticleTranslation, change: Change | None) -> str:
    """Who shall read it once the change is published."""
    return (
        form_at(session, Held(item, change), change.revision_id).settings.audience if change else item.article.audience
    )


def permitted(session: Session, viewer: Viewer, item: ArticleTranslation, change: Change | None) -> Permitted:
    """What the policy says of this article and its open change, for the buttons."""
    authors = authors_of(session, change) if change else frozenset()
    own = viewer.person_id in authors
    author_id = viewer.person_id if own or change is None else change.author_id
    subject = Reviewed(author_id, reviewers_of(session, item.article))
    decides = change is not None and allows(viewer, Action.ARTICLE_REVIEW, subject)
    on_shelf = item.article.archived_at is None and item.article.binned_at is None
    held = Held(item, change)
    return Permitted(
        decide=decides and change is not None and change.state == State.IN_REVIEW,
        publish=on_shelf
        and allows(viewer, Action.ARTICLE_PUBLISH, publishing(session, held, settings().agents_publish)),
        archive=allows(viewer, Action.ARTICLE_ARCHIVE),
        own=own,
    )


def local(moment: datetime | None) -> str:
    """A moment as a field of date and time shows it, in the person's time zone."""
    return f"{moment.astimezone(current_timezone()):%Y-%m-%dT%H:%M}" if moment else ""
