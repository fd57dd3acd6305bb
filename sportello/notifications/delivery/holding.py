"""What may hold a mail back though it was queued: its address, its reader's night, and the limit of a day."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from sportello.core.bulk import among
from sportello.core.errors import N_
from sportello.notifications.models import (
    Delivery,
    DeliveryChannel,
    DeliveryState,
    Preference,
    SuppressedAddress,
)
from sportello.notifications.quiet import next_allowed
from sportello.notifications.recipients import Recipient

DAILY = 100
DAY = timedelta(days=1)
SUPPRESSED = N_("Mail to this address came back for good.")
LIMIT = N_("More mails than a person gets in a day.")
IN_DOUBT = N_("The server got all of it and gave no answer: it may have arrived.")
TWICE = N_("The server got all of it twice and gave no answer: it may have arrived. Look there before trying again.")
ONCE_MORE = timedelta(minutes=10)  # after a server that got a mail and said nothing: it has time to recover
BY_MAIL = (DeliveryChannel.MAIL, DeliveryChannel.DIGEST)

# Built once: to build a statement takes longer than to run it, and each mail asks these.
_SUPPRESSED = select(SuppressedAddress.email).where(SuppressedAddress.email == bindparam("address"))
_HOURS = select(Preference).where(Preference.person_id == bindparam("person"))
_SENT = select(func.count(Delivery.sent_at.distinct())).where(
    Delivery.sent_at > bindparam("since"), Delivery.state == DeliveryState.SENT, Delivery.channel.in_(BY_MAIL)
)
_TO_PERSON = _SENT.where(Delivery.person_id == bindparam("person"))
_TO_ADDRESS = _SENT.where(Delivery.address_id == bindparam("address"))
_SETTLED = (
    update(Delivery)
    .where(among(Delivery.id, "ids"), Delivery.state == DeliveryState.QUEUED)
    .values(state=bindparam("ended"), error=bindparam("why"), sent_at=bindparam("at"))
    .execution_options(synchronize_session=False)
)


def suppressed(session: Session, email: str) -> bool:
    """Mail to this address came back for good, and nobody has lifted that."""
    return session.execute(_SUPPRESSED, {"address": email.strip().lower()}).first() is not None


def mails_since(session: Session, reader: Recipient, since: datetime) -> int:
    """How many mails somebody was sent since then. Deliveries that shared one mail share its instant."""
    if reader.person_id:
        return session.scalar(_TO_PERSON, {"person": reader.person_id, "since": since}) or 0
    return session.scalar(_TO_ADDRESS, {"address": reader.address_id, "since": since}) or 0


def refusal(session: Session, reader: Recipient, now: datetime, *, always: bool = False) -> str:
    """Why no mail goes to this reader now; "" when one may. `always`: the limit of a day does not hold it back."""
    if suppressed(session, reader.email):
        return SUPPRESSED
    if not always and mails_since(session, reader, now - DAY) >= DAILY:
        return LIMIT
    return ""


def allowed_at(session: Session, reader: Recipient, now: datetime) -> datetime:
    """The first instant from `now` on outside the reader's quiet hours."""
    hours = session.scalars(_HOURS, {"person": reader.person_id}).one_or_none() if reader.person_id else None
    return next_allowed(hours, reader.timezone, now)


def settle(
    session: Session, ids: Collection[int], state: DeliveryState, now: datetime, error: str | None = None
) -> None:
    """How deliveries that were queued ended. What ended otherwise meanwhile stays so."""
    at = now if state == DeliveryState.SENT else None
    session.execute(_SETTLED, {"ids": ids, "ended": state, "why": error, "at": at})


def in_doubt(session: Session, ids: Collection[int]) -> set[int]:
    """Those that a server has got once already without saying whether it took them."""
    noted = (Delivery.state == DeliveryState.QUEUED, Delivery.error.contains(IN_DOUBT, autoescape=True))
    return set(session.scalars(select(Delivery.id).where(Delivery.id.in_(ids), *noted)))


def suppress(session: Session, email: str, reason: str, now: datetime) -> None:
    """No mail goes to this address any more until somebody lifts it."""
    address = email.strip().lower()
    row = session.get(SuppressedAddress, address)
    if row is None:
        session.add(SuppressedAddress(email=address, reason=reason[:500], since=now, bounces=1))
    else:
        row.reason, row.bounces = reason[:500], row.bounces + 1
