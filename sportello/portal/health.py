"""/healthz: `ok` or `degraded` for everybody; the details for staff, or with the operator's token."""

import hmac
from typing import cast

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from sportello.accounts.views.staff_index import StaffEntry
from sportello.core.errors import N_, SportelloError
from sportello.core.handling import Site
from sportello.core.policy import Action, allows
from sportello.portal import checks
from sportello.web.access import current_viewer, public
from sportello.web.session import database, settings

bp = Blueprint("health", __name__)
ENTRY = StaffEntry(
    Action.HEALTH_READ,
    "heart-pulse",
    N_("Health of the site"),
    N_("Database, search index, worker and mail, as a machine reads them."),
    "health.healthz",
)


def _may_see_details() -> bool:
    token = settings().health_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    return allows(current_viewer(), Action.HEALTH_READ)


@bp.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """200 while pages can be served, `degraded` included; 503 when the database is away."""
    found = checks.run(cast(Site, current_app.extensions["sportello.site"]), checks.HEALTH)
    state = "ok" if all(check.ok for check in found) else "degraded"
    status = 200 if _database_answers() else 503
    response: Response
    if _may_see_details():
        details = {check.name: {"ok": check.ok, "line": check.line, **check.facts} for check in found}
        response = jsonify(state=state, **details, mail=_mail())
    else:
        response = Response(state + "\n", mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    response.status_code = status
    return response


def _database_answers() -> bool:
    try:
        with database().read() as session:
            session.connection().exec_driver_sql("SELECT 1")
    except (SportelloError, SQLAlchemyError):
        return False
    return True


def _mail() -> dict[str, object]:
    """How mail is sent; whether it can be sent now is asked by `sportello doctor`, not by every health request."""
    return {"by": "smtp" if settings().smtp_url else "files"}
