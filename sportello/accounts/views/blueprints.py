"""The two blueprints, and what their views share."""

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from flask import Blueprint, Response, make_response, render_template

from sportello.core.errors import Invalid, SportelloError, TooMany
from sportello.core.limits import Limit, hit
from sportello.web.access import current_viewer
from sportello.web.forms import Form
from sportello.web.i18n import explain
from sportello.web.session import counters_session

bp = Blueprint("accounts", __name__)
staff = Blueprint("staff", __name__, url_prefix="/staff")
MAX_NEXT = 2000
DAY = 86400


def safe_next(target: str | None) -> str | None:
    """`target` if it is a path of this site, else None: no other host by `//`, `/\\`, a scheme or an encoding."""
    if not target or len(target) > MAX_NEXT or "\\" in target or any(ord(c) < 33 for c in target):
        return None
    if not target.startswith("/") or target.startswith("//"):
        return None
    path = urlsplit(target).path
    for _ in range(3):
        path = unquote(path)
    if path.startswith("//") or "\\" in path or any(ord(c) < 32 for c in path):
        return None
    return target


def limit_mails(name: str, count: int) -> None:
    """Count a mail that the viewer has sent to an address of their choice; raises TooMany after `count` in a day."""
    with counters_session() as counters:
        hit(counters, Limit(name, count, DAY), current_viewer().person_id)


def tried(form: Form, action: Callable[[], object]) -> SportelloError | None:
    """Run `action`; a refusal is shown on the form and returned, None when it went well."""
    try:
        action()
    except Invalid as error:
        form.show(error)
        return error
    except SportelloError as error:
        if not isinstance(error, TooMany):
            raise
        form.form_errors.append(explain(error))
        return error
    return None


def page(template: str, error: SportelloError | None = None, **values: object) -> Response:
    """The page, with the status that a refused form has: 400, or 429 with Retry-After."""
    response = make_response(render_template(template, **values))
    if isinstance(error, TooMany):
        response.status_code = 429
        response.headers["Retry-After"] = str(error.retry_after)
    elif error is not None:
        response.status_code = 400
    return response
