"""What somebody would hear of in a digest: the notices of some kinds, as far as they follow what these are about.

The same rules as at fan-out (`reaching`), asked for one person and many notices instead of many people and one.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

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


def news(session: Session, viewer: Viewer, codes: Collection[str], since: datetime, limit: int) -> list[Telling]:
    """Up to `limit` things of which the viewer would hear, newest first; of each the latest notice of these kinds."""
    kinds = [kind.code for code in codes if (kind := registry.events.get(code)) and kind.reach in WIDELY]
    notices = _notices(session, kinds, since)
    if not notices:
        return []
    wishes, levels = wishes_of(session, viewer.person_id), followed(session, viewer)
    found: dict[Ref, Telling] = {}
    while notices and len(found) < limit:
        for telling in _tellings(session, notices):
            wanted = wishes.wants(telling.event, Channel.DIGEST) and Channel.DIGEST in allowed(telling, levels)
            if wanted and may_hear(telling, viewer):
                found.setdefault(telling.subject.ref, telling)
        notices = _notices(session, kinds, since, before=notices[-1].id)
    return list(found.values())[:limit]


def _notices(session: Session, codes: Collection[str], since: datetime, before: int | None = None) -> Sequence[Notice]:
    statement = select(Notice).where(Notice.event.in_(sorted(codes)), Notice.created_at > since)
    if before is not None:
        statement = statement.where(Notice.id < before)
    return session.scalars(statement.order_by(Notice.id.desc()).limit(BATCH)).all()


def _tellings(session: Session, notices: Sequence[Notice]) -> list[Telling]:
    """With what they are about, where that can be read now by somebody."""
    keys: dict[str, set[str]] = {}
    for notice in notices:
        ref = Ref.parse(notice.subject)
        keys.setdefault(ref.kind, set()).add(ref.key)
    subjects: dict[Ref, Subject] = {}
    for kind, theirs in keys.items():
        if source := registry.sources.get(kind):
            subjects |= {subject.ref: subject for subject in source.subjects(session, theirs).values()}
    found = [(notice, subjects.get(Ref.parse(notice.subject))) for notice in notices]
    return [
        Telling(notice, registry.events[notice.event], subject)
        for notice, subject in found
        if subject is not None and subject.released
    ]
