"""What templates need that no query gives: names in a language, versions in words, a nested table of contents."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from markupsafe import Markup
from sqlalchemy.orm import Session

from kb.queries.articles import Reading
from kb.queries.cards import Place
from sportello.core import clock
from sportello.core.types import Ref
from sportello.notifications.queries.subscriptions import Standing, standing
from sportello.web.access import current_viewer
from sportello.web.i18n import current_language

ABOVE: list[Callable[[Session, Reading], Markup]] = []
"""What rooms above this one draw over an article, for those who write articles."""
DESCRIPTION = 160  # characters, what search engines show


@dataclass
class Contents:
    """An entry of the table of contents, with those under it."""

    id: str
    text: str
    children: list["Contents"] = field(default_factory=list)


def contents_of(toc: Sequence[Any]) -> list[Contents]:
    """Headings of levels 2 and 3, nested; nothing when there is hardly anything to jump to."""
    found: list[Contents] = []
    for level, id, text in toc:
        if level == 2 or (level == 3 and not found):
            found.append(Contents(id, text))
        elif level == 3:
            found[-1].children.append(Contents(id, text))
    return found if len(found) + sum(len(entry.children) for entry in found) > 1 else []


def description_of(summary: str, plain: str) -> str:
    """The summary, or how the text begins, cut at a word."""
    text = " ".join((summary or plain[: DESCRIPTION * 2]).split())
    if len(text) <= DESCRIPTION:
        return text
    return text[:DESCRIPTION].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


class Named(Protocol):
    """A category, as far as its name goes."""

    @property
    def code(self) -> str: ...
    @property
    def names(self) -> Mapping[str, str]: ...


def name_of(category: Named) -> str:
    """The category's name in the reader's language, else in another."""
    return category.names.get(current_language()) or next(iter(category.names.values()), category.code)


@dataclass(frozen=True)
class Refused:
    """A report that was refused: what was typed, and what is wrong with which field of it."""

    quote: str
    comment: str
    field: str
    problem: str


@dataclass(frozen=True)
class Facts:
    """What a list says of an article beside its title: products with versions, and whether it counts as verified."""

    labels: list[str]
    verified: bool


class Verified(Protocol):
    """What facts are told of."""

    @property
    def verified(self) -> bool: ...


def facts_of(article: Verified, places: Sequence[Place]) -> Facts:
    """Versions are named ("Ledger 15.0, 15.1") or, when more than two follow each other, spanned ("7.3–8.0")."""
    labels = [f"{place.name} {_span(place.versions)}".strip() for place in places]
    return Facts(labels, article.verified)


def _span(versions: Sequence[tuple[int, str]]) -> str:
    names = [name for _, name in versions]
    whole = len(names) > 2 and versions[-1][0] - versions[0][0] == len(names) - 1
    return f"{names[0]}–{names[-1]}" if whole else ", ".join(names)


def is_out(published_at: datetime | None) -> bool:
    """Readers can read it, not only those who write."""
    return published_at is not None and published_at <= clock.now()


def following_of(session: Session, kind: str, key: str) -> Standing | None:
    """How the reader follows this, for the control on its page; None for somebody signed out, who cannot."""
    viewer = current_viewer()
    return standing(session, viewer, Ref(kind, key)) if viewer.is_signed_in else None
