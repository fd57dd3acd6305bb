"""Changing many articles: choose, see what it would do, start, watch, undo."""

from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from editorial.models import BulkRun
from editorial.queries import bulk as asked
from editorial.queries.bulk import NOBODY, Selection
from editorial.queries.effect import effect_of
from editorial.queries.owners import owner_choices
from editorial.services import bulk
from editorial.views.blueprint import bp
from editorial.views.queues import TABS, QueueTab, queue_page
from editorial.views.readers import audience_groups, site_plans
from kb.indexing import CONFIDENCE_LABELS, KIND_LABELS
from kb.models import Category, Confidence
from kb.views.present import name_of
from sportello.accounts.queries import all_products
from sportello.core.errors import N_, Conflict, Invalid
from sportello.core.policy import Action
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import explain
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, write_session

LISTED = 100  # failures shown
ACTIONS = {
    "product-add": N_("Add a product"),
    "product-remove": N_("Remove a product"),
    "category": N_("Set the category"),
    "audience": N_("Set the audience"),
    "owner": N_("Set the owner"),
    "tag-add": N_("Add a tag"),
    "tag-remove": N_("Remove a tag"),
    "archive": N_("Archive"),
}
STATES = {
    "published": N_("Published"),
    "draft": N_("Not published"),
    "archived": N_("Archived"),
    "all": N_("All of them"),
}
RUN_STATES = {
    "preview": N_("Not started"),
    "waiting": N_("Waiting"),
    "running": N_("Running"),
    "done": N_("Done"),
    "undoing": N_("Being undone"),
    "undone": N_("Undone"),
}
CONFIDENCES = {Confidence.VALIDATED: N_("Validated"), **CONFIDENCE_LABELS}


@bp.get("/queues/bulk")
@requires(Action.ARTICLE_BULK)
def queue_bulk() -> ResponseReturnValue:
    """The filter, how many articles match, the first of them, and what can be changed."""
    return _choose(Selection.from_fields(request.args))


@bp.post("/queues/bulk")
@requires(Action.ARTICLE_BULK)
def preview_bulk() -> ResponseReturnValue:
    """Fix the articles and show what the change would do to them."""
    chosen, action = Selection.from_fields(request.form), request.form.get("action", "")
    value = request.form.get(f"to-{action}", "")
    try:
        with write_session() as session:
            run = bulk.preview(session, current_viewer(), chosen, action, value, ladder=site_plans().ladder)
    except Invalid as error:
        return _choose(chosen, action, error), 400
    return redirect(url_for("editorial.bulk_run", key=run.key), 303)


@bp.get("/queues/bulk/<key>")
@requires(Action.ARTICLE_BULK)
def bulk_run(key: str) -> ResponseReturnValue:
    """One run: what it would do, how far it is, or what it did."""
    return _run_page(key)


@bp.post("/queues/bulk/<key>/start")
@requires(Action.ARTICLE_BULK)
def start_bulk(key: str) -> ResponseReturnValue:
    """Let the worker do it."""
    return _act(key, bulk.start)


@bp.post("/queues/bulk/<key>/undo")
@requires(Action.ARTICLE_BULK)
def undo_bulk(key: str) -> ResponseReturnValue:
    """Put back what was, where nobody changed it since."""
    return _act(key, bulk.undo)


@bp.get("/queues/bulk/<key>/progress")
@requires(Action.ARTICLE_BULK)
def bulk_progress(key: str) -> ResponseReturnValue:
    """How far it is, for the page's script."""
    with read_session() as session:
        run = asked.get_run(session, current_viewer(), key)
    return {"state": run.state, "done": run.done, "total": len(run.articles), "words": _so_far(run)}


def _act(key: str, verb: Any) -> ResponseReturnValue:
    try:
        with write_session() as session:
            verb(session, current_viewer(), key)
    except Conflict as error:
        return _run_page(key, explain(error)), 409
    return redirect(url_for("editorial.bulk_run", key=key), 303)


def _choose(chosen: Selection, action: str = "", error: Invalid | None = None) -> str:
    viewer = current_viewer()
    with read_session() as session:
        try:
            count, rows = asked.chosen_count(session, viewer, chosen), asked.first_rows(session, viewer, chosen)
        except Invalid as wrong:
            error, count, rows = error or wrong, 0, []
        return queue_page(
            session,
            "editorial/bulk.html",
            chosen=chosen,
            count=count,
            rows=rows,
            actions=ACTIONS,
            action=action,
            typed=request.form,
            problem=explain(error) if error else "",
            field=error.field if error else None,
            runs=asked.latest_runs(session, viewer),
            **_choices(session),
        )


def _choices(session: Session) -> dict[str, Any]:
    categories = session.scalars(select(Category).order_by(Category.position, Category.code))
    return {
        "products": [(row.code, row.name) for row in all_products(session)],
        "categories": [(row.code, name_of(row)) for row in categories],
        "groups": audience_groups(session),
        "owners": [(row.key, row.name) for row in owner_choices(session)],
        "kinds": KIND_LABELS,
        "confidences": CONFIDENCES,
        "states": STATES,
        "run_states": RUN_STATES,
        "nobody": NOBODY,
    }


def _run_page(key: str, problem: str = "") -> str:
    viewer = current_viewer()
    with read_session() as session:
        run = asked.get_run(session, viewer, key)
        listed = list(run.failed)[:LISTED]
        names = asked.rows_of(session, viewer, listed or run.articles[: asked.FIRST])
        choices = _choices(session)
        return queue_page(
            session,
            "editorial/bulk_run.html",
            run=run,
            effect=effect_of(session, viewer, run, site_plans().ladder) if run.state == "preview" else None,
            sentence=_sentence(run, choices),
            so_far=_so_far(run),
            names=names,
            failures=[(key, names.get(key), _(run.failed[key][0], **run.failed[key][1])) for key in listed],
            problem=problem,
            back=url_for("editorial.queue_bulk", **run.chosen),
            **choices,
        )


def _sentence(run: BulkRun, choices: dict[str, Any]) -> str:
    """The change in words: "Set the audience: Premium and above"."""
    value = str(run.value.get("to", ""))
    audiences = [choice for group in choices["groups"] for choice in group.choices]
    named = {"category": choices["categories"], "owner": choices["owners"], "audience": audiences}
    of_products = choices["products"] if run.action.startswith("product") else ()
    told = dict(named.get(run.action, of_products)).get(value, value)
    if not told and run.action != "archive":
        told = _("none")
    return f"{_(ACTIONS[run.action])}: {told}" if told else str(_(ACTIONS[run.action]))


def _so_far(run: BulkRun) -> str:
    """How far a run is, in words."""
    return str(_("%(done)s of %(total)s articles", done=run.done, total=len(run.articles)))


TABS.append(
    QueueTab(Action.ARTICLE_BULK, N_("Change many"), "editorial.queue_bulk", asked.running_count, 85, work=False)
)
