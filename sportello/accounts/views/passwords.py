"""A forgotten password, and the links of invitations and resets."""

from functools import partial

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from sportello.accounts import login
from sportello.accounts.forms import ForgottenForm, NewPasswordForm
from sportello.accounts.services import credentials, tokens
from sportello.accounts.services.tokens import SETS_PASSWORD, LinkExpired, Purpose
from sportello.accounts.views.blueprints import bp, page, tried
from sportello.core.errors import SportelloError
from sportello.web.access import public
from sportello.web.i18n import gettext as _
from sportello.web.session import database, read_session, settings, write_session


@bp.route("/password/forgotten", methods=["GET", "POST"])
@public
def forgotten() -> ResponseReturnValue:
    form, refused = ForgottenForm(), None
    if form.validate_on_submit():
        address, ip = form.email.data, login.client().ip
        refused = tried(form, partial(credentials.request_reset, database(), settings(), address, ip))
        if refused is None:
            return page("accounts/forgotten_sent.html", email=address)
    return page("accounts/forgotten.html", refused, form=form)


@bp.route("/password/set/<token>", methods=["GET", "POST"])
@public
def set_password(token: str) -> ResponseReturnValue:
    """The form changes nothing by being opened: a mail scanner may follow the link."""
    form = NewPasswordForm()
    refused: SportelloError | None = None
    try:
        with read_session() as session:
            found = tokens.find(session, token, *SETS_PASSWORD)
        if form.validate_on_submit():
            refused = tried(form, partial(_set_password, token, form.password.data))
            if refused is None:
                flash(_("Your password is set. Sign in with it."))
                return redirect(url_for("accounts.sign_in"))
    except LinkExpired:
        return render_template("accounts/link_expired.html"), 404
    first = found.purpose == Purpose.INVITATION
    return page("accounts/set_password.html", refused, form=form, person=found.person, first=first)


def _set_password(token: str, password: str) -> None:
    with write_session() as session:
        credentials.set_password(session, token, password)
