"""Every expected error is a page: what happened, and what to do next."""

import logging

from flask import Flask, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError

from sportello.core import errors
from sportello.core.errors import N_
from sportello.web.access import current_viewer
from sportello.web.i18n import gettext

log = logging.getLogger(__name__)
STATUS: dict[type[errors.SportelloError], int] = {
    errors.NotFound: 404,
    errors.Forbidden: 403,
    errors.Invalid: 400,
    errors.Conflict: 409,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}
TITLES = {
    400: N_("That did not work"),
    403: N_("Not allowed"),
    404: N_("This window is closed"),
    405: N_("That did not work"),
    409: N_("Somebody was faster"),
    413: N_("Too large"),
    429: N_("One moment, please"),
    500: N_("Something broke on our side"),
    503: N_("Back in a moment"),
}
MESSAGES = {
    400: N_("The request could not be understood. Go back, reload the page and try again."),
    405: N_("This address does not take that kind of request."),
    413: N_("What was sent is larger than this site accepts. Nothing was stored."),
    500: N_("The error has been noted. Your input was not stored; please try again later."),
}
CSRF_MESSAGE = N_("This form had been open for too long or came from another site. Reload the page and send it again.")


def error_page(status: int, message: str = "", params: dict[str, object] | None = None) -> Response:
    """The page for `status`. A 404 is the same for gated and absent addresses, byte for byte."""
    if status == 404:
        signed_out = not current_viewer().is_signed_in
        page = render_template("errors/404.html", back=request.full_path.rstrip("?") if signed_out else None)
    else:
        page = render_template(
            "errors/error.html",
            status=status,
            title=TITLES.get(status, TITLES[400]),
            message=message or MESSAGES.get(status, MESSAGES[400]),
            params=params or {},
        )
    return make_response(page, status)


def _expected(error: errors.SportelloError) -> ResponseReturnValue:
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
    response = error_page(status, error.message, error.params)
    if isinstance(error, errors.TooMany | errors.Unavailable):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _csrf(error: CSRFError) -> ResponseReturnValue:
    return error_page(400, CSRF_MESSAGE)


def plain(status: int) -> Response:
    """The error without a page, where none can be drawn: no template, no address, no person."""
    return Response(f"{gettext(TITLES.get(status, TITLES[400]))}\n", status, mimetype="text/plain")


def _http(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, SecurityError):  # a host name that is not ours: no address can be built for it
        return plain(400)
    if error.code is None or error.code < 400:
        return error
    response = error_page(error.code)
    if error.code == 405 and (allow := error.get_response().headers.get("Allow")):
        response.headers["Allow"] = allow
    return response


def _unexpected(error: Exception) -> ResponseReturnValue:
    log.exception("unhandled error on %s", request.url_rule or "-")  # an address may hold a secret
    g.setdefault("viewer", None)
    try:
        return error_page(500)
    except Exception:
        log.exception("the error page itself failed")
        return plain(500)


def init_errors(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(errors.SportelloError, _expected)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)
