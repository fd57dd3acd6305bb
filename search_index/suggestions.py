"""Suggestions while typing: titles, and what others of the same class searched and found."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup
from sqlalchemy.orm import Session

from search_index.analysis import query_words
from search_index.editing.book import Book, open_book
from search_index.editing.expand import expand
from search_index.engine import IndexDamaged
from search_index.mask import masked_refs
from search_index.query.parser import parse
from search_index.query.text import clean
from search_index.service import SearchService
from search_index.snippets import Highlighter
from search_index.sources import Row
from search_index.terms import Term
from sportello.core.audience import Viewer
from sportello.core.types import Ref

BUDGET = 0.1  # seconds
MIN_TYPED = 2
MAX_TYPED = 100
TITLES = 6
QUERIES = 3


@dataclass(frozen=True)
class Suggestions:
    """`queries` are texts to search for, `titles` rows to open, each with its marked title."""

    queries: tuple[str, ...] = ()
    titles: tuple[tuple[Row, Markup], ...] = ()


def typed_prefix(text: str) -> str:
    """What suggestions are looked up for: cleaned and lower case; empty when it is too short or too long."""
    prefix = clean(text[: MAX_TYPED + 1]).lower()
    return prefix if MIN_TYPED <= len(prefix) <= MAX_TYPED else ""


def suggest(
    service: SearchService,
    session: Session,
    viewer: Viewer,
    text: str,
    language: str,
    past: Sequence[str] = (),
) -> Suggestions:
    """Suggestions for what was typed. `past`: past queries of the viewer's class that begin like it.

    A past query is offered only if it finds something for this viewer now. Nothing while the index is
    damaged.
    """
    started = time.perf_counter()
    prefix = typed_prefix(text)
    if not prefix:
        return Suggestions()
    masked, book = masked_refs(session), open_book(session) if past else Book()
    try:
        refs = service.engine.suggest(
            prefix, audiences=viewer.audiences, language=language, masked=masked, limit=TITLES
        )
        queries: list[str] = []
        for query in past:
            if len(queries) == QUERIES or time.perf_counter() - started > BUDGET:
                break
            if query != prefix and _finds(service, viewer, query, language, masked, book):
                queries.append(query)
    except IndexDamaged:
        return Suggestions()
    rows = service.load(session, viewer, dict.fromkeys(refs, language), language)
    typed = [Term(word, prefix=True) for words in query_words(prefix) for word in words]
    highlighter = Highlighter(typed)
    shown = [rows[ref] for ref in refs if ref in rows]
    return Suggestions(tuple(queries), tuple((row, highlighter.title(row)) for row in shown))


def _finds(
    service: SearchService, viewer: Viewer, query: str, language: str, masked: frozenset[Ref], book: Book
) -> bool:
    parsed = expand(parse(query), book)
    results = service.engine.search(
        parsed,
        audiences=viewer.audiences,
        language=language,
        filters=parsed.filters,
        masked=masked,
        limit=1,
    )
    return results.total > 0
