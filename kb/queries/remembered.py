"""Answers that are kept as long as nobody has changed anything that readers read.

An answer may be remembered because it is a function of three things, and all of them decide whether it is used: the
audience rule (the reader, without the person), the content (its stamp, read in the same transaction: every committed
change is another stamp, at once and for every process), and the clock, which shows what was published for a future
moment: answers live between two such moments. Only sessions that never write remember, and only tables whose changes
renew the stamp may be read for it.
"""

import pickle
import time
from collections.abc import Callable, Hashable
from datetime import datetime
from functools import wraps
from threading import Lock
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Engine
from sqlalchemy.orm import Session

from kb.models import Article, ArticleTranslation
from kb.queries.kept import forgets, reader
from sportello.core import clock
from sportello.core.audience import Viewer, system
from sportello.core.db import ONLY_READS
from sportello.core.guard import content_only
from sportello.core.stamp import read_stamp

LONGEST = 60.0  # seconds, for changes that went past the program altogether
ROOM = 24 * 1024 * 1024  # about this much is kept in a process, in bytes
ENTRY, OBJECTS = 600, 2  # bytes that an entry takes by itself, and how much larger objects are than written out
_MEMORY = "sportello_memory"
_NOTHING: Any = object()
_SYSTEM = system()
Shape = ParamSpec("Shape")
Answer = TypeVar("Answer")


class Memory:
    """The answers of one state of the content, between two moments of publication."""

    def __init__(self, word: str, since: datetime | None, until: datetime | None) -> None:
        self.word, self._since, self._until = word, since, until
        self._ends = time.monotonic() + LONGEST
        self._answers: dict[Hashable, Any] = {}
        self._room = ROOM
        self._lock = Lock()
        self.get = self._answers.get

    def holds(self, word: str, now: datetime) -> bool:
        """Its answers are those of the content `word` at `now`."""
        fresh = self.word == word and time.monotonic() < self._ends
        return fresh and (not self._since or self._since <= now) and (not self._until or now < self._until)

    def keep(self, key: Hashable, answer: Any) -> None:
        """Remember, and begin anew when the room is filled."""
        with self._lock:
            size = _size(key, answer)
            self._room -= size
            if self._room < 0:
                self._answers.clear()
                self._room = ROOM - size
            self._answers[key] = answer


_memories: WeakKeyDictionary[Engine, Memory] = WeakKeyDictionary()
forgets(_memories.clear)


def remembered(
    ask: Callable[Concatenate[Session, Viewer, Shape], Answer],
) -> Callable[Concatenate[Session, Viewer, Shape], Answer]:
    """Keep what `ask(session, viewer, *arguments)` returns; nobody may change it, and `arguments` are hashable.

    `ask` sees of the viewer only what decides over reading: audiences, roles, language; not who it is.
    """

    @wraps(ask)
    def answer(session: Session, viewer: Viewer, /, *arguments: Shape.args, **named: Shape.kwargs) -> Answer:
        who = reader(viewer)
        if not session.info.get(ONLY_READS):
            return ask(session, who, *arguments, **named)
        memory = session.info.get(_MEMORY) or _remember(session)
        key = (ask, who, (arguments, *named.items()))
        found: Answer = memory.get(key, _NOTHING)
        if found is _NOTHING:
            with content_only(session):
                found = ask(session, who, *arguments, **named)
            memory.keep(key, found)
        return found

    return answer


def _remember(session: Session) -> Memory:
    """The memory of the content as this transaction sees it."""
    connection = session.connection()
    word, now, engine = read_stamp(connection), clock.now(), connection.engine
    memory = _memories.get(engine)
    if memory is None or not memory.holds(word, now):
        memory = _memories[engine] = Memory(word, *_moments(session, now))
    session.info[_MEMORY] = memory
    return memory


def _moments(session: Session, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The last moment of publication that has come, and the next that will."""
    last: list[datetime | None] = []
    coming: list[datetime | None] = []
    for model in (Article, ArticleTranslation):
        at: ColumnElement[datetime | None] = model.published_at  # type: ignore[assignment]
        last += session.scalars(model.visible_to(_SYSTEM, at).where(at <= now).order_by(at.desc()).limit(1))
        coming += session.scalars(model.visible_to(_SYSTEM, at).where(at > now).order_by(at).limit(1))
    return max(filter(None, last), default=None), min(filter(None, coming), default=None)


def _size(key: Any, answer: Any) -> int:
    """Bytes, about, however deep an answer is; what was asked for counts, too, for anybody may ask for anything."""
    return ENTRY + OBJECTS * len(pickle.dumps((key[2:], answer), pickle.HIGHEST_PROTOCOL))
