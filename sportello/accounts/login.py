"""Flask-Login over sessions in the database: the cookie carries a token, every request looks it up anew."""

from datetime import timedelta
from typing import cast

from flask import Flask, Response, after_this_request, current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from sportello.accounts.plans import Plans
from sportello.accounts.services import sessions
from sportello.accounts.services.sessions import Client
from sportello.accounts.viewer import viewer_of
from sportello.core import audience
from sportello.core.audience import Viewer
from sportello.core.db import Database
from sportello.core.errors import Unavailable
from sportello.core.settings import Settings
from sportello.web.i18n import current_language
from sportello.web.session import database, read_session, settings, write_session

# What staff may reach before they have set up the second factor that a setting requires.
BEFORE_SECOND_FACTOR = {
    "accounts.second_factor",
    "accounts.begin_second_factor",
    "accounts.confirm_second_factor",
    "accounts.preferences",
    "accounts.sign_out",
    "accounts.sign_in",
    "notifications.unsubscribe",
    "notifications.unsubscribe_now",
    "portal.accent",
    "portal.logo",
    "portal.favicon",
}


class Browser(UserMixin):  # type: ignore[misc]
    """A signed-in browser, as Flask-Login knows it: its id is the session's token."""

    def __init__(self, token: str, viewer: Viewer) -> None:
        self.token = token
        self.viewer = viewer

    def get_id(self) -> str:
        return self.token


def plans() -> Plans:
    """The current application's plans."""
    return cast(Plans, current_app.extensions["sportello.plans"])


def client() -> Client:
    """Where this request comes from; trusted proxies have been taken into account."""
    return Client(request.remote_addr or "", request.user_agent.string)


def _load(token: str) -> Browser | None:
    with read_session() as db:
        login = sessions.find_session(db, token)
    if login is None:
        return None
    if sessions.needs_touch(login):
        _touch_afterwards(database(), login.id, login.person_id)
    complete = not settings().require_staff_totp or login.person.totp_confirmed_at is not None
    return Browser(token, viewer_of(login.person, plans(), second_factor=complete))


def _touch_afterwards(db: Database, session_id: int, person_id: int) -> None:
    """Note the use when the answer is out: nobody waits for it, and a busy database loses nothing but the note."""

    def note() -> None:
        try:
            with db.write() as writing:
                sessions.touch(writing, session_id, person_id)
        except Unavailable:
            return

    @after_this_request
    def later(response: Response) -> Response:
        response.call_on_close(note)
        return response


def request_viewer() -> Viewer:
    """Who is looking, from the database as it is now; anonymous when nobody is signed in."""
    browser = current_user._get_current_object() if current_user else None
    if isinstance(browser, Browser):
        return browser.viewer
    return audience.anonymous(current_language())


def current_token() -> str:
    """The token of this browser's session; empty when nobody is signed in."""
    browser = current_user._get_current_object() if current_user else None
    return browser.token if isinstance(browser, Browser) else ""


def enter(token: str, *, remember: bool) -> None:
    """Sign this browser in with a new session; nothing of the old cookie stays, and its session ends."""
    leave()
    session.permanent = remember
    login_user(Browser(token, audience.anonymous()))


def leave() -> None:
    """Sign this browser out, here and in the database."""
    token = current_token()
    logout_user()
    session.clear()
    if token:
        with write_session() as db:
            sessions.revoke_by_token(db, token)


def _demand_second_factor() -> ResponseReturnValue | None:
    if request.endpoint is None or request.endpoint in BEFORE_SECOND_FACTOR:
        return None
    if request_viewer().extra.get("second_factor_missing"):
        return redirect(url_for("accounts.second_factor"))
    return None


def init_accounts(app: Flask, settings: Settings) -> None:
    """Set up Flask-Login, and the second factor where the settings require it."""
    manager = LoginManager()
    manager.session_protection = None
    manager.user_loader(_load)
    manager.init_app(app, add_context_processor=False)
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.permanent_session_lifetime = timedelta(days=settings.session_days)
    app.before_request(_demand_second_factor)
