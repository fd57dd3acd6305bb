"""Headers on every answer, host names, proxies and the size of bodies."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from sportello.core.errors import N_, Invalid, NotFound
from sportello.core.settings import Settings
from sportello.web.access import current_viewer, may_send_files

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
}
SAFE = {"GET", "HEAD", "OPTIONS"}
FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 1000
NUL = N_("What was sent holds a character that no text has (NUL). Remove it and try again.")
HSTS = "max-age=31536000; includeSubDomains"
csrf = CSRFProtect()


def _harden(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure or current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", HSTS)
    if response.status_code >= 400:
        response.headers["Cache-Control"] = "no-store"
    elif "Cache-Control" not in response.headers:
        signed_in = current_viewer().is_signed_in
        response.headers["Cache-Control"] = "private, no-store" if signed_in else "private, no-cache"
    return response


class Hardened:
    """Adds the headers to what the application itself does not answer: static files, their 304, 405 and 416."""

    def __init__(self, wsgi_app: Any) -> None:
        self._wsgi_app = wsgi_app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            present = {name.lower() for name, _ in headers}
            missing = [(name, value) for name, value in HEADERS.items() if name.lower() not in present]
            if status >= "400" and "cache-control" not in present:
                missing.append(("Cache-Control", "no-store"))
            return start_response(status, [*headers, *missing], exc_info)

        return self._wsgi_app(environ, start)


def _check_input() -> None:
    """Before anything reads the form: its size, its number of fields, and characters that no text has.

    Raises NotFound, Invalid, RequestEntityTooLarge. A chunked form is cut off at the limit by the parser, which does
    not say so; here it does.
    """
    if "\0" in request.path:
        raise NotFound
    if _holds_nul(request.args):
        raise Invalid(NUL)
    if request.method in SAFE:
        return
    if may_send_files():
        request.max_content_length = current_app.config["MAX_UPLOAD_LENGTH"]
    if request.mimetype == FORM:
        body = request.get_data()
        cut_off = request.content_length is None and len(body) >= (request.max_content_length or len(body) + 1)
        if cut_off or body.count(b"&") >= MAX_FIELDS:
            raise RequestEntityTooLarge
    if None in request.form:  # a part without a name
        raise BadRequest
    if _holds_nul(request.form):
        raise Invalid(NUL)


def _holds_nul(values: MultiDict[str, str]) -> bool:
    return any("\0" in key or "\0" in value for key, value in values.items(multi=True))


def allowed_hosts(settings: Settings) -> list[str]:
    """Host names that are answered; others get 400."""
    chosen: Iterable[str] = settings.hosts or (urlsplit(settings.base_url).hostname or "localhost",)
    return sorted({*chosen, "localhost", "127.0.0.1"})


def init_security(app: Flask, settings: Settings) -> None:
    """Cookies, CSRF, host names, proxies, body limits and headers."""
    secure = settings.is_secure
    app.config.update(
        SECRET_KEY=settings.signing_key,
        SESSION_COOKIE_NAME="__Host-session" if secure else "session",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        TRUSTED_HOSTS=allowed_hosts(settings),
        MAX_CONTENT_LENGTH=settings.max_body_kib * 1024,
        MAX_UPLOAD_LENGTH=(settings.max_upload_kib + settings.max_body_kib) * 1024,  # the file, and a form around it
        MAX_FORM_MEMORY_SIZE=settings.max_body_kib * 1024,
        MAX_FORM_PARTS=MAX_FIELDS,
    )
    app.before_request(_check_input)
    csrf.init_app(app)
    if hops := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.after_request(_harden)
