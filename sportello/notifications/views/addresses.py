"""Addresses without an account: contacts and administrators register them, they themselves confirm and leave."""

from functools import partial

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sportello.accounts.forms import choices
from sportello.accounts.models import Organisation
from sportello.accounts.views.blueprints import DAY, limit_mails
from sportello.core.errors import Conflict, SportelloError
from sportello.core.limits import Limit, hit
from sportello.core.policy import Action
from sportello.notifications import leaving
from sportello.notifications.models import RegisteredAddress
from sportello.notifications.queries import addresses as query
from sportello.notifications.services import addresses as service
from sportello.notifications.services.addresses import AddressData, LinkUsed
from sportello.notifications.services.organisations import organisation_of
from sportello.notifications.views.blueprints import bp
from sportello.notifications.views.organisation_forms import AddressForm, answered, shown
from sportello.web.access import current_viewer, public, requires
from sportello.web.i18n import current_language, explain
from sportello.web.i18n import gettext as _
from sportello.web.security import csrf
from sportello.web.session import counters_session, read_session, settings, write_session

MAILS = 50  # a day and person
TO_ONE = Limit("registration-address", 3, 7 * DAY)  # mails to one address, whoever asks for them


@bp.route("/organisation/addresses", methods=["GET", "POST"])
@requires(Action.COLLEAGUES_MANAGE)
def addresses() -> ResponseReturnValue:
    return _addresses(None)


@bp.route("/staff/organisations/<key>/addresses", methods=["GET", "POST"])
@requires(Action.ORGANISATIONS_MANAGE)
def organisation_addresses(key: str) -> ResponseReturnValue:
    return _addresses(key)


def _addresses(key: str | None) -> ResponseReturnValue:
    """The list and the form of one organisation; None: the viewer's own."""
    with read_session() as session:
        organisation = organisation_of(session, current_viewer(), Action.COLLEAGUES_MANAGE, key)
    form = AddressForm(data={"language": current_language()})
    form.products.choices = choices((product.code, product.name) for product in organisation.products)
    refused: SportelloError | None = None
    if form.validate_on_submit():
        refused = shown(form, partial(_register, form, key))
        if refused is None:
            flash(_("%(email)s gets a mail and must confirm it.", email=form.email.data), "success")
            return redirect(_list_address(organisation))
    with read_session() as session:
        rows = query.registered(session, organisation.id)
    values = {"organisation": organisation, "rows": rows, "days": service.LIFETIME.days}
    return answered("notifications/addresses.html", form, refused, **values)


def _register(form: AddressForm, key: str | None) -> None:
    limit_mails("registration", MAILS)
    data = AddressData(form.email.data, form.name.data, form.language.data, form.products.data or ())
    with write_session() as session:
        row = service.register(session, current_viewer(), key, data)
        _limit(row)


def _limit(row: RegisteredAddress) -> None:
    with counters_session() as counters:
        hit(counters, TO_ONE, row.email)


def _list_address(organisation: Organisation) -> str:
    if current_viewer().is_staff:
        return url_for("notifications.organisation_addresses", key=organisation.key)
    return url_for("notifications.addresses")


@bp.post("/organisation/addresses/<key>/<any(ask, remove):act>")
@requires(Action.COLLEAGUES_MANAGE)
def manage_address(key: str, act: str) -> ResponseReturnValue:
    viewer = current_viewer()
    with read_session() as session:
        organisation = session.get_one(Organisation, service.own(session, viewer, key).organisation_id)
    try:
        with write_session() as session:
            if act == "ask":
                limit_mails("registration", MAILS)
                row = service.ask_again(session, viewer, key)
                _limit(row)
                done = _("%(email)s gets a mail and must confirm it.", email=row.email)
            else:
                row = service.remove(session, viewer, key)
                done = _("No more critical notices go to %(email)s.", email=row.email)
        flash(done, "success")
    except Conflict as error:
        flash(explain(error), "error")
    return redirect(_list_address(organisation))


@bp.route("/registered/confirm/<token>", methods=["GET", "POST"])
@public
def confirm_address(token: str) -> ResponseReturnValue:
    """Opening the page changes nothing, as mail scanners open links; its button confirms."""
    try:
        if request.method == "POST":
            with write_session() as session:
                row = service.confirm(session, token)
        else:
            with read_session() as session:
                row = service.find_asked(session, token)
        return _door("confirm", row)
    except LinkUsed:
        return _door("used", status=404)


@bp.get("/registered/leave/<token>")
@public
def leave_address(token: str) -> ResponseReturnValue:
    key = leaving.read(settings(), token)
    with read_session() as session:
        row = query.by_key(session, key)
    return _door("leave" if row else "left", row)


@bp.post("/registered/leave/<token>", endpoint="leave_address_now")
@public
@csrf.exempt  # type: ignore[untyped-decorator]
def leave_address_now(token: str) -> ResponseReturnValue:
    """Mail programs post here themselves (RFC 8058); the link's signature is the proof, so no form token is asked."""
    key = leaving.read(settings(), token)
    with write_session() as session:
        service.leave(session, key)
    return _door("left")


def _door(step: str, row: RegisteredAddress | None = None, status: int = 200) -> Response:
    """A page for somebody without an account, who has nothing but the link."""
    organisation, products = "", []
    if row is not None:
        with read_session() as session:
            organisation = query.organisation_name(session, row)
            names = query.product_names(session, set(row.products))
            products = [names.get(code, code) for code in row.products]
    values = {"step": step, "row": row, "organisation": organisation, "products": products}
    if row is not None and row.confirmed_at is not None:
        values["leave"] = leaving.token(settings(), row.key)
    response = make_response(render_template("notifications/registered.html", **values), status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
