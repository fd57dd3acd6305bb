"""Every route declares who may enter; a route that does not stops the application from starting.

Entering is not reading: what a page shows is decided by the audience rule, in the queries.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from sportello.core import audience
from sportello.core.audience import Viewer
from sportello.core.errors import NotFound
from sportello.core.policy import Action, allows

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """What a route asks of whoever enters: nothing, a person, or permission for an action."""

    signed_in: bool = False
    action: Action | None = None


def public(view: View) -> View:
    """Everybody may enter."""
    view.access = Access()  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Only signed-in people; others are sent to the sign-in page and back."""
    view.access = Access(signed_in=True)  # type: ignore[attr-defined]
    return view


def requires(action: Action) -> Callable[[View], View]:
    """Only people whom the policy allows `action`; for others the page does not exist."""

    def mark(view: View) -> View:
        view.access = Access(signed_in=True, action=action)  # type: ignore[attr-defined]
        return view

    return mark


def takes_files(view: View) -> View:
    """The view's form may carry a file, larger than other bodies; from those only whom its access lets in."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def may_send_files() -> bool:
    """This request goes to a view that takes files, from somebody who may enter: known before its body is read."""
    if not getattr(current_app.view_functions.get(request.endpoint or ""), "takes_files", False):
        return False
    access, load = access_of(current_app, request.endpoint or ""), current_app.extensions["sportello.load_viewer"]
    return access is not None and access.action is not None and allows(load(), access.action)


def current_viewer() -> Viewer:
    """Who is looking at this request; anonymous when nobody is signed in or the viewer could not be loaded."""
    viewer = g.get("viewer")
    return viewer if isinstance(viewer, Viewer) else audience.anonymous()


def access_of(app: Flask, endpoint: str) -> Access | None:
    """The declared access of an endpoint; None if it declares none."""
    view: Any = app.view_functions.get(endpoint)
    view = getattr(view, "view_class", view)
    declared = getattr(view, "access", None)
    return declared if isinstance(declared, Access) else None


def _enter() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None
    access = access_of(current_app, request.endpoint)
    if access is None:
        raise RuntimeError(f"route {request.endpoint} declares no access")
    viewer = current_viewer()
    if access.action is not None and not allows(viewer, access.action):
        raise NotFound
    if access.signed_in and not viewer.is_signed_in:
        target = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("accounts.sign_in", next=target))
    return None


def init_access(app: Flask, load_viewer: Callable[[], Viewer]) -> None:
    """Load the viewer, then check the declared access, before every request."""

    app.extensions["sportello.load_viewer"] = load_viewer

    def load() -> None:
        g.viewer = load_viewer()

    app.before_request(load)
    app.before_request(_enter)


def undeclared(app: Flask) -> list[str]:
    """Endpoints that declare no access: must be empty."""
    return sorted(endpoint for endpoint in app.view_functions if access_of(app, endpoint) is None)
