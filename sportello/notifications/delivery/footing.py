"""The foot of a mail: why its reader gets it, and how to get no more of that."""

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.core.errors import N_
from sportello.core.letters import Letter, Line, translator
from sportello.core.settings import Settings
from sportello.core.types import Ref
from sportello.notifications import leaving, unsubscribe
from sportello.notifications.delivery.letters import address
from sportello.notifications.levels import NEEDED, Channel
from sportello.notifications.models import RegisteredAddress
from sportello.notifications.queries.following import levels_of, own_level, refs_of
from sportello.notifications.reaching import Telling
from sportello.notifications.recipients import Recipient
from sportello.notifications.registry import Reach, Topic, registry

NAMED = 3  # topics in the sentence that says why
REASONS = {
    Reach.AUDIENCE: N_("You get this mail because its author sent it to everybody who may read this."),
    Reach.LICENSEES: N_("You get this mail because your organisation licenses what it is about."),
    Reach.SAME: N_("You get this mail because you were told of this before."),
    Reach.DIRECT: N_("You get this mail because it is addressed to you."),
}


@dataclass(frozen=True)
class Foot:
    """`leave`: the link that ends these mails with one click; "" when they cannot be ended."""

    why: str
    ways: tuple[Line, ...] = ()
    leave: str = ""

    def under(self, letter: Letter) -> Letter:
        """The letter with its foot; what its writer said there already stays."""
        return replace(letter, why=letter.why or self.why, ways=(*letter.ways, *self.ways))


def foot(settings: Settings, session: Session, reader: Recipient, telling: Telling) -> Foot:
    """Why this reader is told of this, as it stands now."""
    if reader.address_id is not None:
        return _foot_of_address(settings, session, reader)
    _ = translator(reader.language)
    all_choices = Line(_(N_("All settings")), address(settings, "/settings/notifications"))
    reached = telling.event.reach
    topics = _causes(session, reader, telling) if reached == Reach.FOLLOWERS else []
    why = _(REASONS.get(reached, N_("You get this mail because you follow what it is about.")))
    if topics:
        names = ", ".join(topic.name(reader.language) for topic in topics[:NAMED])
        why = _(N_("You get this mail because you watch %(names)s."), names=names)
    if telling.event.always:
        fixed = _(N_("Mails of this kind cannot be switched off."))
        return Foot(f"{why} {fixed}", (all_choices,))
    key = str(reader.viewer.extra.get("key", ""))
    leave = unsubscribe.link(settings, key, unsubscribe.event(telling.event.code))
    ways = [Line(_(N_("No more mails of this kind")), leave)]
    ways += [
        Line(
            _(N_("No more about %(name)s"), name=topic.name(reader.language)),
            unsubscribe.link(settings, key, unsubscribe.topic(topic.ref)),
        )
        for topic in topics[:NAMED]
    ]
    return Foot(why, (*ways, all_choices), leave)


def _causes(session: Session, reader: Recipient, telling: Telling) -> list[Topic]:
    """What the reader watches so that they get a mail of this: the item itself, or what it belongs to."""
    refs = refs_of(telling.subject, telling.thread)
    levels = levels_of(session, [reader.viewer], refs).get(reader.person_id or 0, {})
    if own_level(levels, telling.subject, telling.thread) is not None:
        refs = frozenset({telling.subject.ref, *([telling.thread] if telling.thread else ())})
    watched = [ref for ref in sorted(refs) if levels.get(ref, -1) >= NEEDED[Channel.MAIL]]
    return [topic for ref in watched if (topic := _topic(session, reader, ref))]


def _topic(session: Session, reader: Recipient, ref: Ref) -> Topic | None:
    kind = registry.followables.get(ref.kind)
    return kind.topics(session, reader.viewer, [ref.key]).get(ref.key) if kind else None


def _foot_of_address(settings: Settings, session: Session, reader: Recipient) -> Foot:
    """Somebody without an account: their organisation registered the address, and they may leave."""
    _ = translator(reader.language)
    key = session.scalars(select(RegisteredAddress.key).where(RegisteredAddress.id == reader.address_id)).one()
    leave = leaving.link(settings, key)
    why = _(
        N_("You get this mail because %(email)s is registered for critical notices to %(organisation)s."),
        email=reader.email,
        organisation=reader.viewer.organisation,
    )
    return Foot(why, (Line(_(N_("Remove this address now")), leave),), leave)
