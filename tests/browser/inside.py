"""A site served by the test's own process, so that the test may move its clock and drive its worker."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from sportello.accounts.models import Person
from tests.browser.watch import Watch
from tests.browsing import client_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Tests read pages, not access logs."""


@dataclass
class InsideSite:
    """The application under a free port of the loopback."""

    app: Flask
    url: str

    @contextmanager
    def page_of(
        self,
        chromium: "Browser",
        person: Person | None,
        *,
        script: bool = True,
        agent: str | None = None,
        refusals: tuple[int, ...] = (),
    ) -> Iterator["Page"]:
        """A page of a fresh profile in which `person` is signed in; fails at its end if the page misbehaved.

        `agent`: another name for the browser. `refusals`: statuses that the test provokes.
        """
        context = chromium.new_context(base_url=self.url, locale="en-GB", java_script_enabled=script, user_agent=agent)
        context.set_default_timeout(15_000)
        if person is not None:
            cookie = client_for(self.app, person).get_cookie("session")
            assert cookie is not None
            context.add_cookies([{"name": "session", "value": cookie.value, "url": self.url}])
        watch = Watch(context, self.url)
        watch.expected_status = set(refusals)
        try:
            yield context.new_page()
        finally:
            context.close()
        assert not watch.problems, "\n".join(watch.problems)


@contextmanager
def served(app: Flask) -> Iterator[InsideSite]:
    """Serve `app` with threads until the block ends; forms need their tokens as in real life."""
    app.config["WTF_CSRF_ENABLED"] = True
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield InsideSite(app, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
