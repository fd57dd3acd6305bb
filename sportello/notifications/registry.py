"""What features bring along: kinds of events, what can be followed, and what a digest may hold.

Registered once by the composition root; asked by everything here. A feature that is not registered does not exist.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Select
from sqlalchemy.orm import Session

from sportello.core.audience import Viewer
from sportello.core.types import Ref
from sportello.notifications.levels import Channel

if TYPE_CHECKING:
    from sportello.notifications.models import Notice


class Reach(StrEnum):
    """Whom a notice is for. The audience rule is applied to each of them on top, when it is delivered too."""

    FOLLOWERS = "followers"  # who follows the item, or what it belongs to
    AUDIENCE = "audience"  # everybody who may read it and has not muted it (an author's push)
    LICENSEES = "licensees"  # the people, and the registered addresses, of organisations with one of its products
    SAME = "same"  # who was told by an earlier notice
    DIRECT = "direct"  # the people that the notice names


@dataclass(frozen=True)
class EventType:
    """A kind of thing that people are told of. `label` and `description` are marked with `N_`.

    `channels`: where it goes unless a person chose otherwise. `always`: nobody can switch it off, and neither quiet
    hours nor the daily limit of mails hold it back. `window`: mails about one thread wait so long for each other,
    and are not sent if it was read meanwhile. `concerns`: asked when a mail or a call goes out, after the audience
    rule: whether the notice is still true and still for this viewer. `feature`: a row of the plans matrix; licensees
    hear of it while their plan has that. `family`: the event with which an organisation's systems choose this one.
    """

    code: str
    label: str
    description: str
    reach: Reach
    channels: frozenset[Channel] = frozenset({Channel.PORTAL, Channel.MAIL, Channel.DIGEST})
    always: bool = False
    window: timedelta = timedelta(0)
    webhook: bool = False  # organisations may have it sent to their own systems
    position: int = 100
    concerns: "Callable[[Session, Notice, Viewer], bool] | None" = None
    feature: str = ""
    family: str = ""

    def wanted_by(self, events: Collection[str]) -> bool:
        """An organisation's system that chose `events` hears of it."""
        return self.webhook and not {self.code, self.family}.isdisjoint(events)


@dataclass(frozen=True)
class Topic:
    """Something that can be followed: `Ref("product", "ledger")`, `Ref("tag", "vat")`, `Ref("article", KEY)`."""

    ref: Ref
    names: Mapping[str, str]  # by language; "" for every language
    path: str = ""

    def name(self, language: str) -> str:
        return self.names.get(language) or self.names.get("") or next(iter(self.names.values()), self.ref.key)


@dataclass(frozen=True)
class Subject:
    """What a notice is about, as it is now: `audience` decides who may hear of it.

    `titles`, `summaries`, `paths` by language; `around`: what it belongs to, by which it is followed;
    `products`: codes of its product lines. `released`: readers can open it now.
    """

    ref: Ref
    audience: str
    released: bool
    titles: Mapping[str, str]
    paths: Mapping[str, str]
    summaries: Mapping[str, str] = field(default_factory=dict)
    around: Sequence[Ref] = ()
    products: frozenset[str] = frozenset()
    versions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    source_language: str = "en"

    def language(self, wanted: str) -> str:
        """The language in which somebody who reads `wanted` is told: theirs if there is one."""
        if wanted in self.titles:
            return wanted
        return self.source_language if self.source_language in self.titles else next(iter(self.titles))


class Source(Protocol):
    """A feature's things of one kind, as subjects of notices."""

    kind: str

    def subjects(self, session: Session, keys: Collection[str]) -> Mapping[str, Subject]:
        """Those that exist, by key, with their audience: a caller asks `admits` before anybody hears of one."""
        ...

    def visible_keys(self, viewer: Viewer) -> Select[Any]:
        """`SELECT key` of what `viewer` may read now: the audience rule in SQL."""
        ...


class Marker(Protocol):
    """How a feature shows on a thing of its own that a critical notice about it stands."""

    kind: str

    def mark(self, session: Session, key: str, words: Mapping[str, str]) -> None:
        """Show `words`, by language. Nothing happens for what is gone."""
        ...

    def unmark(self, session: Session, key: str, words: Mapping[str, str]) -> None:
        """Take them away, unless somebody wrote others since."""
        ...


class Followable(Protocol):
    """A kind of thing that can be followed (product, category, tag, article, later series, forum, topic)."""

    kind: str
    label: str  # marked with N_
    plural: str

    def topics(self, session: Session, viewer: Viewer, keys: Collection[str]) -> Mapping[str, Topic]:
        """Those among `keys` that exist for the viewer."""
        ...


@dataclass(frozen=True)
class DigestItem:
    """One line of a digest; `at` orders them, newest first. `language`: of its words, empty for the reader's."""

    ref: Ref
    title: str
    path: str
    at: datetime
    line: str = ""
    language: str = ""


class DigestSection(Protocol):
    """What a feature adds to a digest."""

    code: str
    heading: str  # marked with N_

    def items(self, session: Session, viewer: Viewer, since: datetime, limit: int) -> Iterable[DigestItem]:
        """What is new since then, for what the viewer follows, and that they may read now; newest first."""
        ...


class Registry:
    """One of each code and kind; registering again replaces, so that modules may be imported twice."""

    def __init__(self) -> None:
        self.events: dict[str, EventType] = {}
        self.sources: dict[str, Source] = {}
        self.followables: dict[str, Followable] = {}
        self.markers: dict[str, Marker] = {}
        self.sections: dict[str, DigestSection] = {}

    def add_event(self, event: EventType) -> EventType:
        self.events[event.code] = event
        return event

    def add_source(self, source: Source) -> None:
        self.sources[source.kind] = source

    def add_followable(self, followable: Followable) -> None:
        self.followables[followable.kind] = followable

    def add_marker(self, marker: Marker) -> None:
        self.markers[marker.kind] = marker

    def add_section(self, section: DigestSection) -> None:
        self.sections[section.code] = section

    def chosen_events(self) -> list[EventType]:
        """In the order of the matrix."""
        return sorted(self.events.values(), key=lambda event: (event.position, event.code))

    def offered_to_systems(self) -> list[EventType]:
        """What an organisation chooses for its systems; the rest of each family comes with it."""
        return [event for event in self.chosen_events() if event.webhook and not event.family]


registry = Registry()


def subject_of(session: Session, ref: Ref) -> Subject | None:
    """What `ref` points to, as it is now; None when it is gone, or nothing of its kind is registered."""
    source = registry.sources.get(ref.kind)
    return source.subjects(session, [ref.key]).get(ref.key) if source else None
