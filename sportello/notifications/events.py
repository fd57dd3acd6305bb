"""What the outbox carries for the notification service."""

from dataclasses import dataclass

from sportello.core.outbox import Event


@dataclass(frozen=True)
class NoticePosted(Event):
    """Somebody must be told. `key`: of the notice, whose row says how far the telling has come."""

    key: str


@dataclass(frozen=True)
class MailDue(Event):
    """A mail about a notice is to be sent. `delivery`: the id of its row."""

    delivery: int


@dataclass(frozen=True)
class UrgentMailDue(Event):
    """The same for what is always told: it waits behind nothing else."""

    delivery: int


@dataclass(frozen=True)
class CriticalAsked(Event):
    """A critical notice, or a change of it, waits for a second person. `key`: of the notice; `asked`: its stamp then;
    `person`: one who may send it, and is told."""

    key: str
    asked: str
    person: int


@dataclass(frozen=True)
class DigestDue(Event):
    """Somebody's digest is to be written and sent, with what they may see then. `delivery`: the id of its row."""

    delivery: int


@dataclass(frozen=True)
class CallDue(Event):
    """An organisation's system is to be told. `delivery`: the id of its row."""

    delivery: int


@dataclass(frozen=True)
class WebhookSwitchedOff(Event):
    """A system failed for days and is not called any more. `webhook`: its id; `person`: a contact who is told."""

    webhook: int
    person: int


@dataclass(frozen=True)
class AddressRegistered(Event):
    """An address without an account must confirm that it wants critical notices. `address`: the id of its row."""

    address: int
