"""The queues of changes and of what was put away: to review, drafts, archived, the bin."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import format_timedelta
from sqlalchemy.orm import Session

from editorial.diff import word_diff
from editorial.queries import duties, put_away, shelves
from editorial.queries.duties import MINE, Queue, Waiting
from editorial.rows import Difference, Stretch, at_most
from editorial.views.blueprint import bp
from editorial.views.queues import TABS, QueueTab, queue_page
from kb.queries import places_of
from kb.queries.cards import Place
from sportello.accounts.queries import all_products
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.errors import N_
from sportello.core.policy import Action, allows
from sportello.web.access import current_viewer, requires
from sportello.web.session import read_session

DUE = timedelta(days=2)  # a review that waits longer is marked
MOST_ROWS = 400  # of a difference in a row
MOST = 60_000  # characters of both texts; a longer change is shown on its own page only


@dataclass(frozen=True)
class Decision:
    """A row: the change, what changed (None if it is new or too long to show here), how long it waits."""

    row: Waiting
    places: Sequence[Place]
    age: str
    due: bool
    difference: Difference | None
    stretches: Sequence[Stretch]
    left_out: int
    words: int


def _decision(row: Waiting, places: Sequence[Place], since: datetime) -> Decision:
    waited = clock.now() - since
    short = len(row.markdown) + len(row.base_markdown or "") <= MOST
    difference = word_diff(row.base_markdown, row.markdown) if short and row.base_markdown is not None else None
    stretches, left_out = at_most(difference.folded(), MOST_ROWS) if difference else ([], 0)
    age = str(format_timedelta(waited, granularity="minute"))
    return Decision(row, places, age, waited >= DUE, difference, stretches, left_out, len(row.markdown.split()))


def _decisions(session: Session, viewer: Viewer, queue: Queue) -> list[Decision]:
    places = places_of(session, viewer, [row.article_id for row in queue.rows])
    return [_decision(row, places.get(row.article_id, ()), row.submitted_at or row.updated_at) for row in queue.rows]


def _product(session: Session, viewer: Viewer) -> tuple[str | None, bool]:
    """The product asked for, and whether the viewer reviews any: then those come first."""
    reviews = bool(duties.reviewed_products(session, viewer))
    asked = request.args.get("product", MINE if reviews else "all")
    return (None if asked == "all" or (asked == MINE and not reviews) else asked), reviews


@bp.get("/queues/review")
@requires(Action.ARTICLE_HISTORY)
def queue_review() -> ResponseReturnValue:
    """Changes that wait for this person's decision, the longest waiting first."""
    viewer = current_viewer()
    with read_session() as session:
        product, reviews = _product(session, viewer)
        queue = duties.to_review(session, viewer, product, request.args.get("after"))
        count, oldest = duties.review_figures(session, viewer)
        return queue_page(
            session,
            "editorial/queues/review.html",
            decisions=_decisions(session, viewer, queue),
            next=queue.next,
            count=count,
            oldest=oldest,
            products=all_products(session),
            product=product or "all",
            reviews=reviews,
        )


@bp.get("/queues/drafts")
@requires(Action.ARTICLE_HISTORY)
def queue_drafts() -> ResponseReturnValue:
    """Changes under way, the latest touched first: mine, or with ?whose=all everybody's."""
    viewer = current_viewer()
    everybody = request.args.get("whose") == "all"
    asked = request.args.get("product", "all")
    with read_session() as session:
        product = None if asked == "all" else asked
        after = request.args.get("after")
        queue = duties.drafts(session, viewer, mine=not everybody, product=product, after=after)
        resting = [] if after or product else shelves.drafts(session, viewer, mine=not everybody)
        return queue_page(
            session,
            "editorial/queues/drafts.html",
            decisions=_decisions(session, viewer, queue),
            next=queue.next,
            everybody=everybody,
            count=duties.draft_count(session, viewer),
            resting=[row for row in resting if not row.state],
            unsaved=duties.unsaved(session, viewer),
            products=all_products(session),
            product=asked,
        )


@bp.get("/queues/archived")
@requires(Action.ARTICLE_HISTORY)
def queue_archived() -> ResponseReturnValue:
    """Archived articles with their successors, the latest first."""
    with read_session() as session:
        queue = put_away.archived(session, current_viewer(), request.args.get("after"))
        return queue_page(session, "editorial/queues/archived.html", **_put_away(queue))


@bp.get("/queues/bin")
@requires(Action.ARTICLE_HISTORY)
def queue_bin() -> ResponseReturnValue:
    """What lies in the bin, with the days that are left."""
    with read_session() as session:
        queue = put_away.binned(session, current_viewer(), request.args.get("after"))
        return queue_page(session, "editorial/queues/bin.html", **_put_away(queue))


def _put_away(queue: Queue) -> dict[str, object]:
    may = allows(current_viewer(), Action.ARTICLE_ARCHIVE)
    return {"rows": queue.rows, "next": queue.next, "may": may}


def _review_count(session: Session, viewer: Viewer) -> int:
    return duties.review_figures(session, viewer)[0]


TABS += [
    QueueTab(Action.ARTICLE_HISTORY, N_("To review"), "editorial.queue_review", _review_count, 10),
    QueueTab(Action.ARTICLE_HISTORY, N_("Drafts"), "editorial.queue_drafts", duties.draft_count, 20),
    QueueTab(
        Action.ARTICLE_HISTORY, N_("Archived"), "editorial.queue_archived", put_away.archive_count, 90, work=False
    ),
    QueueTab(Action.ARTICLE_HISTORY, N_("Bin"), "editorial.queue_bin", put_away.bin_count, 91, work=False),
]
