"""The pages of search: results, suggestions while typing, what was opened, and the browser's search engine."""

import logging
from collections.abc import Callable
from typing import cast

from flask import Blueprint, Response, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from search_index import address
from search_index import log as search_log
from search_index.page import SearchPage, SearchRequest
from search_index.rebuild import request_rebuild
from search_index.report import past_queries
from search_index.service import SearchService
from search_index.sources import sources
from search_index.suggestions import suggest as suggestions_for
from search_index.suggestions import typed_prefix
from search_index.visitor import client_address, current_searcher
from sportello.core.db import Database
from sportello.core.errors import Unavailable
from sportello.core.handling import Site
from sportello.core.limits import Limit, check_search, hit
from sportello.core.types import Ref
from sportello.web.access import current_viewer, public
from sportello.web.filters import site_of
from sportello.web.i18n import current_language
from sportello.web.session import counters_session, database, read_session, settings

MAX_REF = 40  # characters of a document's name in the log
SUGGESTIONS_PER_SEARCH = 4  # keystrokes come faster than searches
bp = Blueprint("search", __name__)
blueprints = (bp,)
log = logging.getLogger(__name__)


def search_service() -> SearchService:
    """Search of the current application."""
    return SearchService(cast(Site, current_app.extensions["sportello.site"]).engine)


@bp.get("/search")
@public
def results() -> ResponseReturnValue:
    """What was found. The address holds the whole state of a search."""
    asked = address.read(request.args, current_language())
    viewer = current_viewer()
    if request.query_string:
        _limited(lambda: check_search(database(), settings(), viewer, client_address()))
    with read_session() as session:
        page = search_service().search(session, viewer, asked)
        response = make_response(
            render_template(
                "search/results.html",
                page=page,
                links=address.Links(page),
                chips=address.chips(page),
                typed_period=address.typed_period(page),
                kinds={value: name for source in sources() for value, name in source.kinds.items()},
            )
        )
    _afterwards(response, page)
    return response


@bp.get("/search/suggest")
@public
def suggest() -> ResponseReturnValue:
    """Options under the search box for what has been typed so far."""
    text, viewer = request.args.get("q", ""), current_viewer()
    prefix, language = typed_prefix(text), current_language()
    past: list[str] = []
    if prefix:
        person, address_ = viewer.person_id, client_address()
        count = settings().limit_search_person if person is not None else settings().limit_search_ip
        limit = Limit("suggest", count * SUGGESTIONS_PER_SEARCH, 1)

        def count_and_look(session: Session) -> None:
            hit(session, limit, person if person is not None else address_)
            past.extend(past_queries(session, search_log.audience_class(viewer), prefix))

        _limited(lambda: _counting(count_and_look))
    with read_session() as session:
        found = suggestions_for(search_service(), session, viewer, text, language, past)
    kinds = {value: name for source in sources() for value, name in source.kinds.items()}
    return render_template("search/_suggestions.html", found=found, kinds=kinds)


@bp.post("/search/click")
@public
def click() -> ResponseReturnValue:
    """A result was opened: sent by the page, answered with nothing."""
    position = request.form.get("position", "")
    if position.isascii() and position.isdigit() and len(position) < 6:
        who, text = current_searcher(), request.form.get("q", "")
        opened = _readable(request.form.get("opened", ""))
        _counting(lambda session: search_log.click(session, who, text, int(position), opened))
    return "", 204


def _readable(text: str) -> Ref | None:
    """The document that a page names, if it is one and this viewer may read it."""
    kind, _, key = text.partition(":")
    if not kind or not key or len(text) > MAX_REF:
        return None
    with read_session() as session:
        ref, language = Ref(kind, key), current_language()
        return ref if search_service().load(session, current_viewer(), {ref: language}, language) else None


@bp.get("/opensearch.xml")
@public
def opensearch() -> ResponseReturnValue:
    """Lets browsers offer this site as a search engine."""
    response = make_response(render_template("search/opensearch.xml", identity=site_of(settings())))
    response.content_type = "application/opensearchdescription+xml; charset=utf-8"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def _limited(check: Callable[[], None]) -> None:
    """Count against a limit. Raises TooMany; while the counters are away, nobody is limited."""
    try:
        check()
    except Unavailable:
        log.warning("limits are not counted: the counters are not available")


def _counting(act: Callable[[Session], None]) -> None:
    with counters_session() as session:
        act(session)


def _afterwards(response: Response, page: SearchPage) -> None:
    """After the response: note the search, and ask for a new index if this one could not be read."""
    if request.method != "GET" or not page.asked:
        return
    db, who, asked = database(), current_searcher(), page.request
    total = 0 if page.spelling and page.spelling.used else page.total
    first = asked.page == 1 and not page.degraded

    def act() -> None:
        try:
            if first:
                _note(db, who, asked, total)
            if page.degraded:
                with db.write() as session:
                    request_rebuild(session)
        except Unavailable:
            log.warning("a search was not noted: the database is not available")

    response.call_on_close(act)


def _note(db: Database, who: search_log.Searcher, asked: SearchRequest, total: int) -> None:
    with db.counters() as session:
        search_log.record(session, who, asked.text, asked.language, total)
