"""What somebody was told in the portal: the count at the bell, the list, and what the personal feed holds.

A notification exists only while its person may read what it is about: the rule stands in every statement here, and
what is shown is loaded through the registered sources once more. Read is what was marked so, and what its person has
opened since (`services.seen`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, false, or_, select, tuple_
from sqlalchemy.orm import Session

from sportello.core.audience import Viewer, admits
from sportello.core.errors import N_, Invalid
from sportello.core.types import Ref
from sportello.notifications.models import Notice, Notification
from sportello.notifications.queries.seen import seen_since
from sportello.notifications.registry import Subject, registry

PAGE = 20
MOST = 100
"""The bell counts up to here."""
BATCH = 150
KEPT = 128  # statements, of viewers who read different things
Asked = tuple[tuple[str, Select[Any]], ...]
_MOMENT = "%Y%m%dT%H%M%S.%fZ"
_PLACE = (Notification.created_at, Notification.key)
_NEWEST = tuple(column.desc() for column in _PLACE)
OTHER = N_("News")
_NOBODY = -1


@dataclass(frozen=True)
class Entry:
    """One notification as it is shown. `label` and `description` of its kind are marked with `N_`.

    `language`: of the title. `says`: a sentence of the person who posted it, in `says_language`.
    """

    key: str
    event: str
    label: str
    ref: Ref
    title: str
    path: str
    language: str
    summary: str
    at: datetime
    read: bool
    says: str = ""
    says_language: str = ""


@dataclass(frozen=True)
class Page:
    """Some entries, newest first. `before`: where older ones go on, None at the end. `newest`: see `mark_all_read`."""

    entries: Sequence[Entry]
    before: str | None = None

    @property
    def newest(self) -> str | None:
        """Up to where somebody who looks at this page has seen what there is."""
        return cursor(self.entries[0].at, self.entries[0].key) if self.entries else None


def unread_count(session: Session, counters: Session, viewer: Viewer, opens: Ref | None = None) -> int:
    """How many notifications the viewer has not read, at most `MOST`; 0 for nobody. `opens`: is being read just now.

    One statement, and one of the counters if anything waits; more only for whom more than `BATCH` waits.
    """
    if viewer.person_id is None:
        return 0
    asked, who = readable_keys(viewer), {"person": viewer.person_id}
    rows = session.execute(_waiting(asked, BATCH), who).all()
    if len(rows) < BATCH:
        return min(_count(counters, viewer, rows, opens), MOST)
    found, after = 0, None
    while found < MOST:
        statement = _waiting(asked, BATCH).order_by(*_NEWEST)
        rows = session.execute(statement if after is None else statement.where(_before(after)), who).all()
        found += _count(counters, viewer, rows, opens)
        if len(rows) < BATCH:
            break
        after = (rows[-1].created_at, rows[-1].key)
    return min(found, MOST)


def inbox(
    session: Session,
    counters: Session,
    viewer: Viewer,
    *,
    before: str | None = None,
    unread: bool = False,
    limit: int = PAGE,
) -> Page:
    """What the viewer was told and may read now, newest first. Raises Invalid for a `before` that is no cursor.

    `unread`: only what they have not read.
    """
    if viewer.person_id is None:
        return Page(())
    mine = (Notification.person_id == viewer.person_id, readable(readable_keys(viewer)))
    statement = select(Notification, Notice).join(Notice, Notice.id == Notification.notice_id).where(*mine)
    statement = statement.order_by(*_NEWEST)
    if unread:
        statement = statement.where(Notification.read_at.is_(None))
    start = parse_cursor(before) if before else None
    size = max(BATCH, limit + 1) if unread else limit + 1  # many of the unread may have been opened since
    entries: list[Entry] = []
    while True:
        asked = statement if start is None else statement.where(_before(start))
        rows = session.execute(asked.limit(size)).all()
        found = _entries(session, counters, viewer, [(row[0], row[1]) for row in rows])
        entries += [entry for entry in found if not (unread and entry.read)]
        if len(rows) < size or len(entries) > limit:
            break
        start = (rows[-1][0].created_at, rows[-1][0].key)
    last = entries[limit - 1] if len(entries) > limit else None
    return Page(entries[:limit], cursor(last.at, last.key) if last else None)


def cursor(at: datetime, key: str) -> str:
    """A place in the list, made of what its row shows."""
    return f"{at.astimezone(UTC).strftime(_MOMENT)}~{key}"


def parse_cursor(text: str) -> tuple[datetime, str]:
    """The reverse of `cursor`; raises Invalid."""
    moment, _, key = text.partition("~")
    try:
        at = datetime.strptime(moment, _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        key = ""
    if not key or len(key) > 40:
        raise Invalid(N_("This list cannot go on from there. Start again from its first page."), field="before")
    return at, key


def readable_keys(viewer: Viewer) -> Asked:
    """What each registered source asks about for the viewer. One that keeps its statements makes ours kept, too."""
    return tuple((kind, source.visible_keys(viewer)) for kind, source in sorted(registry.sources.items()))


def readable(asked: Asked) -> ColumnElement[bool]:
    """What a notification is about may be read now: the sources' own rule, asked of each row."""
    kinds = []
    for kind, keys in asked:
        here = keys.where(keys.selected_columns[0] == Notification.subject).correlate(Notification).exists()
        kinds.append(and_(Notification.kind == kind, here))
    return or_(false(), *kinds)


