"""How each channel stands, and what became of single deliveries: for the staff page, the shell and the health check."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from sportello.accounts.models import Organisation, Person
from sportello.core import clock
from sportello.core.audience import Viewer, admits
from sportello.core.errors import NotFound
from sportello.core.outbox import OutboxRow
from sportello.core.types import Ref
from sportello.notifications.events import CallDue, DigestDue, MailDue, NoticePosted, UrgentMailDue
from sportello.notifications.models import (
    Delivery,
    DeliveryChannel,
    DeliveryState,
    Notice,
    RegisteredAddress,
    SuppressedAddress,
    Webhook,
)
from sportello.notifications.registry import registry

PAGE = 20
PORTAL = "portal"
DUE = {DeliveryChannel.MAIL: MailDue, DeliveryChannel.DIGEST: DigestDue, DeliveryChannel.WEBHOOK: CallDue}
"""The event that has a delivery of each channel sent."""
SENDING = sorted(event.name for event in (*DUE.values(), UrgentMailDue))
"""Names of every event that has a delivery sent."""
TRAVELS = timedelta(days=8)  # nothing is sent later after it was asked for: bounds the counting of what was sent
LATE = {PORTAL: 60.0, DeliveryChannel.MAIL: 600.0, DeliveryChannel.DIGEST: 3600.0}
"""Seconds after which what waits means that the channel is behind. Calls have none: a customer's system may be away."""
FEW, SHARE = 5, 20  # dead letters of a day that say nothing yet; beyond them, one in so many is too much


@dataclass(frozen=True)
class ChannelState:
    """A channel now. `oldest`: since when something that is due waits; the figures since `since` are of a day."""

    channel: str
    queued: int
    oldest: datetime | None
    sent: int
    dropped: int
    failed: int
    failed_lately: int = 0

    @property
    def lag_seconds(self) -> float:
        return max(0.0, (clock.now() - self.oldest).total_seconds()) if self.oldest else 0.0

    @property
    def is_late(self) -> bool:
        return self.channel in LATE and self.lag_seconds > LATE[self.channel]

    @property
    def is_failing(self) -> bool:
        """Too many dead letters of the last day, on a channel that depends on this site alone."""
        lately = self.failed_lately
        return self.channel in LATE and lately >= FEW and lately * SHARE > lately + self.sent

    @property
    def is_well(self) -> bool:
        return not self.is_late and not self.is_failing


def channel_states(session: Session, since: datetime | None = None) -> list[ChannelState]:
    """Every channel, the portal first; `since`: from when what was sent is counted (default: a day ago)."""
    begin = since or clock.now() - timedelta(days=1)
    return [_portal(session, begin), *(_channel(session, channel, begin) for channel in DeliveryChannel)]


def _portal(session: Session, since: datetime) -> ChannelState:
    """Notices that are still being told; sent: how many people were told in the portal or otherwise."""
    waiting = session.scalar(select(func.count()).select_from(Notice).where(Notice.finished_at.is_(None)))
    at = OutboxRow.available_at  # not the notice's own time: some are to be told later
    due = select(func.min(at, type_=at.type)).where(OutboxRow.name == NoticePosted.name, at <= clock.now())
    oldest = session.scalar(due.where(OutboxRow.finished_at.is_(None), OutboxRow.parked_at.is_(None)))
    told = session.scalar(select(func.coalesce(func.sum(Notice.told), 0)).where(Notice.created_at >= since))
    return ChannelState(PORTAL, waiting or 0, oldest, int(told or 0), 0, 0)


def _channel(session: Session, channel: DeliveryChannel, since: datetime) -> ChannelState:
    now = clock.now()

    def number(state: DeliveryState, *more: Any) -> Any:
        counted = select(func.count()).select_from(Delivery)
        return counted.where(Delivery.state == state, Delivery.channel == channel, *more).scalar_subquery()

    oldest = select(func.min(Delivery.due_at, type_=Delivery.due_at.type)).where(
        Delivery.state == DeliveryState.QUEUED, Delivery.channel == channel, Delivery.due_at <= now
    )
    row = session.execute(
        select(
            number(DeliveryState.QUEUED),
            oldest.scalar_subquery(),
            number(DeliveryState.SENT, Delivery.created_at >= since - TRAVELS, Delivery.sent_at >= since),
            number(DeliveryState.DROPPED, Delivery.created_at >= since),
            number(DeliveryState.FAILED),
            number(DeliveryState.FAILED, Delivery.created_at >= now - timedelta(days=1)),
        )
    ).one()
    return ChannelState(channel, *row)


@dataclass(frozen=True)
class Sending:
    """A delivery as staff see it. `title`: of what it is about, empty when that is gone or not for this viewer."""

    key: str
    channel: str
    state: str
    event: str  # code of the notice's event; empty for a digest
    occasion: str
    title: str
    path: str
    to: str
    name: str
    organisation: str
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    attempts: int
    error: str


@dataclass(frozen=True)
class Sendings:
    """A page of deliveries, newest first; `next`: the cursor of the following one."""

    rows: Sequence[Sending] = ()
    next: str | None = None


