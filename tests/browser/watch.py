"""What a page must not do while it is open: complain, ask another origin, open a dialog."""

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Request

OWN_SCHEMES = ("data:", "blob:", "about:")


class Watch:
    """Collects the misdeeds of every page of a context; `problems` is empty when all behaved."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self._origin = origin
        self.problems: list[str] = []
        self.expected_status: set[int] = set()
        context.on("page", self._page)
        context.on("request", self._request)

    def _page(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        page.on("dialog", self._dialog)

    def _console(self, message: ConsoleMessage) -> None:
        """Errors and warnings; the browser's line on a 404 that the test asked for does not count."""
        expected = any(f"status of {status}" in message.text for status in self.expected_status)
        if message.type in {"error", "warning"} and not expected:
            self.problems.append(f"console {message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self._origin + "/", *OWN_SCHEMES)):
            self.problems.append(f"request to another origin: {request.url[:200]}")

    def _dialog(self, dialog: Dialog) -> None:
        self.problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def clear(self) -> None:
        self.problems.clear()
