"""The person's side of a bulk change: fix the articles, start, undo."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from editorial.events import BulkRunWanted
from editorial.models import BulkRun
from editorial.queries.bulk import Selection, chosen_keys, get_run
from editorial.services.bulk.alter import ALTERATIONS
from sportello.accounts.services import audit
from sportello.core import clock, keys, outbox
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Conflict, Invalid
from sportello.core.policy import Action, require

MOST = 50_000  # articles of one run
FORGOTTEN = timedelta(days=1)  # a preview that nobody started


def preview(
    session: Session, actor: Viewer, selection: Selection, action: str, value: str, *, ladder: Collection[str]
) -> BulkRun:
    """Fix the articles that `selection` means now. Nothing happens to them before `start`.

    Raises Forbidden, Invalid (no such change, no such value, no article or more than 50,000).
    """
    require(actor, Action.ARTICLE_BULK)
    if action not in ALTERATIONS:
        raise Invalid(N_("Choose what to change."), field="action")
    value = ALTERATIONS[action].check(session, value.strip(), ladder)
    found = chosen_keys(session, actor, selection, MOST + 1)
    if not found:
        raise Invalid(N_("No article matches. Change the filter."), field="action")
    if len(found) > MOST:
        raise Invalid(N_("More than %(most)s articles match. Narrow the filter."), field="action", most=MOST)
    now = clock.now()
    session.execute(delete(BulkRun).where(BulkRun.state == "preview", BulkRun.created_at < now - FORGOTTEN))
    run = BulkRun(
        key=keys.new_key(), actor_id=actor.person_id, action=action, value={"to": value}, chosen=selection.as_dict(),
        articles=found, before={}, failed={}, state="preview", done=0, created_at=now,
    )  # fmt: skip
    session.add(run)
    return run


def start(session: Session, actor: Viewer, key: str) -> BulkRun:
    """Let the worker do it. Raises Forbidden, NotFound, Conflict (started already)."""
    run = _held(session, actor, key, "preview", N_("This change was started already."))
    run.state, run.created_at, run.actor_id = "waiting", clock.now(), actor.person_id
    outbox.emit(session, BulkRunWanted(run.key))
    _note(session, actor, "article.bulk", run)
    return run


def undo(session: Session, actor: Viewer, key: str) -> BulkRun:
    """Put back what was, where nobody changed it since. Once. Raises Forbidden, NotFound, Conflict."""
    run = _held(session, actor, key, "done", N_("Only a change that is done can be undone, and only once."))
    run.state, run.finished_at = "undoing", None
    outbox.emit(session, BulkRunWanted(run.key))
    _note(session, actor, "article.bulk.undo", run)
    return run


def _held(session: Session, actor: Viewer, key: str, state: str, otherwise: str) -> BulkRun:
    require(actor, Action.ARTICLE_BULK)
    get_run(session, actor, key)
    statement = select(BulkRun).where(BulkRun.key == key).with_for_update().execution_options(populate_existing=True)
    run = session.scalars(statement).one()
    if run.state != state:
        raise Conflict(otherwise)
    return run


def _note(session: Session, actor: Viewer, what: str, run: BulkRun) -> None:
    chosen = {name: value for name, value in run.chosen.items() if value}
    details = {"change": run.action, "to": run.value.get("to"), "articles": len(run.articles), **chosen}
    audit.record(session, actor, what, run.key, after=details)
