"""The box in which editors see what search makes of a query: synonyms put into it, answers pinned to it."""

from dataclasses import dataclass

from flask import request
from sqlalchemy.orm import Session

from search_index.editing.book import open_book
from search_index.editing.expand import alternatives, expand
from search_index.editing.pins import pinned_refs
from search_index.query.parser import parse
from search_index.query.tree import Word
from search_index.sources import Row
from search_index.views import search_service
from sportello.core.audience import Viewer
from sportello.web.i18n import LANGUAGES, current_language


@dataclass(frozen=True)
class Trial:
    """`words`: language and wording that also counts, in the order put in. `hidden`: pins that nobody sees now."""

    text: str
    language: str
    words: tuple[tuple[str, str], ...] = ()
    pinned: tuple[Row, ...] = ()
    hidden: int = 0


def tried_out(session: Session, viewer: Viewer) -> Trial:
    """What `?try=` in `?in=` becomes."""
    text, language = request.args.get("try", "")[:256].strip(), request.args.get("in", "")
    language = language if language in LANGUAGES else current_language()
    if not text:
        return Trial("", language)
    book, query = open_book(session), parse(text)
    others = tuple(
        (other.language, other.node.text if isinstance(other.node, Word) else " ".join(other.node.words))
        for other in alternatives(expand(query, book))
    )
    refs = pinned_refs(book, query, language)
    rows = search_service().load(session, viewer, dict.fromkeys(refs, language), language)
    pinned = tuple(rows[ref] for ref in refs if ref in rows)
    return Trial(text, language, others, pinned, len(refs) - len(pinned))
