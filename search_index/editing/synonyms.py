"""Synonyms that editors keep: what may be one, and the verbs."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from search_index import analysis
from search_index.documents import LANGUAGES
from search_index.editing.expand import MAX_WORDS
from search_index.editing.wording import phrase_stems
from search_index.models import PinnedAnswer, Synonym
from search_index.query.text import clean, word
from sportello.accounts.services import audit
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Invalid, NotFound
from sportello.core.keys import new_key
from sportello.core.policy import Action, require

MAX_PHRASES = 12
MAX_LENGTH = 60  # characters of a phrase
_OPERATORS = frozenset('"()*:')


def all_synonyms(session: Session, language: str | None = None) -> list[Synonym]:
    """Every group, by language and first word."""
    found = session.scalars(select(Synonym)).all()
    chosen = [row for row in found if language in (None, row.language)]
    return sorted(chosen, key=lambda row: (row.language, row.words))


def get_synonym(session: Session, key: str) -> Synonym:
    """Raises NotFound."""
    if (row := session.scalar(select(Synonym).where(Synonym.key == key))) is None:
        raise NotFound
    return row


def add_synonym(
    session: Session, actor: Viewer, language: str, words: Sequence[str], *, one_way: bool = False
) -> Synonym:
    """Words that search takes for each other; one-way: who searches the first also finds the rest. Raises Invalid."""
    require(actor, Action.SEARCH_TUNE)
    phrases = _checked(session, language, words, one_way, None)
    row = Synonym(key=new_key(), language=language, words=phrases, one_way=one_way)
    _signed(session, actor, row)
    session.add(row)
    session.flush()
    audit.record(session, actor, "synonym.added", _subject(row), {}, snapshot(row))
    return row


def edit_synonym(
    session: Session, actor: Viewer, key: str, language: str, words: Sequence[str], *, one_way: bool
) -> Synonym:
    """Replace a group. Raises Invalid, NotFound."""
    require(actor, Action.SEARCH_TUNE)
    row = get_synonym(session, key)
    before = snapshot(row)
    row.words = _checked(session, language, words, one_way, row)
    row.language, row.one_way = language, one_way
    _signed(session, actor, row)
    session.flush()
    audit.record(session, actor, "synonym.edited", _subject(row), before, snapshot(row))
    return row


def remove_synonym(session: Session, actor: Viewer, key: str) -> dict[str, Any]:
    """Returns what was removed, so that it can be put back. Raises NotFound."""
    require(actor, Action.SEARCH_TUNE)
    row = get_synonym(session, key)
    removed = snapshot(row)
    session.delete(row)
    session.flush()
    audit.record(session, actor, "synonym.removed", _subject(row), removed, {})
    return removed


def snapshot(row: Synonym) -> dict[str, Any]:
    """A group as plain values: what the audit log compares."""
    return {"language": row.language, "words": list(row.words), "one_way": row.one_way}


def later(session: Session) -> datetime:
    """Now, and later than anything written before: every change moves the stamp that searches look at."""
    now = clock.now()
    for newest in (select(func.max(Synonym.updated_at)), select(func.max(PinnedAnswer.updated_at))):
        before: datetime | None = session.scalar(newest)
        now = max(now, before + timedelta(microseconds=1)) if before else now
    return now


def _signed(session: Session, actor: Viewer, row: Synonym) -> None:
    row.updated_at, row.updated_by_id = later(session), actor.person_id


def _subject(row: Synonym) -> str:
    return f"{row.language}: {(' → ' if row.one_way else ' = ').join(row.words)}"


def _checked(session: Session, language: str, words: Iterable[str], one_way: bool, own: Synonym | None) -> list[str]:
    """The phrases as they are kept. Raises Invalid with the field that is wrong."""
    if language not in LANGUAGES:
        raise Invalid(N_("Choose a language."), field="language")
    phrases = [phrase for phrase in map(_normal, words) if phrase]
    for phrase in phrases:
        _check_phrase(phrase, language)
    if len(phrases) > MAX_PHRASES:
        raise Invalid(N_("At most %(count)s words or phrases stand together."), field="words", count=MAX_PHRASES)
    stems: dict[tuple[str, ...], str] = {}
    for phrase in phrases:
        same = stems.setdefault(phrase_stems(phrase, language), phrase)
        if same == phrase and phrases.count(phrase) > 1:
            raise Invalid(N_("“%(word)s” stands there twice."), field="words", word=phrase)
        if same != phrase:
            notice = N_("“%(word)s” is “%(other)s” for search already: another form of the same word.")
            raise Invalid(notice, field="words", word=phrase, other=same)
    if len(phrases) < 2:
        raise Invalid(N_("Write at least two words or phrases, one a line."), field="words")
    _check_others(session, language, phrases, one_way, own)
    return phrases


def _normal(phrase: str) -> str:
    text = clean(phrase).lower()
    return text if _OPERATORS & set(text) else " ".join(filter(None, map(word, text.split())))


def _check_phrase(phrase: str, language: str) -> None:
    if _OPERATORS & set(phrase):
        notice = N_("“%(word)s”: write words only, without quotation marks, brackets, stars and colons.")
        raise Invalid(notice, field="words", word=phrase)
    words = [folded for token in analysis.query_words(phrase) for folded in token]
    if len(words) > MAX_WORDS:
        notice = N_("“%(word)s” is too long: at most %(count)s words.")
        raise Invalid(notice, field="words", word=phrase, count=MAX_WORDS)
    if len(phrase) > MAX_LENGTH:
        notice = N_("“%(word)s” is too long: at most %(count)s characters.")
        raise Invalid(notice, field="words", word=phrase[:MAX_LENGTH] + "…", count=MAX_LENGTH)
    if all(folded in analysis.STOP_WORDS[language] for folded in words):
        notice = N_("“%(word)s” is so common that search leaves it out: it cannot have synonyms.")
        raise Invalid(notice, field="words", word=phrase)


def _check_others(session: Session, language: str, phrases: list[str], one_way: bool, own: Synonym | None) -> None:
    """Nothing that is said already, and nothing that contradicts: one way here and both ways there."""
    wanted = _pairs(phrases, language, one_way)
    said: set[tuple[str, str]] = set()
    for row in session.scalars(select(Synonym).where(Synonym.language == language)):
        if own is None or row.id != own.id:
            said |= _pairs(row.words, language, row.one_way)
    if wanted <= said:
        raise Invalid(N_("Search knows these synonyms already."), field="words")
    typed = {" ".join(phrase_stems(phrase, language)): phrase for phrase in phrases}
    for one, other in sorted(wanted):
        if one_way and (other, one) in said:
            notice = N_("“%(other)s” finds “%(word)s” already: make that group two-way instead.")
            raise Invalid(notice, field="one_way", word=typed[one], other=typed[other])
        if not one_way and ((one, other) in said) != ((other, one) in said):
            first, second = (one, other) if (one, other) in said else (other, one)
            notice = N_("“%(word)s” finds “%(other)s” one way already: remove that first.")
            raise Invalid(notice, field="words", word=typed[first], other=typed[second])


def _pairs(phrases: Sequence[str], language: str, one_way: bool) -> set[tuple[str, str]]:
    """What finds what, by stems."""
    stems = [" ".join(phrase_stems(phrase, language)) for phrase in phrases]
    return {(one, other) for one in (stems[:1] if one_way else stems) for other in stems if other != one}
