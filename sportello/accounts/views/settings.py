"""My settings: profile and sessions."""

from functools import partial

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from sportello.accounts import login
from sportello.accounts.forms import ProfileForm
from sportello.accounts.models import Person
from sportello.accounts.services import credentials, profile, sessions
from sportello.accounts.services.check import known_timezones
from sportello.accounts.services.tokens import digest
from sportello.accounts.views.blueprints import bp, page, tried
from sportello.core.errors import SportelloError
from sportello.web.access import current_viewer, signed_in
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, write_session


def timezones() -> list[str]:
    """Names to choose from: regions and cities, without the aliases."""
    places = (name for name in known_timezones() if "/" in name and not name.startswith("Etc/"))
    return [*sorted(places), "UTC"]


@bp.app_template_filter("browser")
def browser(user_agent: str) -> str:
    """A browser and a system in two words, as far as they can be told."""
    names = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
    systems = {
        "Windows": "Windows",
        "Android": "Android",
        "iPhone": "iPhone",
        "iPad": "iPad",
        "Mac OS": "macOS",
        "Linux": "Linux",
    }
    name = next((name for mark, name in names.items() if mark in user_agent), "")
    where = next((name for mark, name in systems.items() if mark in user_agent), "")
    return ", ".join(part for part in (name, where) if part) or _("Unknown browser")


@bp.route("/settings", methods=["GET", "POST"])
@signed_in
def settings() -> ResponseReturnValue:
    viewer = current_viewer()
    with read_session() as session:
        person = session.get_one(Person, viewer.person_id)
    form = ProfileForm(obj=person)
    refused: SportelloError | None = None
    if form.validate_on_submit():
        refused = tried(form, partial(_save, form))
        if refused is None:
            flash(_("Saved."))
            return redirect(url_for("accounts.settings"))
    return page("accounts/settings.html", refused, form=form, timezones=timezones())


def _save(form: ProfileForm) -> None:
    data = form.data
    with write_session() as session:
        profile.edit_profile(session, current_viewer(), data["name"], data["language"], data["timezone"], data["theme"])


@bp.get("/settings/sessions")
@signed_in
def my_sessions() -> ResponseReturnValue:
    with read_session() as session:
        rows = sessions.my_sessions(session, current_viewer())
    return page("accounts/sessions.html", rows=rows, current_hash=digest(login.current_token()))


@bp.post("/settings/sessions/<key>/end")
@signed_in
def end_session(key: str) -> ResponseReturnValue:
    with write_session() as session:
        ended = sessions.revoke_session(session, current_viewer(), key)
    if ended.token_hash == digest(login.current_token()):
        login.leave()
        return redirect(url_for("accounts.sign_in"))
    flash(_("The session is ended."))
    return redirect(url_for("accounts.my_sessions"))


@bp.post("/settings/sessions/end-all")
@signed_in
def end_all_sessions() -> ResponseReturnValue:
    with write_session() as session:
        credentials.sign_out_everywhere(session, current_viewer())
    login.leave()
    flash(_("You are signed out everywhere."))
    return redirect(url_for("accounts.sign_in"))
