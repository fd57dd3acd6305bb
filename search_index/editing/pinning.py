"""Pinned answers that editors keep: at most three to a wording. What a ref names is for the caller to know."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from search_index.documents import LANGUAGES
from search_index.editing.book import MAX_PINS
from search_index.editing.synonyms import later
from search_index.editing.wording import group_of, plain_words
from search_index.log import normal
from search_index.models import PinnedAnswer
from search_index.query.parser import parse
from sportello.accounts.services import audit
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Invalid, NotFound
from sportello.core.keys import new_key
from sportello.core.policy import Action, require
from sportello.core.types import Ref


def all_pins(session: Session) -> list[PinnedAnswer]:
    """Every pin, by language, wording and position."""
    statement = select(PinnedAnswer)
    order = (PinnedAnswer.language, PinnedAnswer.query, PinnedAnswer.position, PinnedAnswer.id)
    return list(session.scalars(statement.order_by(*order)))


def get_pin(session: Session, key: str) -> PinnedAnswer:
    """Raises NotFound."""
    if (row := session.scalar(select(PinnedAnswer).where(PinnedAnswer.key == key))) is None:
        raise NotFound
    return row


def add_pin(session: Session, actor: Viewer, language: str, query: str, ref: Ref) -> PinnedAnswer:
    """Show `ref` first for the wording, and for those with the same stems, behind what is pinned to it already."""
    require(actor, Action.SEARCH_TUNE)
    text = _checked(language, query)
    beside = _same(session, language, text, None)
    _check_beside(beside, ref)
    row = PinnedAnswer(key=new_key(), language=language, query=text, ref=str(ref))
    row.position = max((pin.position for pin in beside), default=-1) + 1
    row.updated_at, row.updated_by_id = later(session), actor.person_id
    session.add(row)
    session.flush()
    audit.record(session, actor, "pin.added", _subject(row), {}, snapshot(row))
    return row


def edit_pin(session: Session, actor: Viewer, key: str, language: str, query: str, ref: Ref) -> PinnedAnswer:
    """Another wording, another document. Raises Invalid, NotFound."""
    require(actor, Action.SEARCH_TUNE)
    row = get_pin(session, key)
    before, text = snapshot(row), _checked(language, query)
    _check_beside(_same(session, language, text, row), ref)
    row.language, row.query, row.ref = language, text, str(ref)
    row.updated_at, row.updated_by_id = later(session), actor.person_id
    session.flush()
    audit.record(session, actor, "pin.edited", _subject(row), before, snapshot(row))
    return row


def raise_pin(session: Session, actor: Viewer, key: str) -> PinnedAnswer:
    """Put a pin before the others of its wording. Raises NotFound."""
    require(actor, Action.SEARCH_TUNE)
    row = get_pin(session, key)
    before = snapshot(row)
    row.position = min((pin.position for pin in _same(session, row.language, row.query, row)), default=1) - 1
    row.updated_at, row.updated_by_id = later(session), actor.person_id
    audit.record(session, actor, "pin.edited", _subject(row), before, snapshot(row))
    return row


def remove_pin(session: Session, actor: Viewer, key: str) -> dict[str, Any]:
    """Returns what was removed, so that it can be put back. Raises NotFound."""
    require(actor, Action.SEARCH_TUNE)
    row = get_pin(session, key)
    removed = snapshot(row)
    session.delete(row)
    session.flush()
    audit.record(session, actor, "pin.removed", _subject(row), removed, {})
    return removed


def snapshot(row: PinnedAnswer) -> dict[str, Any]:
    """A pin as plain values: what the audit log compares."""
    return {"language": row.language, "query": row.query, "ref": row.ref, "position": row.position}


def _subject(row: PinnedAnswer) -> str:
    return f"{row.language}: {row.query}"


def _checked(language: str, query: str) -> str:
    if language not in LANGUAGES:
        raise Invalid(N_("Choose a language."), field="language")
    text = normal(query)
    parsed = parse(text)
    words = plain_words(parsed)
    if not text or (words is None and parsed.is_empty) or (words is not None and not group_of(words, language)):
        raise Invalid(N_("Write the words that people search with."), field="query")
    if words is None or parsed.filters != parse(words).filters:
        notice = N_("Write words only, without quotation marks, brackets, stars and filters.")
        raise Invalid(notice, field="query")
    return text


def _same(session: Session, language: str, text: str, own: PinnedAnswer | None) -> list[PinnedAnswer]:
    group = group_of(text, language)
    rows = session.scalars(select(PinnedAnswer).where(PinnedAnswer.language == language))
    return [row for row in rows if row is not own and group_of(row.query, language) == group]


def _check_beside(beside: list[PinnedAnswer], ref: Ref) -> None:
    if any(pin.ref == str(ref) for pin in beside):
        raise Invalid(N_("This article is pinned to these words already."), field="article")
    if len(beside) >= MAX_PINS:
        notice = N_("%(count)s articles are pinned to these words already: remove one first.")
        raise Invalid(notice, field="query", count=MAX_PINS)
