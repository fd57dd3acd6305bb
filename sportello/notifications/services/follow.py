"""Follow something more or less closely, or no longer."""

from collections.abc import Collection, Mapping

from sqlalchemy import delete
from sqlalchemy.orm import Session

from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.bulk import insert_into
from sportello.core.errors import N_, Forbidden, Invalid, NotFound
from sportello.core.types import Ref
from sportello.notifications.levels import Level
from sportello.notifications.models import Subscription
from sportello.notifications.queries.subscriptions import own_levels
from sportello.notifications.registry import Topic, registry

MOST = 500
"""Choices that a person may have."""


def topic_of(session: Session, viewer: Viewer, ref: Ref) -> Topic:
    """What `ref` points to, for this viewer. Raises NotFound for what they may not read, as for what is not there."""
    followable = registry.followables.get(ref.kind)
    topic = followable.topics(session, viewer, [ref.key]).get(ref.key) if followable else None
    if topic is None:
        raise NotFound
    return topic


def set_level(session: Session, viewer: Viewer, ref: Ref, level: Level | None) -> Topic:
    """Choose how closely the viewer follows `ref`; None: as if they had never chosen.

    Raises NotFound for what they may not read, Forbidden for somebody signed out, Invalid for too many choices.
    """
    if viewer.person_id is None:
        raise Forbidden
    topic = topic_of(session, viewer, ref)
    if level is not None:
        _make_room(session, viewer.person_id, [ref])
    keep_level(session, viewer.person_id, ref, level)
    return topic


def set_levels(session: Session, viewer: Viewer, levels: Mapping[Ref, Level | None]) -> int:
    """Several at once; what the viewer may not read is left as it is. Returns how many are others than before.

    Raises Forbidden for somebody signed out, Invalid for too many choices.
    """
    if viewer.person_id is None:
        raise Forbidden
    own = own_levels(session, viewer.person_id)
    changed = {ref: level for ref, level in levels.items() if own.get(ref) != level}
    readable: set[Ref] = set()
    for kind, followable in registry.followables.items():
        if keys := [ref.key for ref in changed if ref.kind == kind]:
            readable |= {topic.ref for topic in followable.topics(session, viewer, keys).values()}
    _make_room(session, viewer.person_id, [ref for ref in readable if changed[ref] is not None])
    for ref in sorted(readable):
        keep_level(session, viewer.person_id, ref, changed[ref])
    return len(readable)


def _make_room(session: Session, person_id: int, refs: Collection[Ref]) -> None:
    """Raise Invalid if choices for `refs` would make too many."""
    if refs and len({*own_levels(session, person_id), *refs}) > MOST:
        raise Invalid(N_("You follow %(count)s things already. Take some out of your list first."), count=MOST)


def keep_level(session: Session, person_id: int, ref: Ref, level: Level | None) -> None:
    """Write a choice, or take it back, without asking who may read what."""
    here = (Subscription.person_id == person_id, Subscription.kind == ref.kind, Subscription.topic == ref.key)
    if level is None:
        session.execute(delete(Subscription).where(*here))
        return
    values = {"person_id": person_id, "kind": ref.kind, "topic": ref.key}
    written = {"level": int(level), "changed_at": clock.now()}
    statement = insert_into(session, Subscription).values(**values, **written)
    keys = [Subscription.person_id, Subscription.kind, Subscription.topic]
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=written))
