"""Articles that a title looks like: found by the site's own search, told with how many key words they share."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from search_index import analysis
from search_index.page import SearchRequest
from search_index.service import SearchService
from search_index.sources import Row
from sportello.core.audience import Viewer
from sportello.core.policy import Action, require

MOST = 4
LEAST_SHARE = 0.4  # of the key words: below that it is another matter
MAX_WORDS = 16  # that are searched for


@dataclass(frozen=True)
class Similar:
    """An article that shares `shared` of the title's `of` key words."""

    row: Row
    shared: int
    of: int


def similar_articles(
    service: SearchService, session: Session, actor: Viewer, title: str, language: str, *, besides: str = ""
) -> Sequence[Similar]:
    """The closest published articles, the closest first. `besides`: key of an article that does not count.

    Raises Forbidden.
    """
    require(actor, Action.ARTICLE_DRAFT)
    wanted = key_words(title, language)
    if not wanted:
        return []
    asked = SearchRequest(" ".join(list(wanted.values())[:MAX_WORDS]), language=language, exact=True)
    rows = [entry.row for entry in service.search(session, actor, asked).entries if entry.row.ref.key != besides]
    found = [Similar(row, len(wanted.keys() & _said(row)), len(wanted)) for row in rows]
    near = [item for item in found if item.shared >= min(2, item.of) and item.shared >= LEAST_SHARE * item.of]
    return sorted(near, key=lambda item: -item.shared)[:MOST]


def key_words(title: str, language: str) -> dict[str, str]:
    """The telling words of a title: stem to the word as written, in lower case and without search operators."""
    stop = analysis.STOP_WORDS.get(language, frozenset())
    found: dict[str, str] = {}
    for token in analysis.tokens(title):
        for forms in analysis.analyse(token):
            if forms[0] not in stop and forms[0] not in analysis.WEAK_WORDS:
                found.setdefault(analysis.stem(forms[0], language), forms[0])
    return found


def _said(row: Row) -> set[str]:
    return set(key_words(row.title, row.language)) | set(key_words(row.summary, row.language))
