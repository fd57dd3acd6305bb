"""What somebody would hear of in a digest: the notices of some kinds, as far as they follow what these are about.

The same rules as at fan-out (`reaching`), asked for one person and many notices instead of many people and one.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.types import Ref
from sportello.notifications.levels import Channel
from sportello.notifications.models import Notice
from sportello.notifications.queries.following import followed
from sportello.notifications.queries.preferences import wishes_of
from sportello.notifications.reaching import Telling, allowed, may_hear
from sportello.notifications.registry import Reach, Subject, registry

BATCH = 200
WIDELY = (Reach.FOLLOWERS, Reach.AUDIENCE)  # other notices name their people, who are told at once


Subjects = Callable[[str, Collection[str]], Mapping[str, Subject]]
"""What things of a kind are now, by key."""


def news(
    session: Session,
    viewer: Viewer,
    codes: Collection[str],
    since: datetime,
    limit: int,
    subjects: Subjects | None = None,
) -> list[Telling]:
    """Up to `limit` things of which the viewer would hear, newest first; of each the latest notice of these kinds.

    `subjects`: for a feature that knows them without asking each time; very many people are told of the same things.
    """
    kinds = [kind.code for code in codes if (kind := registry.events.get(code)) and kind.reach in WIDELY]
    notices = _notices(session, kinds, since)
    if not notices:
        return []
    wishes, levels = wishes_of(session, viewer.person_id), followed(session, viewer)
    found: dict[Ref, Telling] = {}
    while notices and len(found) < limit:
        for telling in _tellings(notices, subjects or partial(_subjects, session)):
            channels = allowed(telling, levels, viewer.is_staff)
            wanted = Channel.DIGEST in channels and wishes.wants(telling.event, Channel.DIGEST)
            if wanted and may_hear(telling, viewer):
                found.setdefault(telling.subject.ref, telling)
        notices = _notices(session, kinds, since, before=notices[-1].id)
    return list(found.values())[:limit]


def _notices(session: Session, codes: Collection[str], since: datetime, before: int | None = None) -> Sequence[Notice]:
    statement = select(Notice).where(Notice.event.in_(sorted(codes)))
    statement = statement.where(Notice.created_at > since, Notice.created_at <= clock.now())
    if before is not None:
        statement = statement.where(Notice.id < before)
    return session.scalars(statement.order_by(Notice.id.desc()).limit(BATCH)).all()


def _tellings(notices: Sequence[Notice], subjects: Subjects) -> list[Telling]:
    """With what they are about, where that can be read now by somebody."""
    keys: dict[str, set[str]] = {}
    for notice in notices:
        ref = Ref.parse(notice.subject)
        keys.setdefault(ref.kind, set()).add(ref.key)
    known = {subject.ref: subject for kind, theirs in keys.items() for subject in subjects(kind, theirs).values()}
    found = [(notice, known.get(Ref.parse(notice.subject))) for notice in notices]
    return [
        Telling(notice, registry.events[notice.event], subject)
        for notice, subject in found
        if subject is not None and subject.released
    ]


def _subjects(session: Session, kind: str, keys: Collection[str]) -> Mapping[str, Subject]:
    source = registry.sources.get(kind)
    return source.subjects(session, keys) if source else {}
