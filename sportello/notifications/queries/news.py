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
    wishes = wishes_of(session, viewer.person_id)
    kinds = [registry.events[code] for code in codes if code in registry.events]
    wanted = [kind.code for kind in kinds if kind.reach in WIDELY and wishes.wants(kind, Channel.DIGEST)]
    levels = followed(session, viewer)
    found: dict[Ref, Telling] = {}
    before: int | None = None
    while wanted and len(found) < limit:
        notices = _notices(session, wanted, since, before)
        if not notices:
            break
        before = notices[-1].id
        for telling in _tellings(session, notices):
            hears = may_hear(telling, viewer) and Channel.DIGEST in allowed(telling, levels)
            if hears and telling.subject.ref not in found:
                found[telling.subject.ref] = telling
    return list(found.values())[:limit]


def _notices(session: Session, codes: Collection[str], since: datetime, before: int | None) -> Sequence[Notice]:
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
