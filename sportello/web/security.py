"""Headers on every answer, host names, proxies and the size of bodies."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from sportello.core.settings import Settings
from sportello.web.access import current_viewer

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
HSTS = "max-age=31536000; includeSubDomains"
csrf = CSRFProtect()


def _harden(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", HSTS)
    if response.status_code >= 400:
        response.headers["Cache-Control"] = "no-store"
    elif "Cache-Control" not in response.headers:
        signed_in = current_viewer().is_signed_in
        response.headers["Cache-Control"] = "private, no-store" if signed_in else "private, no-cache"
    return response


def add_static_headers(headers: Any, path: str, url: str) -> None:
    """WhiteNoise's hook: static files carry the same protection."""
    for name, value in HEADERS.items():
        headers[name] = value


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
        MAX_FORM_MEMORY_SIZE=settings.max_body_kib * 1024,
        MAX_FORM_PARTS=1000,
    )
    csrf.init_app(app)
    if hops := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.after_request(_harden)
