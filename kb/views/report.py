"""“Report a problem”: from a paragraph with a script, from the form under the article without."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from kb import services
from kb.views.article import article_page
from kb.views.blueprint import bp
from kb.views.present import Refused
from sportello.core.errors import Invalid
from sportello.core.limits import Limit, hit, refund
from sportello.core.policy import Action
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import explain
from sportello.web.session import counters_session, read_session, settings, write_session

DAY = 86400


@bp.post("/<slug>/report")
@requires(Action.ARTICLE_REPORT)
def report(slug: str) -> ResponseReturnValue:
    """Note what is wrong; a person may do so a limited number of times a day."""
    viewer, form = current_viewer(), request.form
    quote, comment = form.get("quote", ""), form.get("comment", "")
    limit = Limit("report", settings().limit_reports_daily, DAY)
    with counters_session() as counters:
        hit(counters, limit, viewer.person_id)
    try:
        with write_session() as session:
            services.report_problem(session, viewer, slug, quote=quote, comment=comment, seen=form.get("seen", ""))
    except Invalid as error:
        with counters_session() as counters:
            refund(counters, limit, viewer.person_id)
        refused = Refused(quote, comment, error.field or "comment", explain(error))
        with read_session() as session:
            return article_page(session, slug, report=refused)[1], 400
    flash(_("Thank you. The editors have your report; nobody else sees it."))
    return redirect(url_for("kb.show", slug=slug), 303)
