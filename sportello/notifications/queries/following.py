"""At which level people follow things: what they chose, and the default for what their organisation licenses."""

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import bindparam, select, tuple_
from sqlalchemy.orm import Session

from sportello.core.audience import Viewer
from sportello.core.bulk import among
from sportello.core.types import Ref
from sportello.notifications.levels import Level, decide
from sportello.notifications.models import Subscription
from sportello.notifications.registry import Subject

PRODUCT = "product"
_LEVELS = select(Subscription.person_id, Subscription.kind, Subscription.topic, Subscription.level).where(
    among(Subscription.person_id, "people"),
    tuple_(Subscription.kind, Subscription.topic).in_(bindparam("refs", expanding=True)),
)
LICENSED = Level.TRACKING
"""At which level somebody follows a product that their covered organisation licenses, unless they said otherwise."""


def defaults(viewer: Viewer) -> dict[Ref, Level]:
    """What somebody follows without having said so: their licensed products. Staff: nothing."""
    return {} if viewer.is_staff else {Ref(PRODUCT, code): LICENSED for code in viewer.products}


def levels_of(session: Session, people: Iterable[Viewer], refs: Collection[Ref]) -> dict[int, dict[Ref, Level]]:
    """For each person the levels at which they follow those of `refs` that they follow. One statement."""
    wanted = frozenset(refs)
    found: dict[int, dict[Ref, Level]] = {}
    for viewer in people:
        if viewer.person_id is not None:
            found[viewer.person_id] = {ref: level for ref, level in defaults(viewer).items() if ref in wanted}
    if not found or not wanted:
        return found
    asked = {"people": found, "refs": [(ref.kind, ref.key) for ref in sorted(wanted)]}
    for person_id, kind, topic, level in session.execute(_LEVELS, asked):
        found[person_id][Ref(kind, topic)] = Level(level)
    return found


def followed(session: Session, viewer: Viewer) -> dict[Ref, Level]:
    """Everything that this person follows or muted, the defaults among it. One statement."""
    rows = select(Subscription.kind, Subscription.topic, Subscription.level).where(
        Subscription.person_id == viewer.person_id
    )
    chosen = {Ref(kind, topic): Level(level) for kind, topic, level in session.execute(rows)}
    return {**defaults(viewer), **chosen}


def refs_of(subject: Subject, thread: Ref | None = None) -> frozenset[Ref]:
    """Everything by which a subject is followed: itself, the thread that it stands in, and what is around."""
    return frozenset({subject.ref, *([thread] if thread else ()), *subject.around})


def own_level(levels: Mapping[Ref, Level], subject: Subject, thread: Ref | None = None) -> Level | None:
    """The level for the item itself, or for its thread."""
    own = levels.get(subject.ref)
    return levels.get(thread) if own is None and thread else own


def heard_at(levels: Mapping[Ref, Level], subject: Subject, thread: Ref | None = None) -> Level | None:
    """The level at which somebody with these levels hears of `subject`; None: they do not follow it."""
    around = [levels[ref] for ref in subject.around if ref in levels and ref != thread]
    return decide(own_level(levels, subject, thread), around)
