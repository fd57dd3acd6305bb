"""Counting openings of articles after the response: no reader waits for it, and reading changes nothing else."""

import logging

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue

from kb import services
from kb.queries import Reading
from search_index.log import BOT, audience_class
from search_index.visitor import is_bot
from sportello.core.errors import Unavailable
from sportello.web.access import current_viewer
from sportello.web.session import database

log = logging.getLogger(__name__)
AHEAD = ("prefetch", "prerender")  # browsers say so when nobody may ever look (Sec-Purpose)


def count_afterwards(drawn: tuple[Reading, str]) -> ResponseReturnValue:
    """The page, and one opening by a reader of this class, staff apart; programs and pages fetched ahead are none."""
    item, page = drawn
    response: Response = make_response(page)
    whose = audience_class(current_viewer(), is_bot=is_bot(request.headers.get("User-Agent", "")))
    ahead = any(word in request.headers.get("Sec-Purpose", "") for word in AHEAD)
    if request.method != "GET" or whose == BOT or ahead or item.published_at is None:
        return response
    counters = database()

    def count() -> None:
        try:
            with counters.counters() as session:
                services.count_view(session, item.article.key, whose)
        except Unavailable:
            log.warning("an opening was not counted: the counters are not available")

    response.call_on_close(count)
    return response
