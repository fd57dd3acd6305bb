"""A feature that only these tests know: posts in topics of a forum, with everything that a feature registers."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, literal, select, union_all
from sqlalchemy.orm import Session

from sportello.core.audience import Viewer, admits
from sportello.core.types import Ref
from sportello.notifications.levels import Level
from sportello.notifications.models import Subscription
from sportello.notifications.queries.news import news
from sportello.notifications.reaching import Telling
from sportello.notifications.registry import DigestItem, EventType, Reach, Registry, Subject, Topic, registry

TOPIC, FORUM = Ref("topic", "rounding"), Ref("forum", "ledger-talk")
NEW_POST = EventType(
    "post-written", "New posts", "Somebody writes in what you follow.", Reach.FOLLOWERS, window=timedelta(minutes=10)
)
MENTION = EventType("post-mention", "Mentions", "Somebody names you.", Reach.DIRECT)
SHOUT = EventType("post-shout", "Shouts", "Somebody shouts.", Reach.AUDIENCE)
ALARM = EventType("post-alarm", "Alarms", "Something burns.", Reach.LICENSEES, always=True, webhook=True)
ALL_CLEAR = EventType(
    "post-all-clear", "All clear", "It does not burn.", Reach.SAME, always=True, webhook=True, family=ALARM.code
)
MEETING = EventType("meeting-begins", "Meetings", "What you follow is about to begin.", Reach.FOLLOWERS)
EVENTS = (NEW_POST, MENTION, SHOUT, ALARM, ALL_CLEAR, MEETING)


@dataclass
class Posts:
    """Posts by key, in memory: what they are now is what is told."""

    kind: str = "post"
    kept: dict[str, Subject] = field(default_factory=dict)

    def write(
        self, title: str, audience: str = "public", *, products: Collection[str] = (), it: str = "", **more: Any
    ) -> Ref:
        """A post in the topic `TOPIC` of the forum `FORUM`, about some products."""
        ref = Ref(self.kind, f"post{len(self.kept) + 1}")
        titles = {"en": title, "it": it} if it else {"en": title}
        around = (TOPIC, FORUM, *(Ref("product", code) for code in products))
        self.kept[ref.key] = Subject(
            ref=ref, audience=audience, released=True, titles=titles,
            paths=dict.fromkeys(titles, f"/posts/{ref.key}"),
            around=around, products=frozenset(products), **more,
        )  # fmt: skip
        return ref

    def change(self, ref: Ref, **what: Any) -> None:
        """Make a post something else: `audience="staff"`, `released=False`."""
        self.kept[ref.key] = replace(self.kept[ref.key], **what)

    def remove(self, ref: Ref) -> None:
        del self.kept[ref.key]

    def subjects(self, session: Session, keys: Collection[str]) -> Mapping[str, Subject]:
        return {key: self.kept[key] for key in keys if key in self.kept}

    def visible_keys(self, viewer: Viewer) -> Select[Any]:
        keys = [key for key, post in self.kept.items() if post.released and admits(viewer, post.audience)]
        every = union_all(*(select(literal(key).label("key")) for key in ("", *keys))).subquery()
        return select(every.c.key)


@dataclass
class Places:
    """Topics or forums: whatever is asked for exists, for everybody but those who ask for "hidden"."""

    kind: str
    label: str
    plural: str

    def topics(self, session: Session, viewer: Viewer, keys: Collection[str]) -> Mapping[str, Topic]:
        return {key: Topic(Ref(self.kind, key), {"": key.title()}, f"/{key}") for key in keys if key != "hidden"}


class PostNews:
    """A section of the digest: new posts in what somebody follows."""

    code, heading = "posts", "New posts"

    def items(self, session: Session, viewer: Viewer, since: datetime, limit: int) -> list[DigestItem]:
        return [self._item(viewer, told) for told in news(session, viewer, [NEW_POST.code], since, limit)]

    def _item(self, viewer: Viewer, told: Telling) -> DigestItem:
        language = told.subject.language(viewer.language)
        title, path = told.subject.titles[language], told.subject.paths[language]
        return DigestItem(told.subject.ref, title, path, told.notice.created_at, language=language)


@contextmanager
def a_feature(into: Registry = registry) -> Iterator[Posts]:
    """Register the feature for the time of a test."""
    posts, places = Posts(), (Places("topic", "Topic", "Topics"), Places("forum", "Forum", "Forums"))
    for event in EVENTS:
        into.add_event(event)
    into.add_source(posts)
    for place in places:
        into.add_followable(place)
    into.add_section(PostNews())
    try:
        yield posts
    finally:
        for event in EVENTS:
            into.events.pop(event.code, None)
        into.sources.pop(posts.kind, None)
        for place in places:
            into.followables.pop(place.kind, None)
        into.sections.pop(PostNews.code, None)


def follow(session: Session, person_id: int, ref: Ref, level: Level) -> None:
    """Somebody follows something, without asking whether they may."""
    from sportello.core import clock

    row = Subscription(person_id=person_id, kind=ref.kind, topic=ref.key, level=level, changed_at=clock.now())
    session.merge(row)
    session.flush()
