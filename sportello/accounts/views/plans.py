"""The comparison of the plans: the only page below a plan that names what the plan adds."""

from flask import render_template
from flask.typing import ResponseReturnValue

from sportello.accounts import login, queries
from sportello.accounts.views.blueprints import bp
from sportello.web.access import current_viewer, public
from sportello.web.i18n import current_language
from sportello.web.session import read_session


@bp.get("/plans")
@public
def plans() -> ResponseReturnValue:
    viewer = current_viewer()
    organisation = None
    if viewer.organisation_id is not None:
        with read_session() as session:
            organisation = queries.own_organisation(session, viewer.organisation_id)
    return render_template(
        "accounts/plans.html", plans=login.plans(), organisation=organisation, lang=current_language()
    )
