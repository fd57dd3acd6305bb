"""What a person follows: the level of one thing, and the list of all that they may read."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.accounts.models import Product
from sportello.core.audience import Viewer
from sportello.core.types import Ref
from sportello.notifications.levels import Level
from sportello.notifications.models import Subscription
from sportello.notifications.queries.following import PRODUCT, defaults
from sportello.notifications.registry import Followable, Topic, registry


@dataclass(frozen=True)
class Standing:
    """How somebody follows something: `own` if they chose a level, `default` if they would have one anyway."""

    ref: Ref
    own: Level | None = None
    default: Level | None = None

    @property
    def level(self) -> Level | None:
        """The one that counts; None: not followed."""
        return self.default if self.own is None else self.own


@dataclass(frozen=True)
class Row:
    """A line of the list of subscriptions."""

    topic: Topic
    standing: Standing


@dataclass(frozen=True)
class Group:
    """What somebody follows of one kind, by name. `addable`: what they may read of it and do not follow yet."""

    followable: Followable
    rows: Sequence[Row]
    addable: Sequence[Topic] = ()


def own_levels(session: Session, person_id: int | None) -> dict[Ref, Level]:
    """Every choice of a person, also of things that they may not read now."""
    rows = session.execute(
        select(Subscription.kind, Subscription.topic, Subscription.level).where(Subscription.person_id == person_id)
    )
    return {Ref(row.kind, row.topic): Level(row.level) for row in rows}


def standing(session: Session, viewer: Viewer, ref: Ref) -> Standing:
    """How the viewer follows `ref`; one statement."""
    level = session.scalar(
        select(Subscription.level).where(
            Subscription.person_id == viewer.person_id, Subscription.kind == ref.kind, Subscription.topic == ref.key
        )
    )
    return Standing(ref, None if level is None else Level(level), defaults(viewer).get(ref))


def subscriptions(session: Session, viewer: Viewer) -> list[Group]:
    """All that the viewer follows and may read now, grouped by kind in the order of registration."""
    own = own_levels(session, viewer.person_id)
    keys: dict[str, set[str]] = defaultdict(set)
    for ref in own:
        keys[ref.kind].add(ref.key)
    keys[PRODUCT].update(session.scalars(select(Product.code)))
    return [_group(session, viewer, followable, keys[kind], own) for kind, followable in registry.followables.items()]


def _group(
    session: Session, viewer: Viewer, followable: Followable, keys: Iterable[str], own: dict[Ref, Level]
) -> Group:
    found = followable.topics(session, viewer, list(keys)) if keys else {}
    topics = sorted(found.values(), key=lambda topic: (topic.name(viewer.language).casefold(), topic.ref.key))
    default = defaults(viewer)
    rows = [Row(topic, Standing(topic.ref, own.get(topic.ref), default.get(topic.ref))) for topic in topics]
    followed = [row for row in rows if row.standing.level is not None]
    return Group(followable, followed, [row.topic for row in rows if row.standing.level is None])
