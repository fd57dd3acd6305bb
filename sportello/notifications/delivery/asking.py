"""Whether a mail that was queued may go now: everything that was asked when it was queued is asked anew."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from sportello.accounts.plans import Plans
from sportello.core.errors import N_
from sportello.core.types import Ref
from sportello.notifications.beyond import told_among
from sportello.notifications.levels import Channel
from sportello.notifications.models import (
    Delivery,
    DeliveryChannel,
    DeliveryState,
    Notice,
    Notification,
    RegisteredAddress,
)
from sportello.notifications.queries.seen import seen_since
from sportello.notifications.reaching import Telling, channels_of, telling_of
from sportello.notifications.recipients import Recipient, address_recipient, recipients
from sportello.notifications.registry import registry

NOBODY = N_("Nobody to write to: the account is closed, or the address is not confirmed.")
NOTHING = N_("What it was about is no longer there.")
NOT_FOR_THEM = N_("They may not read it any more, or do not want such mails.")
READ = N_("They have read it meanwhile.")
OVER = N_("It is no longer true, or no longer for them.")

_MARKED = select(Notification.read_at).where(
    Notification.notice_id == bindparam("notice"), Notification.person_id == bindparam("person")
)


def reader_of(session: Session, plans: Plans, delivery: Delivery, *, staff_totp: bool = False) -> Recipient | None:
    """To whom a delivery goes, as they are now; None for a closed account or an address that has not confirmed."""
    if delivery.person_id is not None:
        found = recipients(session, plans, [delivery.person_id], staff_totp=staff_totp)
        return found.get(delivery.person_id)
    address = session.get(RegisteredAddress, delivery.address_id)
    return address_recipient(session, plans, address) if address else None


def together(session: Session, delivery: Delivery, notice: Notice) -> list[tuple[Delivery, Notice]]:
    """The delivery, and what else with a window waits for the same person in its thread, oldest first."""
    if not _waits(notice) or not notice.thread or delivery.person_id is None:
        return [(delivery, notice)]
    waiting = (
        select(Delivery, Notice)
        .join(Notice, Notice.id == Delivery.notice_id)
        .where(
            Delivery.person_id == delivery.person_id,
            Delivery.channel == DeliveryChannel.MAIL,
            Delivery.state == DeliveryState.QUEUED,
            Notice.thread == notice.thread,
        )
        .order_by(Delivery.id)
    )
    return [(row, about) for row, about in session.execute(waiting) if _waits(about)]


def _waits(notice: Notice) -> bool:
    event = registry.events.get(notice.event)
    return event is not None and bool(event.window) and not event.always


def objection(
    session: Session, counters: Session, plans: Plans, reader: Recipient, notice: Notice
) -> tuple[Telling | None, str]:
    """What is to be told, or why not."""
    telling = telling_of(session, notice)
    if telling is None:
        return None, NOTHING
    if not _is_for(session, plans, reader, telling):
        return None, NOT_FOR_THEM
    concerns = telling.event.concerns
    if concerns is not None and not concerns(session, notice, reader.viewer):
        return None, OVER
    if not telling.event.always and _has_read(session, counters, reader, telling):
        return None, READ
    return telling, ""


def _is_for(session: Session, plans: Plans, reader: Recipient, telling: Telling) -> bool:
    """The audience rule, their level and their choices; for an address the rule and what its organisation licenses."""
    if reader.person_id is not None:
        found = channels_of(session, telling, {reader.person_id: reader})
        return Channel.MAIL in found.get(reader.person_id, frozenset())
    address = session.get_one(RegisteredAddress, reader.address_id)
    return any(True for _ in told_among(session, plans, telling, [address]))


def _has_read(session: Session, counters: Session, reader: Recipient, telling: Telling) -> bool:
    """They opened it, or its thread, since it was posted, or marked it as read in the portal."""
    if reader.person_id is None:
        return False
    notice = telling.notice
    refs: Sequence[Ref] = [telling.subject.ref, *([telling.thread] if telling.thread else ())]
    if seen_since(counters, reader.person_id, refs, notice.created_at):
        return True
    marked = session.scalar(_MARKED, {"notice": notice.id, "person": reader.person_id})
    return marked is not None
