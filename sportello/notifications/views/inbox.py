"""What somebody was told: the list, and marking as read."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sportello.notifications.queries.inbox import inbox as ask
from sportello.notifications.services.read import mark_all_read, mark_read
from sportello.notifications.views.blueprints import bp
from sportello.web.access import current_viewer, signed_in
from sportello.web.session import counters_reading, read_session, write_session


@bp.get("/notifications")
@signed_in
def inbox() -> ResponseReturnValue:
    """Newest first, all or the unread; older ones page by page."""
    before, unread = request.args.get("before") or None, request.args.get("unread") == "1"
    with read_session() as session, counters_reading() as counters:
        page = ask(session, counters, current_viewer(), before=before, unread=unread)
        older = url_for("notifications.inbox", **_where(page.before, unread)) if page.before else None
        return render_template("notifications/inbox.html", page=page, before=before, unread=unread, older=older)


@bp.post("/notifications/<key>/read")
@signed_in
def read(key: str) -> ResponseReturnValue:
    with write_session() as session:
        mark_read(session, current_viewer(), key)
    return _back()


@bp.post("/notifications/read")
@signed_in
def read_all() -> ResponseReturnValue:
    """Everything up to the newest that the list showed."""
    with write_session() as session:
        mark_all_read(session, current_viewer(), request.form.get("up_to", ""))
    return _back()


def _back() -> ResponseReturnValue:
    """To the same part of the list."""
    where = _where(request.form.get("before"), request.form.get("unread") == "1")
    return redirect(url_for("notifications.inbox", **where), 303)


def _where(before: str | None, unread: bool) -> dict[str, Any]:
    return {**({"unread": "1"} if unread else {}), **({"before": before} if before else {})}
