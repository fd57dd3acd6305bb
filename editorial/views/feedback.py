"""What readers wrote: comments and reports in one queue, each with one decision; and what is read much, helps few."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from editorial.views.blueprint import bp
from editorial.views.queues import TABS, QueueTab, queue_page
from kb import services
from kb.queries.feedback import COMMENT, REPORT, Asked, feedback, open_count
from kb.queries.insight import worst
from sportello.accounts.queries import all_products
from sportello.accounts.views.blueprints import safe_next
from sportello.core.errors import N_
from sportello.core.policy import Action
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import gettext as _
from sportello.web.session import counters_session, read_session, write_session


@bp.get("/queues/feedback")
@requires(Action.FEEDBACK_READ)
def queue_feedback() -> ResponseReturnValue:
    """The newest first; those that nobody has dealt with, or with ?handled=1 the others."""
    viewer, given = current_viewer(), request.args
    asked = Asked(
        what=given.get("what", "") if given.get("what") in (COMMENT, REPORT) else "",
        helpful=given.get("helpful", "") if given.get("helpful") in ("yes", "no") else "",
        product=given.get("product", ""),
        handled=given.get("handled") == "1",
        after=given.get("after", ""),
    )
    with read_session() as session, counters_session() as counters:
        return queue_page(
            session,
            "editorial/feedback.html",
            asked=asked,
            page=feedback(session, viewer, asked),
            products=all_products(session),
            worst=worst(session, counters, viewer),
        )


@bp.post("/queues/feedback")
@requires(Action.FEEDBACK_READ)
def handle_feedback() -> ResponseReturnValue:
    """Done, or not: a report by its key, a comment by article and person."""
    form, viewer = request.form, current_viewer()
    done = form.get("act") != "undo"
    with write_session() as session:
        if key := form.get("report"):
            services.handle_report(session, viewer, key, done=done)
        else:
            services.handle_comment(session, viewer, form.get("article", ""), form.get("person", ""), done=done)
    flash(_("Done. It stands under “Handled”, where it can be opened again.") if done else _("It is open again."))
    return redirect(safe_next(form.get("back")) or url_for("editorial.queue_feedback"), 303)


TABS.append(QueueTab(Action.FEEDBACK_READ, N_("Feedback"), "editorial.queue_feedback", open_count, 40))
