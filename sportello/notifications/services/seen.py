"""What signed-in people have opened: it counts as read, in the bell and for mails and digests that wait.

The marks live in the counters database, so that reading changes nothing else. Once an hour the worker makes them
`read_at` of the notifications that they are about; until then who asks merges both.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, select, tuple_, update
from sqlalchemy.orm import Session

from sportello.core import clock
from sportello.core.bulk import insert_into
from sportello.core.db import Database
from sportello.notifications.models import Notice, Notification, SeenMark

KEPT_FOR = timedelta(days=90)
BATCH = 500
_NOTIFICATION = cast(Table, Notification.__table__)
_READ = (
    update(_NOTIFICATION)
    .where(_NOTIFICATION.c.id == bindparam("which"), _NOTIFICATION.c.read_at.is_(None))
    .values(read_at=bindparam("at"))
)
Marks = Mapping[tuple[int, str], datetime]
"""When who, a person's id, opened what, a written ref."""


def note_seen(counters: Session, marks: Marks) -> None:
    """Note openings in the counters database: one statement, whatever their number. A later one replaces."""
    if not marks:
        return
    table = cast(Table, SeenMark.__table__)
    statement = insert_into(counters, table)
    statement = statement.on_conflict_do_update(
        index_elements=[table.c.person_id, table.c.subject],
        set_={"seen_at": statement.excluded.seen_at},
        where=table.c.seen_at < statement.excluded.seen_at,
    )
    rows = [{"person_id": who, "subject": what, "seen_at": at} for (who, what), at in sorted(marks.items())]
    counters.execute(statement, rows)


def settle_seen(database: Database, since: datetime | None = None, until: datetime | None = None) -> int:
    """Notifications about what was opened (in that time) after their notice are read; returns how many."""
    settled = 0
    for marks in _batches(database, since, until):
        with database.read() as session:
            waiting = session.execute(_unread_of({who for who, _what in marks})).all()
        read = [
            {"which": row.id, "at": at}
            for row in waiting
            if (at := marks.get((row.person_id, f"{row.kind}:{row.subject}"))) and at >= row.since
        ]
        if not read:
            continue
        with database.write() as session:
            session.execute(_READ, read)
        settled += len(read)
    return settled


def purge_seen(database: Database) -> int:
    """Remove marks older than 90 days, which say of what they are about that it was read; returns how many."""
    before = clock.now() - KEPT_FOR
    settle_seen(database, until=before)
    with database.counters() as counters:
        gone = counters.execute(delete(SeenMark).where(SeenMark.seen_at < before))
        return int(gone.rowcount)  # type: ignore[attr-defined]


def _unread_of(people: Collection[int]) -> Any:
    columns = (Notification.id, Notification.person_id, Notification.kind, Notification.subject)
    unread = select(*columns, Notice.created_at.label("since")).join(Notice, Notice.id == Notification.notice_id)
    return unread.where(Notification.read_at.is_(None), Notification.person_id.in_(sorted(people)))


def _batches(database: Database, since: datetime | None, until: datetime | None) -> Iterator[dict[Any, datetime]]:
    """The marks of that time, some at once, so that nobody waits long for a writer."""
    place = (SeenMark.person_id, SeenMark.subject)
    statement = select(*place, SeenMark.seen_at).order_by(*place).limit(BATCH)
    if since is not None:
        statement = statement.where(SeenMark.seen_at >= since)
    if until is not None:
        statement = statement.where(SeenMark.seen_at < until)
    after: tuple[int, str] | None = None
    while True:
        with database.read_counters() as counters:
            rows = counters.execute(statement if after is None else statement.where(tuple_(*place) > after)).all()
        if not rows:
            return
        after = (rows[-1].person_id, rows[-1].subject)
        yield {(who, what): at for who, what, at in rows}
