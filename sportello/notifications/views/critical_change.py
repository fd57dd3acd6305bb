"""Staff pages after a critical notice went out: correcting it, and withdrawing it."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from sportello.core.errors import Conflict, Invalid, SportelloError
from sportello.core.policy import Action
from sportello.notifications.models import CriticalState
from sportello.notifications.queries.critical.lists import critical_entry
from sportello.notifications.services.critical import change
from sportello.notifications.services.critical.held import stamp
from sportello.notifications.services.critical.words import Words, texts_of
from sportello.notifications.views.blueprints import bp
from sportello.notifications.views.critical import form_page
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, settings, write_session

MAY_CHANGE = {
    "correct": (CriticalState.SENT,),
    "withdraw": (CriticalState.SENT, CriticalState.CLOSED),
}


@bp.get("/staff/critical/<key>/<any(correct, withdraw):act>")
@requires(Action.CRITICAL_DRAFT)
def critical_change(key: str, act: str) -> ResponseReturnValue:
    """The form of a correction, or of a withdrawal."""
    with read_session() as session:
        notice = critical_entry(session, current_viewer(), key).notice
        if notice.state not in MAY_CHANGE[act]:
            return redirect(url_for("notifications.critical_notice", key=key))
        return form_page(session, act, key, Words.of(notice), stamp(notice))


@bp.post("/staff/critical/<key>/correct")
@requires(Action.CRITICAL_DRAFT)
def critical_correct(key: str) -> ResponseReturnValue:
    words, reason = Words.from_fields(request.form), texts_of(request.form, "reason")
    seen, two = request.form.get("seen", ""), settings().critical_confirmation
    try:
        with write_session() as session:
            out = change.correct(session, current_viewer(), key, words, reason, two_people=two, seen=seen)
    except (Invalid, Conflict) as error:
        return _refused("correct", key, words, reason, error)
    return _done(key, out)


@bp.post("/staff/critical/<key>/withdraw")
@requires(Action.CRITICAL_DRAFT)
def critical_withdraw(key: str) -> ResponseReturnValue:
    reason, two = texts_of(request.form, "reason"), settings().critical_confirmation
    try:
        with write_session() as session:
            seen = request.form.get("seen", "")
            out = change.withdraw(session, current_viewer(), key, reason, two_people=two, seen=seen)
    except (Invalid, Conflict) as error:
        return _refused("withdraw", key, Words(), reason, error)
    return _done(key, out)


def _refused(act: str, key: str, words: Words, reason: dict[str, str], error: SportelloError) -> ResponseReturnValue:
    status = 409 if isinstance(error, Conflict) else 400
    with read_session() as session:
        seen = request.form.get("seen", "")
        return form_page(session, act, key, words, seen, reason=reason, error=error), status


def _done(key: str, out: bool) -> ResponseReturnValue:
    if out:
        flash(_("It is on its way to everybody who was told before."))
    else:
        flash(_("Asked. Somebody else who may send sees it now."))
    return redirect(url_for("notifications.critical_notice", key=key), 303)
