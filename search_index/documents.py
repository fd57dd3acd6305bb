"""What is indexed and what comes back: plain values, no engine in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sportello.core.types import Ref

LANGUAGES = ("en", "it")


@dataclass(frozen=True)
class DocumentText:
    """The words of one document in one language, as plain text (no markup).

    `title`, `headings`, `body` (one string, blocks separated by newlines), `keywords`: tags, product names,
    error codes, summary wording and anything else that should find the document but is not prose.
    """

    title: str
    body: str
    headings: str = ""
    keywords: str = ""


@dataclass(frozen=True)
class SearchDocument:
    """One article, recording or topic: one hit, whatever the number of its languages and parts."""

    ref: Ref
    audience: str  # the one audience key: names the partition
    kind: str  # facet value, e.g. "solution", "how-to"
    texts: Mapping[str, DocumentText]  # by language code, at least one
    products: tuple[str, ...] = ()  # product codes
    versions: tuple[str, ...] = ()  # "ledger 15.1": product code, space, version
    tags: tuple[str, ...] = ()
    category: str = ""
    updated: datetime | None = None  # aware, UTC
    verified: bool = False  # checked within its interval
    helpful: float = 0.0  # Wilson lower bound of the votes, 0..1
    votes: int = 0  # number of "yes" votes: the order of sort=helpful


@dataclass(frozen=True)
class Filters:
    """Facet choices: values within one are alternatives, the fields are all required.

    Values are lower case and compared with the documents' values folded to lower case. A version with a space
    ("ledger 15.1") is that product's; without one ("15.1") it is that version of any product.
    `updated_from` / `updated_to`: inclusive and exclusive, aware UTC.
    """

    kinds: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    versions: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    updated_from: datetime | None = None
    updated_to: datetime | None = None


@dataclass(frozen=True)
class Hit:
    """A proposal of the index: the database decides whether it is shown."""

    ref: Ref
    score: float
    language: str  # the language of the document's text that matched best


@dataclass(frozen=True)
class Results:
    """`total` is exact over the viewer's partitions; `facets` maps field -> value -> number of documents.

    `facets` is None when the time budget for them ran out. `terms` are the words to highlight, per language,
    as typed (folded); `corrected` is a better spelling of the query or None.
    """

    hits: tuple[Hit, ...]
    total: int
    facets: Mapping[str, Mapping[str, int]] | None = None
    notices: tuple[str, ...] = field(default=())
