"""Choosing an article by its address, or among those that a search finds."""

from sqlalchemy.orm import Session

from editorial.services.tuning import slug_in
from kb.queries import get_article
from search_index.page import SearchRequest
from search_index.sources import Row
from search_index.views import search_service
from sportello.core.audience import Viewer
from sportello.core.errors import NotFound
from sportello.core.types import Ref

MOST = 8


def found_articles(session: Session, viewer: Viewer, text: str, language: str) -> list[Row]:
    """The article whose address this is, or what a search for these words finds; published ones."""
    if not text.strip():
        return []
    service = search_service()
    if (ref := _named(session, viewer, text)) is not None:
        return list(service.load(session, viewer, {ref: language}, language).values())
    page = service.search(session, viewer, SearchRequest(text, language=language))
    return [entry.row for entry in page.entries if entry.row.ref.kind == "article"][:MOST]


def _named(session: Session, viewer: Viewer, text: str) -> Ref | None:
    try:
        return Ref("article", get_article(session, viewer, slug_in(text)).article.key)
    except NotFound:
        return None
