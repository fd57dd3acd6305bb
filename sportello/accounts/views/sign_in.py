"""Signing in and out, and the choice of language and appearance."""

from flask import redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from sportello.accounts import login
from sportello.accounts.forms import CodeForm, SignInForm
from sportello.accounts.services import check, profile
from sportello.accounts.services import sign_in as service
from sportello.accounts.services.tokens import LinkExpired
from sportello.accounts.views.blueprints import bp, page, safe_next
from sportello.core.errors import Invalid, SportelloError, TooMany
from sportello.web.access import current_viewer, public
from sportello.web.i18n import LANGUAGE_COOKIE, THEME_COOKIE, explain
from sportello.web.session import database, settings, write_session

YEAR = 365 * 86400
PENDING = "pending"


def _home_or(target: str | None) -> str:
    return safe_next(target) or url_for("portal.home")


@bp.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> ResponseReturnValue:
    form = SignInForm(next=request.args.get("next"))
    if request.method == "GET" and current_viewer().is_signed_in:
        return redirect(_home_or(form.next.data))
    refused: SportelloError | None = None
    if form.validate_on_submit():
        try:
            outcome = service.sign_in(
                database(),
                settings(),
                form.email.data,
                form.password.data,
                login.client(),
                remember=form.remember.data,
            )
            return _continue(outcome, form)
        except (Invalid, TooMany) as error:
            refused = error
            form.form_errors.append(explain(error))
    return page("accounts/sign_in.html", refused, form=form)


def _continue(outcome: service.SignedIn | service.CodeNeeded, form: SignInForm) -> ResponseReturnValue:
    target = _home_or(form.next.data)
    if isinstance(outcome, service.CodeNeeded):
        session.clear()
        session[PENDING] = {"token": outcome.token, "next": target}
        return redirect(url_for("accounts.sign_in_code"))
    login.enter(outcome.token, remember=form.remember.data)
    return redirect(target)


@bp.route("/sign-in/code", methods=["GET", "POST"])
@public
def sign_in_code() -> ResponseReturnValue:
    pending = session.get(PENDING)
    if not pending:
        return redirect(url_for("accounts.sign_in"))
    form = CodeForm()
    refused: SportelloError | None = None
    if form.validate_on_submit():
        try:
            outcome, remember = service.sign_in_with_code(
                database(), settings(), pending["token"], form.code.data, login.client()
            )
            login.enter(outcome.token, remember=remember)
            return redirect(_home_or(pending["next"]))
        except LinkExpired:
            session.pop(PENDING)
            return redirect(url_for("accounts.sign_in", next=safe_next(pending["next"])))
        except Invalid as error:
            refused = error
            form.show(error)
        except TooMany as error:
            refused = error
            form.form_errors.append(explain(error))
    return page("accounts/sign_in_code.html", refused, form=form)


@bp.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    login.leave()
    return redirect(url_for("portal.home"))


@bp.post("/preferences")
@public
def preferences() -> ResponseReturnValue:
    """Language or appearance: kept with the person, or in a cookie of somebody signed out."""
    language, theme = request.form.get("language"), request.form.get("theme")
    if language is not None:
        check.check_language(language)
    if theme is not None:
        check.check_theme(theme)
    response = redirect(_home_or(request.form.get("back")))
    if current_viewer().is_signed_in:
        with write_session() as db:
            profile.set_preferences(db, current_viewer(), language, theme)
    for cookie, value in ((LANGUAGE_COOKIE, language), (THEME_COOKIE, theme)):
        if value is not None:
            secure = settings().is_secure
            response.set_cookie(cookie, value, max_age=YEAR, secure=secure, httponly=True, samesite="Lax")
    return response
