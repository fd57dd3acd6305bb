"""The worker's side: one batch in a short transaction, then the next event; killed anywhere, it goes on where it was.

What was done and how far it came are written in the transaction that does it, so no article is done twice.
"""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from editorial.events import BulkRunWanted
from editorial.models import BulkRun
from editorial.services.bulk.alter import ALTERATIONS, Shelves
from kb.events import ArticlesChanged
from kb.models import Article
from sportello.accounts.models import Person
from sportello.core import clock, outbox
from sportello.core.audience import Viewer, system
from sportello.core.errors import N_, Conflict, Forbidden, Invalid, NotFound
from sportello.core.handling import Site
from sportello.core.policy import Action, allows

BATCH = 100
BREATH = 0.03  # seconds between batches: others who write get their turn
GONE = N_("The article is not there any more.")
SINCE = N_("Changed since: left as it is.")
STOPPED = N_("Left as it is: whoever started this may not change many articles any more.")


def on_bulk_run_wanted(site: Site, event: BulkRunWanted) -> None:
    """Do the next batch of a run; the event of the one after it is written with it."""
    with site.database.write() as session:
        more = advance(session, event.key, BATCH)
    if more:
        time.sleep(BREATH)


def advance(session: Session, key: str, batch: int = BATCH) -> bool:
    """One batch of a run, forwards or back; True while there is more to do. The caller commits."""
    statement = select(BulkRun).where(BulkRun.key == key).with_for_update()
    run = session.scalars(statement).one_or_none()
    if run is None or run.state not in ("waiting", "running", "undoing"):
        return False
    if run.state == "undoing":
        keys = run.articles[max(0, run.done - batch) : run.done]
        _undo(session, run, keys)
        run.done -= len(keys)
        more = run.done > 0
    else:
        keys = run.articles[run.done : run.done + batch]
        if _may_go_on(session, run):
            _do(session, run, keys)
        else:
            keys = run.articles[run.done :]
            run.failed = {**run.failed, **dict.fromkeys(keys, _reason(STOPPED))}
        run.state, run.done = "running", run.done + len(keys)
        more = run.done < len(run.articles)
    if more:
        outbox.emit(session, BulkRunWanted(run.key))
    else:
        run.state, run.finished_at = "undone" if run.state == "undoing" else "done", clock.now()
    return more


def _may_go_on(session: Session, run: BulkRun) -> bool:
    """Whoever started the run is still somebody who may; nobody is behind what the site does itself."""
    person = session.get(Person, run.actor_id) if run.actor_id else None
    if person is None:
        return run.actor_id is None
    return person.active and allows(Viewer(audiences=frozenset(), roles=person.roles), Action.ARTICLE_BULK)


def _do(session: Session, run: BulkRun, keys: Sequence[str]) -> None:
    alteration, shelves = ALTERATIONS[run.action], Shelves(session, system())
    articles = _load(session, keys)
    before, failed, changed = {}, {}, []
    for key in keys:
        if (article := articles.get(key)) is None:
            failed[key] = _reason(GONE)
            continue
        was = alteration.read(shelves, article)
        wanted = alteration.wanted(was, str(run.value.get("to", "")))
        if wanted == was:
            continue
        edited = article.edited_here
        try:
            alteration.put(shelves, article, wanted)
        except (Invalid, Conflict, NotFound, Forbidden) as error:
            failed[key] = _reason(error.message, error.params)
            continue
        before[key] = [was, alteration.read(shelves, article), edited]
        article.edited_here = True
        changed.append(key)
    _keep(session, run, {**run.before, **before}, {**run.failed, **failed}, changed)


def _undo(session: Session, run: BulkRun, keys: Sequence[str]) -> None:
    alteration, shelves = ALTERATIONS[run.action], Shelves(session, system())
    articles = _load(session, [key for key in keys if key in run.before])
    before, failed, changed = dict(run.before), dict(run.failed), []
    for key in keys:
        if key not in before:
            continue
        was, became, edited = before[key]
        article = articles.get(key)
        if article is None:
            failed[key] = _reason(GONE)
        elif alteration.read(shelves, article) != became:
            failed[key] = _reason(SINCE)
        else:
            try:
                alteration.put(shelves, article, was)
            except (Invalid, Conflict, NotFound, Forbidden) as error:
                failed[key] = _reason(error.message, error.params)
                continue
            article.edited_here = edited
            del before[key]
            changed.append(key)
    _keep(session, run, before, failed, changed)


def _load(session: Session, keys: Sequence[str]) -> dict[str, Article]:
    parts = (Article.products, Article.versions, Article.tags)
    statement = Article.visible_to(system()).where(Article.key.in_(keys), Article.binned_at.is_(None))
    options = (joinedload(Article.category), *(selectinload(part) for part in parts))
    return {article.key: article for article in session.scalars(statement.options(*options))} if keys else {}


def _keep(
    session: Session, run: BulkRun, before: dict[str, Any], failed: dict[str, Any], changed: Sequence[str]
) -> None:
    run.before, run.failed = before, failed
    if changed:
        outbox.emit(session, ArticlesChanged(list(changed)))


def _reason(message: str, params: Any = None) -> list[Any]:
    """A message and what stands in its places, to be translated for whoever reads the list."""
    return [message, {name: str(value) for name, value in (params or {}).items()}]
