"""The links that confirm a change of address."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sportello.accounts.services import credentials
from sportello.accounts.services.tokens import LinkExpired
from sportello.accounts.views.blueprints import bp
from sportello.web.access import current_viewer, public
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, write_session


@bp.route("/email/confirm/<token>", methods=["GET", "POST"])
@public
def confirm_email(token: str) -> ResponseReturnValue:
    try:
        if request.method == "GET":
            with read_session() as session:
                found = credentials.find_email_confirmation(session, token)
            return render_template("accounts/confirm_email.html", person=found.person)
        with write_session() as session:
            complete = credentials.confirm_email(session, token)
    except LinkExpired:
        return render_template("accounts/link_expired.html"), 404
    if complete:
        flash(_("Your address is changed. Sign in with the new one from now on."))
    else:
        flash(_("Confirmed. The change is made when the other address has confirmed too."))
    target = "accounts.security" if current_viewer().is_signed_in else "accounts.sign_in"
    return redirect(url_for(target))
