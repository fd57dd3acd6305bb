"""Noting openings of articles after the response: no reader waits for it, and reading changes nothing else.

They are counted by class of reader, and for signed-in people marked as seen.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from kb import services
from kb.queries import Reading
from search_index.log import BOT, audience_class
from search_index.visitor import is_bot
from sportello.core import clock
from sportello.core.types import Ref
from sportello.notifications.views.seen import seen_afterwards
from sportello.web.access import current_viewer
from sportello.web.gather import Gather
from sportello.web.session import database

AHEAD = ("prefetch", "prerender")  # browsers say so when nobody may ever look (Sec-Purpose)
Opening = tuple[str, date, str]  # of an article's key, on a day, by a class of reader


def _write(session: Session, openings: Sequence[Opening]) -> None:
    for (key, day, whose), number in sorted(Counter(openings).items()):
        services.count_view(session, key, whose, number=number, day=day)


OPENINGS: Gather[Opening] = Gather("openings", _write)


def count_afterwards(drawn: tuple[Reading, str]) -> ResponseReturnValue:
    """The page, and one opening by a reader of this class, staff apart; programs and pages fetched ahead are none."""
    item, page = drawn
    response: Response = make_response(page)
    ahead = any(word in request.headers.get("Sec-Purpose", "") for word in AHEAD)
    if request.method != "GET" or ahead or item.published_at is None:
        return response
    seen_afterwards(response, Ref("article", item.article.key))
    whose = audience_class(current_viewer(), is_bot=is_bot(request.headers.get("User-Agent", "")))
    if whose != BOT:
        site, opening = database(), (item.article.key, clock.today(), whose)
        response.call_on_close(lambda: OPENINGS.add(site, opening))
    return response
