"""My settings: what the next digest would hold."""

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import format_datetime

from sportello.core import clock
from sportello.notifications.queries.digests import MOST, coming
from sportello.notifications.views.blueprints import bp
from sportello.web.access import current_viewer, signed_in
from sportello.web.session import counters_reading, read_session

MOMENT = "EEEE d MMMM y, HH:mm"


@bp.get("/settings/notifications/digest")
@signed_in
def digest() -> ResponseReturnValue:
    """When it comes, and what it would hold if it came now."""
    with read_session() as session, counters_reading() as counters:
        found = coming(session, counters, current_viewer(), clock.now())
    due = format_datetime(found.due, MOMENT) if found.due else ""
    return render_template("notifications/digest.html", coming=found, due=due, most=MOST)
