"""People: inviting, editing, deactivating. Roles and deactivation are effective on the next request."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sportello.accounts import queries
from sportello.accounts.events import PersonInvited
from sportello.accounts.models import Organisation, Person, PersonRole
from sportello.accounts.services import audit, check, second_factor, sessions, tokens
from sportello.core import clock, keys, outbox
from sportello.core.audience import Role, Viewer
from sportello.core.errors import N_, Conflict, Forbidden, Invalid
from sportello.core.policy import Action, require


@dataclass(frozen=True)
class PersonData:
    """What is known of a person; `organisation` is the key of theirs, None for staff."""

    email: str
    name: str
    roles: Collection[str]
    organisation: str | None = None
    language: str = "en"
    timezone: str = "UTC"


def create_person(session: Session, actor: Viewer, data: PersonData, *, invite: bool = True) -> Person:
    """A new person, invited by mail to set a password. Raises Invalid, Forbidden, NotFound."""
    require(actor, Action.PEOPLE_MANAGE)
    person = Person(key=keys.new_key(), created_at=clock.now(), active=True, role_rows=[])
    _fill(session, person, data)
    return _add(session, actor, person, invite=invite)


def invite_colleague(session: Session, actor: Viewer, email: str, name: str, language: str = "en") -> Person:
    """A company contact invites a customer into their own organisation. Raises Invalid, Forbidden."""
    require(actor, Action.COLLEAGUES_MANAGE)
    if actor.organisation_id is None:
        raise Forbidden
    organisation = session.get_one(Organisation, actor.organisation_id)
    person = Person(key=keys.new_key(), created_at=clock.now(), active=True, role_rows=[])
    data = PersonData(email, name, (Role.CUSTOMER,), organisation.key, language, actor.timezone)
    _fill(session, person, data)
    return _add(session, actor, person, invite=True)


def edit_person(session: Session, actor: Viewer, key: str, data: PersonData) -> Person:
    """Change a person. An address changed here needs no confirmation: an administrator vouches for it."""
    require(actor, Action.PEOPLE_MANAGE)
    person = queries.get_person(session, key)
    before = snapshot(person)
    _fill(session, person, data)
    if Role.ADMINISTRATOR.value in before["roles"] and Role.ADMINISTRATOR not in person.roles:
        _keep_an_administrator(session, person)
    if before["email"] != person.email:
        person.pending_email = None
        tokens.revoke(session, person.id)
        sessions.revoke_all(session, person.id)
    audit.record(session, actor, "person.edited", person.email, before, snapshot(person))
    return person


def invite_again(session: Session, actor: Viewer, key: str) -> Person:
    """Send the invitation once more to somebody who has not set a password yet."""
    person = _manageable(session, actor, key)
    if person.password_hash:
        raise Conflict(N_("%(name)s has set a password already."), name=person.name)
    outbox.emit(session, PersonInvited(person.id, keys.new_key()))
    audit.record(session, actor, "person.invited", person.email)
    return person


def deactivate(session: Session, actor: Viewer, key: str) -> Person:
    """Nobody signs in with the account any more; its sessions end at once. Can be undone by `activate`."""
    person = _manageable(session, actor, key)
    if person.id == actor.person_id:
        raise Conflict(N_("You cannot deactivate yourself."))
    if Role.ADMINISTRATOR in person.roles:
        _keep_an_administrator(session, person)
    person.active = False
    sessions.revoke_all(session, person.id)
    tokens.revoke(session, person.id)
    audit.record(session, actor, "person.deactivated", person.email)
    return person


def activate(session: Session, actor: Viewer, key: str) -> Person:
    """Undo `deactivate`; the password is as it was."""
    person = _manageable(session, actor, key)
    person.active = True
    audit.record(session, actor, "person.activated", person.email)
    return person


def set_contact(session: Session, actor: Viewer, key: str, contact: bool) -> Person:
    """Make a colleague a company contact, or no longer one."""
    person = _manageable(session, actor, key)
    if person.organisation_id is None:
        raise Conflict(N_("Only people of an organisation are its contacts."))
    if person.id == actor.person_id and not contact:
        raise Conflict(N_("Ask another contact to take this from you: an organisation keeps one."))
    before = snapshot(person)
    roles = (person.roles | {Role.CONTACT}) if contact else (person.roles - {Role.CONTACT}) | {Role.CUSTOMER}
    _set_roles(person, roles)
    audit.record(session, actor, "person.edited", person.email, before, snapshot(person))
    return person


def remove_second_factor(session: Session, actor: Viewer, key: str) -> Person:
    """An administrator helps somebody who lost phone and recovery codes; their sessions end."""
    require(actor, Action.PEOPLE_MANAGE)
    person = queries.get_person(session, key)
    second_factor.turn_off(session, actor, person)
    sessions.revoke_all(session, person.id)
    return person


def snapshot(person: Person) -> dict[str, Any]:
    """What the audit log compares."""
    return {
        "email": person.email,
        "name": person.name,
        "roles": sorted(person.roles),
        "organisation": person.organisation.name if person.organisation else None,
        "language": person.language,
        "timezone": person.timezone,
    }


def _manageable(session: Session, actor: Viewer, key: str) -> Person:
    """A person whom the actor may manage: for a contact, a colleague; others do not exist for them."""
    person = queries.get_person(session, key, within=_realm(actor))
    require(actor, Action.COLLEAGUES_MANAGE, person)
    return person


def _realm(actor: Viewer) -> int | None:
    return None if actor.is_staff else (actor.organisation_id or 0)


def _add(session: Session, actor: Viewer, person: Person, *, invite: bool) -> Person:
    session.add(person)
    session.flush()
    audit.record(session, actor, "person.created", person.email, {}, snapshot(person))
    if invite:
        outbox.emit(session, PersonInvited(person.id, keys.new_key()))
    return person


def _fill(session: Session, person: Person, data: PersonData) -> None:
    with session.no_autoflush:
        organisation = queries.get_organisation(session, data.organisation) if data.organisation else None
        email = check.check_email(data.email)
        if session.scalar(select(Person.key).where(Person.email == email, Person.key != person.key)):
            raise Invalid(N_("“%(email)s” has an account already."), field="email", email=email)
        person.email, person.name = email, check.check_name(data.name)
        person.language = check.check_language(data.language)
        person.timezone = check.check_timezone(data.timezone)
        roles = check.check_roles(data.roles, organisation)
        person.organisation = organisation
        _set_roles(person, roles)


def _set_roles(person: Person, roles: Collection[Role]) -> None:
    for row in list(person.role_rows):
        if row.role not in roles:
            person.role_rows.remove(row)
    held = person.roles
    person.role_rows.extend(PersonRole(role=role.value) for role in sorted(roles) if role not in held)


def _keep_an_administrator(session: Session, leaving: Person) -> None:
    others = (
        select(func.count())
        .select_from(PersonRole)
        .join(Person, Person.id == PersonRole.person_id)
        .where(PersonRole.role == Role.ADMINISTRATOR, Person.active, Person.id != leaving.id)
    )
    if not session.scalar(others):
        raise Conflict(N_("This is the only active administrator; make another one first."))