@dataclass(frozen=True)
class Wanted:
    """Which deliveries are asked for: `q` is part of an address or a name, `before` a cursor."""

    state: DeliveryState = DeliveryState.FAILED
    channel: DeliveryChannel | None = None
    q: str = ""
    before: str | None = field(default=None)


def sendings(session: Session, viewer: Viewer, wanted: Wanted) -> Sendings:
    """The deliveries, each channel read by its index. Raises NotFound for a cursor that never was."""
    statement = _wanted(session, wanted)
    channels = [wanted.channel] if wanted.channel else list(DeliveryChannel)
    found: list[Row[Any]] = []
    for channel in channels:
        found += session.execute(statement.where(Delivery.channel == channel)).all()
    found.sort(key=lambda row: (row.created_at, row.id), reverse=True)
    more = found[PAGE - 1].key if len(found) > PAGE else None
    titles = _titles(session, viewer, {row.subject for row in found[:PAGE] if row.subject})
    return Sendings([_sending(row, titles) for row in found[:PAGE]], more)


def _wanted(session: Session, wanted: Wanted) -> Select[Any]:
    home = aliased(Organisation)
    host = func.coalesce(Person.organisation_id, RegisteredAddress.organisation_id, Webhook.organisation_id)
    columns: tuple[Any, ...] = (
        Delivery.id, Delivery.key, Delivery.channel, Delivery.state, Delivery.occasion, Delivery.created_at,
        Delivery.due_at, Delivery.sent_at, Delivery.attempts, Delivery.error, Notice.event, Notice.subject,
        func.coalesce(Person.email, RegisteredAddress.email, Webhook.url).label("to"),
        func.coalesce(Person.name, RegisteredAddress.name, Webhook.name).label("name"),
        home.name.label("organisation"),
    )  # fmt: skip
    statement = (
        select(*columns)
        .select_from(Delivery)
        .outerjoin(Notice, Notice.id == Delivery.notice_id)
        .outerjoin(Person, Person.id == Delivery.person_id)
        .outerjoin(RegisteredAddress, RegisteredAddress.id == Delivery.address_id)
        .outerjoin(Webhook, Webhook.id == Delivery.webhook_id)
        .outerjoin(home, home.id == host)
        .where(Delivery.state == wanted.state)
        .order_by(Delivery.created_at.desc(), Delivery.id.desc())
        .limit(PAGE + 1)
    )
    if part := wanted.q.strip():
        columns = (Person.email, Person.name, RegisteredAddress.email, RegisteredAddress.name, Webhook.url, home.name)
        statement = statement.where(or_(*(column.icontains(part, autoescape=True) for column in columns)))
    if wanted.before:
        edge = session.execute(select(Delivery.created_at, Delivery.id).where(Delivery.key == wanted.before)).first()
        if edge is None:
            raise NotFound
        statement = statement.where(tuple_(Delivery.created_at, Delivery.id) < (edge.created_at, edge.id))
    return statement


def _sending(row: Row[Any], titles: Mapping[str, tuple[str, str]]) -> Sending:
    title, path = titles.get(row.subject or "", ("", ""))
    return Sending(
        row.key, row.channel, row.state, row.event or "", row.occasion, title, path, row.to or "", row.name or "",
        row.organisation or "", row.created_at, row.due_at, row.sent_at, row.attempts, row.error or "",
    )  # fmt: skip


def _titles(session: Session, viewer: Viewer, written: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Title and path of what notices are about, of what `viewer` may read: a statement or so a kind."""
    wanted: dict[str, list[str]] = {}
    for ref in (Ref.parse(one) for one in sorted(written)):
        wanted.setdefault(ref.kind, []).append(ref.key)
    found = {}
    for kind, keys in wanted.items():
        source = registry.sources.get(kind)
        for subject in source.subjects(session, keys).values() if source else ():
            if admits(viewer, subject.audience):
                language = subject.language(viewer.language)
                found[str(subject.ref)] = (subject.titles[language], subject.paths.get(language, ""))
    return found


def given_up_events(session: Session) -> Sequence[OutboxRow]:
    """Parked events that are no deliveries: mails of accounts, a fan-out that broke; at most 50, newest first."""
    statement = select(OutboxRow).where(OutboxRow.parked_at.is_not(None), OutboxRow.finished_at.is_(None))
    return session.scalars(
        statement.where(OutboxRow.name.not_in(SENDING)).order_by(OutboxRow.id.desc()).limit(50)
    ).all()


def suppressed(session: Session, q: str = "", after: str = "") -> Sequence[SuppressedAddress]:
    """Addresses that get no mail, by address; `after`: the last one shown. One more than a page, if there is more."""
    statement = select(SuppressedAddress).order_by(SuppressedAddress.email).limit(PAGE + 1)
    if q.strip():
        statement = statement.where(SuppressedAddress.email.icontains(q.strip(), autoescape=True))
    if after:
        statement = statement.where(SuppressedAddress.email > after)
    return session.scalars(statement).all()


def suppressed_count(session: Session) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(SuppressedAddress)) or 0
