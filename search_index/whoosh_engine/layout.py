"""What a segment holds: the zones of a text, the fields of the index, and the columns of its documents.

For each language there are three fields: stems (`en`), exact forms (`en_exact`) and the exact forms of titles
(`en_title`, for suggestions). Every posting of the first two says how often the term occurs in each zone and where.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from search_index.documents import LANGUAGES, DocumentText, SearchDocument

ZONES = ("title", "headings", "keywords", "body")  # the order of the four counts of a posting
TITLE, HEADINGS, BODY = 0, 1, 3
LEAD = 25  # so many tokens at the start of a body say what it is about: they count as headings
ZONE_GAP = 100  # positions between two zones, so that no phrase or proximity reaches across
POSITION_BITS = 24  # a position is below 2**24: document and position fit one int64

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.uint8]  # shape (postings, 4): occurrences per zone, at most 255


def stem_field(language: str) -> str:
    return language


def exact_field(language: str) -> str:
    return f"{language}_exact"


def title_field(language: str) -> str:
    return f"{language}_title"


TEXT_FIELDS = tuple(name for language in LANGUAGES for name in (stem_field(language), exact_field(language)))
FIELDS = (*TEXT_FIELDS, *(title_field(language) for language in LANGUAGES))

NEVER = -(2**62)  # `updated` of a document without a date: before every date
COLUMNS = ("ref", "audience", "kind", "products", "versions", "tags", "languages", "updated", "verified",
           "helpful", "votes")  # fmt: skip


def zone_texts(text: DocumentText) -> tuple[str, str, str, str]:
    """The four texts in the order of ZONES."""
    return text.title, text.headings, text.keywords, text.body


def row(document: SearchDocument) -> tuple[Any, ...]:
    """The values of a document in the order of COLUMNS; `updated` in microseconds since 1970."""
    updated = NEVER if document.updated is None else round(document.updated.timestamp() * 1_000_000)
    return (
        str(document.ref),
        document.audience,
        document.kind,
        list(dict.fromkeys(document.products)),
        list(dict.fromkeys(document.versions)),
        list(dict.fromkeys(document.tags)),
        [language for language in LANGUAGES if language in document.texts],
        updated,
        document.verified,
        document.helpful,
        document.votes,
    )
