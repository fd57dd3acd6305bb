"""Addresses without an account that hear of critical notices: registered by a colleague, confirmed by themselves."""

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sportello.accounts.models import Organisation, Person
from sportello.accounts.services import audit
from sportello.accounts.services.check import check_email, check_language, check_name
from sportello.core import clock, keys, outbox
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Conflict, Invalid, NotFound
from sportello.core.policy import Action, allows
from sportello.notifications.events import AddressRegistered
from sportello.notifications.models import RegisteredAddress, SuppressedAddress
from sportello.notifications.services.organisations import organisation_of

MOST = 100  # of one organisation
LIFETIME = timedelta(days=14)  # of the link that confirms
BETWEEN = timedelta(hours=1)  # two mails to the same address
KEEP_UNCONFIRMED = timedelta(days=30)
_WEB = re.compile(r"://|\bwww\.|\.[a-z]{2,}/", re.IGNORECASE)


@dataclass(frozen=True)
class AddressData:
    """What is asked for. `products`: codes; all, or none: whatever the organisation licenses."""

    email: str
    name: str
    language: str = "en"
    products: Collection[str] = ()


class LinkUsed(NotFound):
    """The link that confirms is unknown, used or too old; nobody can tell which."""

    message = N_("This link has been used already, or is too old.")


