"""My settings: password, address, second factor. What matters asks for the password again."""

import segno
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from sportello.accounts import login
from sportello.accounts.forms import ChangeEmailForm, ChangePasswordForm, CodeForm, PasswordAgainForm
from sportello.accounts.models import Person
from sportello.accounts.services import credentials, second_factor, sessions
from sportello.accounts.services.sign_in import confirm_password
from sportello.accounts.views.blueprints import bp, limit_mails, page, tried
from sportello.core.errors import SportelloError
from sportello.web.access import current_viewer, signed_in
from sportello.web.forms import Form
from sportello.web.i18n import gettext as _
from sportello.web.session import database, read_session, settings, write_session


def _me() -> Person:
    with read_session() as session:
        return session.get_one(Person, current_viewer().person_id)


def _again(password: str) -> None:
    confirm_password(database(), settings(), current_viewer(), password, login.client().ip)


def _security(refused: SportelloError | None = None, **forms: Form) -> ResponseReturnValue:
    with read_session() as session:
        left = second_factor.codes_left(session, current_viewer())
    filled = {
        "password_form": forms.get("password_form") or ChangePasswordForm(None, prefix="password"),
        "email_form": forms.get("email_form") or ChangeEmailForm(None, prefix="email"),
        "factor_form": forms.get("factor_form") or PasswordAgainForm(None, prefix="factor"),
    }
    return page("accounts/security.html", refused, owner=_me(), codes_left=left, **filled)


@bp.get("/settings/security")
@signed_in
def security() -> ResponseReturnValue:
    return _security()


@bp.post("/settings/security/password")
@signed_in
def change_password() -> ResponseReturnValue:
    """All sessions end; this browser goes on with a new one."""
    form = ChangePasswordForm(prefix="password")

    def change() -> str:
        _again(form.current.data)
        with write_session() as session:
            credentials.change_password(session, current_viewer(), form.password.data)
            me = session.get_one(Person, current_viewer().person_id)
            return sessions.open_session(session, settings(), me, login.client())

    if not form.validate():
        return _security(password_form=form)
    opened: list[str] = []
    if refused := tried(form, lambda: opened.append(change())):
        return _security(refused, password_form=form)
    login.enter(opened[0], remember=False)
    flash(_("Your password is changed. All other sessions are ended."))
    return redirect(url_for("accounts.security"))


@bp.post("/settings/security/email")
@signed_in
def change_email() -> ResponseReturnValue:
    form = ChangeEmailForm(prefix="email")

    def change() -> None:
        _again(form.current.data)
        limit_mails("email-change", settings().limit_reset_daily)
        with write_session() as session:
            credentials.request_email_change(session, current_viewer(), form.email.data)

    if not form.validate():
        return _security(email_form=form)
    if refused := tried(form, change):
        return _security(refused, email_form=form)
    flash(_("A mail is on its way to both addresses. The change is made when both have confirmed."))
    return redirect(url_for("accounts.security"))


@bp.post("/settings/security/email/cancel")
@signed_in
def cancel_email_change() -> ResponseReturnValue:
    with write_session() as session:
        credentials.cancel_email_change(session, current_viewer())
    flash(_("Your address stays as it is."))
    return redirect(url_for("accounts.security"))


@bp.get("/settings/security/second-factor", endpoint="second_factor")
@signed_in
def second_factor_page() -> ResponseReturnValue:
    return _second_factor(CodeForm())


def _second_factor(form: CodeForm, refused: SportelloError | None = None) -> ResponseReturnValue:
    me = _me()
    if me.totp_confirmed_at:
        return redirect(url_for("accounts.security"))
    issuer = f"{settings().operator_name} {settings().site_name}".strip()
    picture = None
    if me.totp_secret:
        uri = second_factor.provisioning_uri(me.totp_secret, me.email, issuer)
        code = segno.make(uri, error="m", micro=False)
        picture = Markup(code.svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None))
    required = bool(current_viewer().extra.get("second_factor_missing"))
    return page(
        "accounts/second_factor.html", refused, form=form, picture=picture, secret=me.totp_secret, required=required
    )


@bp.post("/settings/security/second-factor/begin")
@signed_in
def begin_second_factor() -> ResponseReturnValue:
    with write_session() as session:
        second_factor.begin(session, current_viewer())
    return redirect(url_for("accounts.second_factor"))


@bp.post("/settings/security/second-factor/confirm")
@signed_in
def confirm_second_factor() -> ResponseReturnValue:
    form, codes = CodeForm(), list[str]()

    def confirm() -> None:
        with write_session() as session:
            codes.extend(second_factor.confirm(session, current_viewer(), form.code.data))

    if not form.validate():
        return _second_factor(form)
    if refused := tried(form, confirm):
        return _second_factor(form, refused)
    return render_template("accounts/recovery_codes.html", codes=codes)


@bp.post("/settings/security/second-factor/change")
@signed_in
def change_second_factor() -> ResponseReturnValue:
    """New recovery codes, or off: which, says the button."""
    form, codes = PasswordAgainForm(prefix="factor"), list[str]()
    off = request.form.get("do") == "off"

    def change() -> None:
        _again(form.current.data)
        with write_session() as session:
            if off:
                second_factor.turn_off(session, current_viewer())
            else:
                codes.extend(second_factor.new_recovery_codes(session, current_viewer()))

    if not form.validate():
        return _security(factor_form=form)
    if refused := tried(form, change):
        return _security(refused, factor_form=form)
    if codes:
        return render_template("accounts/recovery_codes.html", codes=codes)
    flash(_("The second factor is off."))
    return redirect(url_for("accounts.security"))
