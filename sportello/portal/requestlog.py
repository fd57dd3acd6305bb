"""One log line a request: id, method, route, status, duration. No query text, no addresses, nothing personal.

The id is the proxy's X-Request-Id when proxies are trusted, else a new one; it stands in every line that is
logged meanwhile. It is in no response: answers to the same question are the same bytes.
"""

import logging
import re
import time
from secrets import token_hex

from flask import Flask, Response, g, request

from sportello.core.logs import SLOW_REQUEST_MS, fields, log_slow_statements, request_id
from sportello.core.settings import Settings
from sportello.web.session import database

log = logging.getLogger("sportello.request")
slow = logging.getLogger("sportello.slow")
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
QUIET = {"health.healthz"}


def init_request_log(app: Flask, settings: Settings) -> None:
    """Must come before everything else that runs before requests, so that it times all of it."""

    def start() -> None:
        given = request.headers.get("X-Request-Id", "") if settings.trusted_proxies else ""
        g.request_started = time.monotonic()
        request_id.set(given if _ID.fullmatch(given) else token_hex(8))

    def finish(response: Response) -> Response:
        elapsed = (time.monotonic() - g.get("request_started", time.monotonic())) * 1000
        route = request.url_rule.rule if request.url_rule else "-"
        about = fields(method=request.method, route=route, status=response.status_code, ms=round(elapsed, 1))
        if elapsed > SLOW_REQUEST_MS:
            slow.warning("slow request", extra=about)
        level = logging.DEBUG if request.endpoint in QUIET and response.status_code == 200 else logging.INFO
        log.log(level, "request", extra=about)
        return response

    app.before_request(start)
    app.after_request(finish)
    with app.app_context():
        log_slow_statements(database().engine)
