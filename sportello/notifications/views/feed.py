"""The personal feed: what the bell tells, for feed readers, which cannot sign in."""

from flask import Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import force_locale

from sportello.accounts.login import plans
from sportello.accounts.viewer import viewer_of
from sportello.notifications.queries.inbox import inbox
from sportello.notifications.services.feed import feed_owner
from sportello.notifications.views.blueprints import bp
from sportello.web.access import public
from sportello.web.atom import MIMETYPE, NEVER, NOT_IN_XML
from sportello.web.session import counters_reading, read_session, settings

ENTRIES = 50


@bp.get("/feeds/<token>.atom")
@public
def feed(token: str) -> ResponseReturnValue:
    """For who knows the token: what its person may read at this moment, in their language. Absent once revoked."""
    with read_session() as session, counters_reading() as counters:
        person = feed_owner(session, token)
        complete = not settings().require_staff_totp or person.totp_confirmed_at is not None
        viewer = viewer_of(person, plans(), second_factor=complete)
        entries = inbox(session, counters, viewer, limit=ENTRIES).entries
    updated = max((entry.at for entry in entries), default=NEVER)
    with force_locale(viewer.language):
        body = render_template(
            "notifications/feed.xml", entries=entries, updated=updated, language=viewer.language, token=token
        )
    response = Response(body.translate(NOT_IN_XML), mimetype=MIMETYPE)
    response.headers.update({"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"})
    return response