def register(session: Session, actor: Viewer, organisation_key: str | None, data: AddressData) -> RegisteredAddress:
    """Ask an address whether it wants critical notices; nothing else is sent to it before it has said so.

    `organisation_key`: None for the actor's own. Raises Invalid, Conflict, NotFound, Forbidden.
    """
    organisation = organisation_of(session, actor, Action.COLLEAGUES_MANAGE, organisation_key)
    session.refresh(organisation, ["id"], with_for_update=True)  # two colleagues at once: one after the other
    count = select(func.count()).where(RegisteredAddress.organisation_id == organisation.id)
    if (session.scalar(count) or 0) >= MOST:
        raise Conflict(N_("An organisation registers at most %(count)s addresses: remove one first."), count=MOST)
    email = check_email(data.email)
    _check_new(session, organisation, email)
    row = RegisteredAddress(
        key=keys.new_key(), organisation_id=organisation.id, email=email, name=_name(data.name),
        language=check_language(data.language), products=_products(organisation, data.products),
        added_by_id=actor.person_id, created_at=clock.now(), asked_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    outbox.emit(session, AddressRegistered(row.id))
    _record(session, actor, organisation, row, "address.registered", {}, snapshot(row))
    return row


def ask_again(session: Session, actor: Viewer, key: str) -> RegisteredAddress:
    """Send the link once more to an address that has not confirmed. Raises Conflict when that makes no sense now."""
    row = own(session, actor, key)
    if row.confirmed_at is not None:
        raise Conflict(N_("%(email)s has confirmed already."), email=row.email)
    if row.asked_at is not None and clock.now() - row.asked_at < BETWEEN:
        raise Conflict(N_("%(email)s was asked a moment ago; give it an hour."), email=row.email)
    if session.get(SuppressedAddress, row.email) is not None:
        raise Conflict(
            N_("Mail to %(email)s comes back: none goes there until support allows it again."), email=row.email
        )
    row.asked_at, row.refused = clock.now(), None
    outbox.emit(session, AddressRegistered(row.id))
    return row


def remove(session: Session, actor: Viewer, key: str) -> RegisteredAddress:
    """No more mail goes there; to come back, it must be registered and confirm anew."""
    row = own(session, actor, key)
    organisation = session.get_one(Organisation, row.organisation_id)
    _record(session, actor, organisation, row, "address.removed")
    session.delete(row)
    return row


def make_token(session: Session, address_id: int) -> tuple[RegisteredAddress, str] | None:
    """The address and a new link's secret part in clear, for the only time; None when there is nothing to confirm."""
    row = session.get(RegisteredAddress, address_id, with_for_update=True)
    if row is None or row.confirmed_at is not None:
        return None
    raw = secrets.token_urlsafe(32)
    row.token_hash = _digest(raw)
    return row, raw


def note_refused(session: Session, address_id: int, answer: str) -> None:
    """Its mail server does not take the mail with the link, and said so for good."""
    row = session.get(RegisteredAddress, address_id, with_for_update=True)
    if row is not None and row.confirmed_at is None:
        row.refused = "".join(letter if letter.isprintable() else " " for letter in answer)[:500]


def find_asked(session: Session, raw: str) -> RegisteredAddress:
    """The address that a link is to confirm. Raises LinkUsed."""
    asked = select(RegisteredAddress).where(
        RegisteredAddress.token_hash == _digest(raw),
        RegisteredAddress.confirmed_at.is_(None),
        RegisteredAddress.asked_at > clock.now() - LIFETIME,
    )
    if (row := session.scalar(asked.with_for_update())) is None:
        raise LinkUsed
    return row


def confirm(session: Session, raw: str) -> RegisteredAddress:
    """It wants critical notices, from now on. Raises LinkUsed."""
    row = find_asked(session, raw)
    row.confirmed_at, row.token_hash = clock.now(), None
    organisation = session.get_one(Organisation, row.organisation_id)
    _record(session, _itself(row), organisation, row, "address.confirmed")
    return row


def leave(session: Session, key: str) -> bool:
    """It wants no more, whoever registered it; False when it is gone already."""
    row = session.scalar(select(RegisteredAddress).where(RegisteredAddress.key == key).with_for_update())
    if row is None:
        return False
    organisation = session.get_one(Organisation, row.organisation_id)
    _record(session, _itself(row), organisation, row, "address.left")
    session.delete(row)
    return True


def purge_unconfirmed(session: Session) -> None:
    """Addresses that never answered are forgotten after 30 days."""
    old = (RegisteredAddress.confirmed_at.is_(None), RegisteredAddress.asked_at < clock.now() - KEEP_UNCONFIRMED)
    session.execute(delete(RegisteredAddress).where(*old))


def own(session: Session, actor: Viewer, key: str) -> RegisteredAddress:
    """By key, held until the end of the transaction; others' do not exist. Raises NotFound."""
    row = session.scalar(select(RegisteredAddress).where(RegisteredAddress.key == key).with_for_update())
    if row is None or not allows(actor, Action.COLLEAGUES_MANAGE, row):
        raise NotFound
    return row


def snapshot(row: RegisteredAddress) -> dict[str, Any]:
    """What the audit log compares."""
    return {"name": row.name, "language": row.language, "products": list(row.products)}


def _name(text: str) -> str:
    """A name goes to an address of somebody's choice in a mail that this site sends: it leads nowhere."""
    name = check_name(text)
    if _WEB.search(name):
        raise Invalid(N_("A web address is no name."), field="name")
    return name


def _check_new(session: Session, organisation: Organisation, email: str) -> None:
    """An account is told by itself, with more than a mail. Of accounts elsewhere nothing is said."""
    here = (Person.email == email, Person.organisation_id == organisation.id, Person.active)
    if session.scalar(select(Person.id).where(*here)):
        message = N_("“%(email)s” belongs to a colleague with an account, who is told anyway.")
        raise Invalid(message, field="email", email=email)
    twin = (RegisteredAddress.organisation_id == organisation.id, RegisteredAddress.email == email)
    if session.scalar(select(RegisteredAddress.id).where(*twin)):
        raise Invalid(N_("“%(email)s” is registered already."), field="email", email=email)


def _products(organisation: Organisation, codes: Collection[str]) -> list[str]:
    chosen, held = set(codes), organisation.product_codes
    if unknown := sorted(chosen - held):
        raise Invalid(N_("There is no product “%(code)s”."), field="products", code=unknown[0])
    return [] if chosen == held else sorted(chosen)


def _itself(row: RegisteredAddress) -> Viewer:
    return Viewer(audiences=frozenset(), name=row.email[:200])


def _digest(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()


def _record(
    session: Session,
    actor: Viewer,
    organisation: Organisation,
    row: RegisteredAddress,
    action: str,
    *change: dict[str, Any],
) -> None:
    audit.record(session, actor, action, f"{organisation.name}: {row.email}", *change)
