"""The page behind the links at the foot of mails: one press, without signing in (RFC 8058)."""

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from sportello.core.errors import NotFound
from sportello.notifications.services.follow import topic_of
from sportello.notifications.services.unsubscribe import how_it_stands, off_level, switch_off, switch_on
from sportello.notifications.unsubscribe import Unsubscription, read
from sportello.notifications.views.blueprints import bp
from sportello.notifications.views.words import WORDS
from sportello.web.access import current_viewer, public
from sportello.web.security import csrf
from sportello.web.session import read_session, settings, write_session


@bp.get("/unsubscribe/<token>")
@public
def unsubscribe(token: str) -> ResponseReturnValue:
    """What exactly it is about, and how it stands; opening the page changes nothing, as mail scanners open links."""
    return _page(read(settings(), token))


@bp.post("/unsubscribe/<token>", endpoint="unsubscribe_now")
@public
@csrf.exempt  # type: ignore[untyped-decorator]
def unsubscribe_now(token: str) -> ResponseReturnValue:
    """Off, or on again when the button says so. Mail programs post here themselves; the link's signature is the proof
    that nobody else does, so no form token is asked for."""
    asked, was = read(settings(), token), ""
    with write_session() as session:
        if request.form.get("do") == "on":
            switch_on(session, asked, request.form.get("was", ""))
        else:
            was = switch_off(session, asked).was
    return _page(asked, was=was, done=True)


def _page(asked: Unsubscription, was: str = "", *, done: bool = False) -> Response:
    """`was`: how it stood before it was switched off, for the way back."""
    with read_session() as session:
        stands = how_it_stands(session, asked)
        name = ""
        if asked.topic is not None:
            try:
                name = topic_of(session, current_viewer(), asked.topic).name(current_viewer().language)
            except NotFound:  # the page says nothing to whoever holds the link that they may not read
                name = ""
    response = make_response(
        render_template(
            "notifications/unsubscribe.html",
            asked=asked,
            name=name,
            stands=stands,
            was=was,
            done=done,
            left=WORDS[off_level(asked.topic)] if asked.topic else None,
        )
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
