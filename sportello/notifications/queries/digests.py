"""What a digest of somebody would hold, asked at the moment when it is wanted: when it is sent, or looked at.

Features say what is new (`registry.sections`); here the audience rule is applied once more, and what the person has
opened, read in the portal or had by mail since is left out.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sportello.core.audience import Viewer
from sportello.core.types import Ref, UTCDateTime
from sportello.notifications.models import (
    Delivery,
    DeliveryChannel,
    DeliveryState,
    DigestRhythm,
    Notice,
    Notification,
    Preference,
)
from sportello.notifications.queries.seen import seen_since
from sportello.notifications.quiet import next_allowed
from sportello.notifications.registry import DigestItem, DigestSection, registry
from sportello.notifications.schedule import next_digest, settled

MOST = 20  # items in a digest
CONSIDERED = 200  # the newest of a section, among which are those that the person knows already
FIRST = {DigestRhythm.DAILY: timedelta(days=1), DigestRhythm.WEEKLY: timedelta(days=7)}
LONGEST = timedelta(days=31)  # nobody is told of what is older than that


@dataclass(frozen=True)
class Part:
    """The items of one section; `heading` is to be translated."""

    heading: str
    items: Sequence[DigestItem]


@dataclass(frozen=True)
class Digest:
    """What one person is told, newest first in each part. `more`: there is more than fits."""

    parts: Sequence[Part] = ()
    more: bool = False

    @property
    def items(self) -> list[DigestItem]:
        return [item for part in self.parts for item in part.items]

    def __bool__(self) -> bool:
        return bool(self.parts)


@dataclass(frozen=True)
class Coming:
    """The next digest of somebody, as it would be if it were sent now. `due` is None for somebody who wants none."""

    rhythm: str
    due: datetime | None
    since: datetime
    digest: Digest


def coming(session: Session, counters: Session, viewer: Viewer, now: datetime) -> Coming:
    """When the viewer gets their next digest, and what it would hold."""
    preference = session.get(Preference, viewer.person_id)
    rhythm = preference.digest if preference else DigestRhythm.WEEKLY
    planned = preference.next_digest_at if preference else None
    due = next_digest(rhythm, viewer.timezone, now)
    if due is not None and planned is not None and planned > now:
        due = settled(rhythm, viewer.timezone, planned)
    since = since_when(preference, due or now)
    digest = digest_of(session, counters, viewer, since, now) if due else Digest()
    return Coming(rhythm, due and next_allowed(preference, viewer.timezone, due), since, digest)


def since_when(preference: Preference | None, now: datetime) -> datetime:
    """From when on something is new to somebody: their last digest, else one period ago; a month at most."""
    rhythm = preference.digest if preference else DigestRhythm.WEEKLY
    last = preference.last_digest_at if preference else None
    return max(last or now - FIRST.get(DigestRhythm(rhythm), FIRST[DigestRhythm.WEEKLY]), now - LONGEST)


def digest_of(session: Session, counters: Session, viewer: Viewer, since: datetime, until: datetime) -> Digest:
    """What is new between these moments for the viewer, who is somebody; empty when there is nothing.

    What several sections bring stands in the first of them, and counts as new since the latest that is said of it.
    """
    found: dict[Ref, tuple[DigestSection, DigestItem]] = {}
    for section in registry.sections.values():
        for item in section.items(session, viewer, since, CONSIDERED):
            first, told = found.setdefault(item.ref, (section, item))
            found[item.ref] = (first, replace(told, at=max(told.at, item.at)))
    readable = _readable(session, viewer, found)
    moments = {ref: item.at for ref, (_, item) in found.items() if ref in readable and item.at <= until}
    known = _known(session, counters, viewer, moments)
    left = [found[ref] for ref in moments if ref not in known]
    left.sort(key=lambda pair: (pair[1].at, pair[1].ref), reverse=True)
    shown = left[:MOST]
    parts = [
        Part(section.heading, items)
        for section in registry.sections.values()
        if (items := [item for theirs, item in shown if theirs is section])
    ]
    return Digest(parts, more=len(left) > MOST)


def _readable(session: Session, viewer: Viewer, refs: Collection[Ref]) -> set[Ref]:
    """Those that the viewer may read now: a section that forgets to ask gives nothing away."""
    found: set[Ref] = set()
    for kind in sorted({ref.kind for ref in refs}):
        if (source := registry.sources.get(kind)) is None:
            continue
        keys = source.visible_keys(viewer)
        theirs = keys.where(keys.selected_columns[0].in_([ref.key for ref in refs if ref.kind == kind]))
        found.update(Ref(kind, key) for key in session.scalars(theirs))
    return found


def _known(session: Session, counters: Session, viewer: Viewer, moments: Mapping[Ref, datetime]) -> set[Ref]:
    """What the viewer opened, read in the portal or was mailed since its moment, or will be in a mail that waits."""
    if not moments:
        return set()
    names = [str(ref) for ref in moments]
    seen = seen_since(counters, viewer.person_id or 0, moments, min(moments.values()))
    told = [*session.execute(_read(viewer, names)), *session.execute(_mailed(viewer, names))]
    last = [*seen.items(), *((Ref.parse(subject), at) for subject, at in told)]
    return {ref for ref, at in last if at >= moments[ref]}


def _read(viewer: Viewer, names: Collection[str]) -> Any:
    """Subjects that they marked as read in the portal, and when last."""
    return (
        select(Notice.subject, func.max(Notification.read_at, type_=UTCDateTime()))
        .join(Notification, Notification.notice_id == Notice.id)
        .where(Notification.person_id == viewer.person_id, Notification.read_at.is_not(None), Notice.subject.in_(names))
        .group_by(Notice.subject)
    )


def _mailed(viewer: Viewer, names: Collection[str]) -> Any:
    """Subjects of which they have a mail, or are to have one, and when the last of them was announced."""
    sent = (DeliveryState.SENT, DeliveryState.QUEUED)
    return (
        select(Notice.subject, func.max(Notice.created_at, type_=UTCDateTime()))
        .join(Delivery, Delivery.notice_id == Notice.id)
        .where(
            Delivery.person_id == viewer.person_id,
            Delivery.channel == DeliveryChannel.MAIL,
            Delivery.state.in_(sent),
            Notice.subject.in_(names),
        )
        .group_by(Notice.subject)
    )
