"""Who is searching, as the log and the limits see a request."""

import re

from flask import request

from search_index.log import Searcher, searcher
from sportello.web.access import current_viewer
from sportello.web.session import settings

_BOT = re.compile(
    r"bot|crawl|spider|slurp|fetch|monitor|preview|scan|headless|curl|wget|python|java/|go-http|okhttp|axios|http[-_]",
    re.IGNORECASE,
)


def is_bot(user_agent: str) -> bool:
    """A program by its own account, or one that gives none."""
    return not user_agent.strip() or _BOT.search(user_agent) is not None


def client_address() -> str:
    """The address of the client, behind as many proxies as the settings trust."""
    return request.remote_addr or ""


def current_searcher() -> Searcher:
    """Who to count this request for."""
    agent = request.headers.get("User-Agent", "")
    visit = f"{client_address()} {agent}"
    return searcher(settings().signing_key, current_viewer(), visit, is_bot=is_bot(agent))
