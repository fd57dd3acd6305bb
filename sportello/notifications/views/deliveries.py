"""The staff page of what leaves the site: each channel, dead letters, and addresses that get no mail."""

from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sportello.accounts.views.blueprints import safe_next
from sportello.accounts.views.staff_index import StaffEntry
from sportello.core import clock
from sportello.core.errors import N_
from sportello.core.policy import Action
from sportello.notifications.models import DeliveryChannel, DeliveryState
from sportello.notifications.queries import deliveries as query
from sportello.notifications.registry import registry
from sportello.notifications.services import deliveries as service
from sportello.notifications.views.blueprints import bp
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, write_session

ENTRY = StaffEntry(
    Action.DELIVERIES_MANAGE,
    "send-check",
    N_("Deliveries"),
    N_("What mail, digests and webhooks wait, what was given up, and who gets no mail."),
    "notifications.deliveries",
)
SUPPRESSED = "suppressed"
CHANNELS = {
    query.PORTAL: N_("In the portal"),
    DeliveryChannel.MAIL: N_("Mail"),
    DeliveryChannel.DIGEST: N_("Digests"),
    DeliveryChannel.WEBHOOK: N_("Webhooks"),
}
PARTS = {
    DeliveryState.FAILED: N_("Given up"),
    DeliveryState.QUEUED: N_("Waiting"),
    DeliveryState.SENT: N_("Sent"),
    DeliveryState.DROPPED: N_("Not sent"),
    SUPPRESSED: N_("Addresses without mail"),
}


def _today() -> datetime:
    """When the viewer's day began."""
    zone = ZoneInfo(current_viewer().timezone)
    return datetime.combine(clock.now().astimezone(zone).date(), time(), zone)


def _wanted() -> query.Wanted:
    state, channel = request.args.get("show", ""), request.args.get("channel", "")
    return query.Wanted(
        DeliveryState(state) if state in set(DeliveryState) else DeliveryState.FAILED,
        DeliveryChannel(channel) if channel in set(DeliveryChannel) else None,
        request.args.get("q", ""),
        request.args.get("before") or None,
    )


def _explained(row: query.Sending) -> query.Sending:
    """Our own reasons are in the reader's language; what a server answered stays as it is."""
    return replace(row, error=str(_(row.error))) if row.error else row


@bp.get("/staff/deliveries")
@requires(Action.DELIVERIES_MANAGE)
def deliveries() -> ResponseReturnValue:
    show = request.args.get("show", DeliveryState.FAILED)
    wanted = _wanted()
    with read_session() as session:
        values: dict[str, object] = {
            "states": query.channel_states(session, _today()),
            "parked": query.given_up_events(session),
            "held_back": query.suppressed_count(session),
        }
        if show == SUPPRESSED:
            found = query.suppressed(session, wanted.q, request.args.get("after", ""))
            more = len(found) > query.PAGE
            values |= {"addresses": found[: query.PAGE], "next": found[query.PAGE - 1].email if more else None}
        else:
            page = query.sendings(session, current_viewer(), wanted)
            values |= {"rows": [_explained(row) for row in page.rows], "next": page.next}
    names = {code: event.label for code, event in registry.events.items()}
    return render_template(
        "notifications/deliveries.html", show=show if show == SUPPRESSED else wanted.state, wanted=wanted,
        channels=CHANNELS, parts=PARTS, events=names, **values,
    )  # fmt: skip


def _back() -> ResponseReturnValue:
    return redirect(safe_next(request.form.get("back")) or url_for("notifications.deliveries"))


@bp.post("/staff/deliveries/<key>/retry")
@requires(Action.DELIVERIES_MANAGE)
def retry_delivery(key: str) -> ResponseReturnValue:
    with write_session() as session:
        service.retry(session, current_viewer(), key)
    flash(_("It will be tried again at once."), "success")
    return _back()


@bp.post("/staff/deliveries/<key>/let-go")
@requires(Action.DELIVERIES_MANAGE)
def let_go_delivery(key: str) -> ResponseReturnValue:
    with write_session() as session:
        service.let_go(session, current_viewer(), key)
    flash(_("It will not be sent."), "success")
    return _back()


@bp.post("/staff/deliveries/retry")
@requires(Action.DELIVERIES_MANAGE)
def retry_deliveries() -> ResponseReturnValue:
    channel = request.form.get("channel", "")
    wanted = DeliveryChannel(channel) if channel in set(DeliveryChannel) else None
    with write_session() as session:
        count = service.retry_all(session, current_viewer(), wanted)
    flash(_("Dead letters that will be tried again: %(count)s.", count=count), "success")
    return _back()


@bp.post("/staff/deliveries/events/<int:row>/retry")
@requires(Action.DELIVERIES_MANAGE)
def retry_event(row: int) -> ResponseReturnValue:
    with write_session() as session:
        service.retry_event(session, current_viewer(), row)
    flash(_("It will be tried again at once."), "success")
    return _back()


@bp.post("/staff/deliveries/lift")
@requires(Action.DELIVERIES_MANAGE)
def lift_address() -> ResponseReturnValue:
    email = request.form.get("email", "")
    with write_session() as session:
        service.lift(session, current_viewer(), [email])
    flash(_("Mail goes to %(email)s again.", email=email), "success")
    return _back()
