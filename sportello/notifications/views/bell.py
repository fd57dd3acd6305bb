"""The bell on every page of signed-in people: how much they have not read."""

from flask import g

from sportello.core.errors import Unavailable
from sportello.notifications.queries.inbox import unread_count
from sportello.notifications.views.blueprints import bp
from sportello.web.access import current_viewer
from sportello.web.session import counters_reading, reading


@bp.app_template_global("unread_notifications")
def unread() -> int:
    """Asked once a page, of nobody but signed-in people. A page without its count is better than none."""
    viewer = current_viewer()
    if not viewer.is_signed_in:
        return 0
    if "unread" not in g:
        try:
            with reading() as session, counters_reading() as counters:
                g.unread = unread_count(session, counters, viewer, g.get("opens"))
        except Unavailable:
            g.unread = 0
    return int(g.unread)
