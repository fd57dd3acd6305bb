"""Who reviews changes of a product, besides the editors."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from editorial import queries, services
from editorial.views.blueprint import bp
from sportello.accounts.views.staff_index import StaffEntry
from sportello.core.errors import N_, Invalid
from sportello.core.policy import Action
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import explain
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, write_session

ENTRY = StaffEntry(
    Action.REVIEWERS_MANAGE,
    "person-check",
    N_("Reviewers"),
    N_("Who decides on changes of a product's articles, besides the editors."),
    "editorial.reviewers",
)


@bp.get("/staff/reviewers")
@requires(Action.REVIEWERS_MANAGE)
def reviewers() -> ResponseReturnValue:
    """Every product with those who may review, and who does."""
    return _page()


def _page(problem: str = "", code: str = "") -> str:
    with read_session() as session:
        products = queries.product_reviewers(session, current_viewer())
        people = queries.owner_choices(session)
    return render_template("editorial/reviewers.html", products=products, people=people, problem=problem, refused=code)


@bp.post("/staff/reviewers/<code>")
@requires(Action.REVIEWERS_MANAGE)
def set_reviewers(code: str) -> ResponseReturnValue:
    """Exactly the chosen people review this product."""
    try:
        with write_session() as session:
            chosen = services.set_reviewers(session, current_viewer(), code, request.form.getlist("reviewers"))
    except Invalid as error:
        return _page(explain(error), code), 400
    names = ", ".join(person.name for person in chosen)
    flash(_("Reviewers now: %(names)s.", names=names) if names else _("Only editors review this product now."))
    return redirect(url_for("editorial.reviewers"), 303)
