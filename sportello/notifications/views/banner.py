"""Critical notices for customers: the banner on every page, their list, one of them, and acknowledging it."""

from flask import flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sportello.accounts.views.blueprints import safe_next
from sportello.core.errors import N_, Conflict, Invalid, NotFound, Unavailable
from sportello.core.policy import Action, allows
from sportello.core.types import Ref
from sportello.notifications.queries.critical.banner import Shown, banners, find_shown, history_of, my_notices
from sportello.notifications.queries.critical.reach import concerned
from sportello.notifications.queries.critical.subjects import KIND
from sportello.notifications.services.critical.acknowledge import acknowledge as note_acknowledged
from sportello.notifications.views.blueprints import bp
from sportello.notifications.views.seen import opening, seen_afterwards
from sportello.web.access import current_viewer, signed_in
from sportello.web.filters import here
from sportello.web.i18n import explain
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, reading, write_session


@bp.app_template_global("critical_banners")
def shown_now() -> list[Shown]:
    """What the viewer must still acknowledge, asked once a page. A page without its banner is better than none."""
    viewer = current_viewer()
    if not viewer.products:
        return []
    if "alarms" not in g:
        try:
            with reading() as session:
                g.alarms = banners(session, viewer)
        except Unavailable:
            g.alarms = []
    found: list[Shown] = g.alarms
    return found


@bp.app_template_global("back_here")
def back_here() -> str:
    """This page's address, to come back to; none for a page that a form was sent to."""
    return here() if request.method == "GET" else ""


@bp.app_template_global("may_answer_for_all")
def may_answer() -> bool:
    """The viewer may acknowledge for their organisation."""
    return allows(current_viewer(), Action.CRITICAL_ANSWER)


@bp.get("/critical")
@signed_in
def critical_mine() -> ResponseReturnValue:
    """Everything critical for the viewer's products, what must be acknowledged first."""
    with read_session() as session:
        found = sorted(my_notices(session, current_viewer()), key=lambda one: one.acknowledged or one.state != "sent")
        return render_template("notifications/critical/mine.html", found=found)


@bp.get("/critical/<key>")
@signed_in
def critical_shown(key: str) -> ResponseReturnValue:
    """One notice: what happens, what to do, what was corrected."""
    return _page(key)


def _page(key: str, problem: str = "") -> ResponseReturnValue:
    viewer, ref = current_viewer(), Ref(KIND, key)
    with read_session() as session:
        item = find_shown(session, viewer, key)
        if item is None:
            raise NotFound
        opening(ref)
        page = render_template(
            "notifications/critical/shown.html",
            item=item,
            problem=problem,
            mine=concerned(viewer, item.products),
            history=history_of(session, viewer, key),
        )
    response = make_response(page, 409 if problem else 200)
    seen_afterwards(response, ref)
    return response


@bp.post("/critical/<key>/acknowledge")
@signed_in
def acknowledge(key: str) -> ResponseReturnValue:
    """For the viewer, or by a contact for everybody of their organisation; then back to where they were."""
    version, everybody = request.form.get("version", ""), request.form.get("for") == "organisation"
    if not (version.isascii() and version.isdigit() and len(version) < 6):
        raise Invalid(N_("Open the notice again, and acknowledge it there."), field="version")
    try:
        with write_session() as session:
            note_acknowledged(session, current_viewer(), key, int(version), for_organisation=everybody)
    except Conflict as error:
        return _page(key, explain(error))
    if everybody:
        flash(_("Thank you. We know now that %(organisation)s knows.", organisation=current_viewer().organisation))
    else:
        flash(_("Thank you. We know now that you know."))
    return redirect(safe_next(request.form.get("back")) or url_for("notifications.critical_shown", key=key), 303)
