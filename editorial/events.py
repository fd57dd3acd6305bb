"""What the writing side tells. Each is handled at its time, by looking at how things stand then."""

from dataclasses import dataclass

from sportello.core.outbox import Event


@dataclass(frozen=True)
class PublicationPlanned(Event):
    """A change is to be published at a time. `key`: of the change; `audience`: that of its article when it was
    planned."""

    key: str
    audience: str = ""


@dataclass(frozen=True)
class UnpublicationPlanned(Event):
    """An article is to be taken from its readers at a time. `key`: of the article."""

    key: str


@dataclass(frozen=True)
class BulkRunWanted(Event):
    """The next batch of a change of many articles is to be done. `key`: of the run."""

    key: str