@lru_cache(maxsize=KEPT)
def _waiting(asked: Asked, limit: int) -> Select[Any]:
    """Some of what `person` has not read. To build it takes longer than to run it."""
    mine = (Notification.person_id == bindparam("person"), Notification.read_at.is_(None), readable(asked))
    columns: tuple[Any, ...] = (Notification.kind, Notification.subject, *_PLACE, Notice.created_at.label("since"))
    return select(*columns).join(Notice, Notice.id == Notification.notice_id).where(*mine).limit(limit)


def _count(counters: Session, viewer: Viewer, rows: Sequence[Any], opens: Ref | None) -> int:
    seen = _seen(counters, viewer, rows)
    refs = [(Ref(row.kind, row.subject), row.since) for row in rows]
    return sum(ref != opens and not _opened(ref, since, seen) for ref, since in refs)


def _before(place: tuple[datetime, str]) -> ColumnElement[bool]:
    return tuple_(*_PLACE) < place


def _seen(counters: Session, viewer: Viewer, rows: Collection[Any]) -> Mapping[Ref, datetime]:
    refs = {Ref(row.kind, row.subject) for row in rows}
    return seen_since(counters, viewer.person_id or _NOBODY, refs) if refs else {}


def _opened(ref: Ref, since: datetime, seen: Mapping[Ref, datetime]) -> bool:
    """After its notice, though perhaps before they were told of that."""
    at = seen.get(ref)
    return at is not None and at >= since


def _entries(
    session: Session, counters: Session, viewer: Viewer, rows: Sequence[tuple[Notification, Notice]]
) -> list[Entry]:
    subjects: dict[Ref, Subject] = {}
    for kind in {row.kind for row, _notice in rows}:
        keys = {row.subject for row, _notice in rows if row.kind == kind}
        found = registry.sources[kind].subjects(session, keys).values()
        subjects |= {subject.ref: subject for subject in found if subject.released and admits(viewer, subject.audience)}
    seen = _seen(counters, viewer, [row for row, _notice in rows if row.read_at is None])
    return [
        _entry(viewer, row, notice, subject, row.read_at is not None or _opened(subject.ref, notice.created_at, seen))
        for row, notice in rows
        if (subject := subjects.get(Ref(row.kind, row.subject)))
    ]


def _entry(viewer: Viewer, row: Notification, notice: Notice, subject: Subject, read: bool) -> Entry:
    event = registry.events.get(notice.event)
    language = subject.language(viewer.language)
    spoken = next((code for code in (viewer.language, language) if notice.says.get(code)), next(iter(notice.says), ""))
    return Entry(
        key=row.key,
        event=notice.event,
        label=event.label if event else OTHER,
        ref=subject.ref,
        title=subject.titles[language],
        path=subject.paths[language],
        language=language,
        summary=subject.summaries.get(language, ""),
        at=row.created_at,
        read=read,
        says=str(notice.says.get(spoken, "")),
        says_language=spoken,
    )
