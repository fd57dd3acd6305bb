"""What accounts tell: ids in the past tense. `request` tells one occasion from the next, and is no secret."""

from dataclasses import dataclass

from sportello.core.outbox import Event


@dataclass(frozen=True)
class PersonInvited(Event):
    """Somebody got an account and is to set a password."""

    person_id: int
    request: str


@dataclass(frozen=True)
class PasswordResetRequested(Event):
    """Somebody asked for a new password. `person_id` is 0 when nobody has the address: equal work for all."""

    person_id: int
    request: str


@dataclass(frozen=True)
class EmailChangeRequested(Event):
    """Somebody wants another address; both the old and the new one must confirm."""

    person_id: int
    request: str


@dataclass(frozen=True)
class CredentialsChanged(Event):
    """Password, address or second factor was changed: its owner is told. `what` is one of mails.CHANGES."""

    person_id: int
    what: str
    request: str
