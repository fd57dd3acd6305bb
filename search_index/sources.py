"""Where search documents come from and how hits become what a viewer sees: one `Source` per feature.

The index proposes, the database disposes: a hit is shown only if its source loads it for this viewer.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from search_index.documents import Filters, SearchDocument
from sportello.core.audience import Viewer
from sportello.core.types import Ref


@dataclass(frozen=True)
class Row:
    """One hit as its feature shows it, loaded through `visible_to`.

    `kind` is the facet value ("solution"), `label` its name for one hit (a gettext id), `slug` the public part of the
    address, `path` the address from the site's root ("/kb/SLUG"), `text` the plain text from which snippets are cut,
    `language` that of title and text, `products` names (not codes), `versions` names ("15.1"), `caution` why not to
    trust it blindly (a gettext id), empty if one may.
    """

    ref: Ref
    kind: str
    slug: str
    title: str
    path: str
    language: str
    text: str = ""
    summary: str = ""
    updated: datetime | None = None
    verified: datetime | None = None
    products: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    votes: int = 0
    critical: bool = False
    label: str = ""
    caution: str = ""


@dataclass(frozen=True)
class Part:
    """Something inside a hit that has words of its own, an attachment: its name, its address from the site's root."""

    name: str
    path: str
    text: str


class Source(Protocol):
    """What a feature offers to search. Every method that takes a viewer reads through `visible_to` only."""

    @property
    def kind(self) -> str:
        """The `Ref.kind` of everything in it."""
        ...

    @property
    def kinds(self) -> Mapping[str, str]:
        """Its values of the facet "kind" with their names (gettext ids), in the order shown."""
        ...

    def documents(self, session: Session) -> Iterator[SearchDocument]:
        """Everything that must be in the index now, loaded in batches."""
        ...

    def document(self, session: Session, key: str) -> SearchDocument | None:
        """What must be in the index now for this key; None when it must not be there."""
        ...

    def load(self, session: Session, viewer: Viewer, keys: Mapping[str, str], language: str) -> dict[str, Row]:
        """The visible rows of `keys`, in a constant number of statements.

        `keys` maps each key to the language that matched; where the viewer cannot read that one, the row is
        in `language`, else in any. Keys the viewer may not read are missing.
        """
        ...

    def parts(self, session: Session, viewer: Viewer, keys: Mapping[str, str]) -> Mapping[str, Sequence[Part]]:
        """What is inside those of `keys` (to the language shown) that the viewer may read, in one statement."""
        ...

    def product_names(self, session: Session, viewer: Viewer, codes: Collection[str]) -> dict[str, str]:
        """Names of those of `codes` in which the viewer can read something."""
        ...

    def fallback(
        self,
        session: Session,
        viewer: Viewer,
        words: Sequence[str],
        *,
        filters: Filters,
        language: str,
        limit: int,
    ) -> list[Row]:
        """Visible rows whose title or text holds every word, newest first: a plain database query.

        Used when the index cannot be read. Filters that cost too much may be left out, never the visibility.
        """
        ...


_registered: dict[str, Source] = {}


def register(source: Source) -> None:
    """Make a feature findable: called once by the composition root."""
    _registered[source.kind] = source


def sources() -> tuple[Source, ...]:
    """Every registered source."""
    return tuple(_registered.values())
