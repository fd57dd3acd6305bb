"""Synonyms and pinned answers as searches use them: kept in each process, read again when the database changed.

One cheap statement a search tells whether anything changed: how many rows there are, and when the last was written.
So what an editor does is effective with the next search of every process, without a rebuild of the index.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from search_index.editing.wording import group_of, phrase_stems
from search_index.models import PinnedAnswer, Synonym
from sportello.core.types import Ref

Stems = tuple[str, ...]
MAX_PINS = 3


@dataclass(frozen=True)
class Book:
    """`synonyms`: language -> stems of a phrase -> phrases that count for it. `pins`: (language, group) -> refs."""

    synonyms: Mapping[str, Mapping[Stems, tuple[str, ...]]] = field(default_factory=dict)
    pins: Mapping[tuple[str, str], tuple[Ref, ...]] = field(default_factory=dict)


_kept: WeakKeyDictionary[Any, tuple[Any, Book]] = WeakKeyDictionary()


def open_book(session: Session) -> Book:
    """The synonyms and pins as they are now. One statement when nothing changed, three when something did."""
    bind, stamp = session.get_bind(), _stamp(session)
    before = _kept.get(bind)
    if before is None or before[0] != stamp:
        _kept[bind] = before = (stamp, _read(session))
    return before[1]


def _stamp(session: Session) -> Any:
    synonyms = select(literal("synonyms"), func.count(), func.max(Synonym.id), func.max(Synonym.updated_at))
    pins = select(literal("pins"), func.count(), func.max(PinnedAnswer.id), func.max(PinnedAnswer.updated_at))
    return sorted(tuple(row) for row in session.execute(union_all(synonyms, pins)))


def _read(session: Session) -> Book:
    synonyms: dict[str, dict[Stems, dict[str, None]]] = {}
    for row in session.scalars(select(Synonym).order_by(Synonym.id)):
        words = [str(word) for word in row.words]
        for word in words[:1] if row.one_way else words:
            found = synonyms.setdefault(row.language, {}).setdefault(phrase_stems(word, row.language), {})
            found.update(dict.fromkeys(other for other in words if other != word))
    pins: dict[tuple[str, str], list[Ref]] = {}
    for pin in session.scalars(select(PinnedAnswer).order_by(PinnedAnswer.position, PinnedAnswer.id)):
        pins.setdefault((pin.language, group_of(pin.query, pin.language)), []).append(Ref.parse(pin.ref))
    return Book(
        {language: {stems: tuple(found) for stems, found in table.items()} for language, table in synonyms.items()},
        {key: tuple(dict.fromkeys(refs))[:MAX_PINS] for key, refs in pins.items()},
    )
