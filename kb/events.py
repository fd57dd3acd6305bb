"""What the knowledge base tells: words, address, audience or votes of articles changed, or they are gone."""

from dataclasses import dataclass

from sportello.core.outbox import Event


@dataclass(frozen=True)
class ArticleChanged(Event):
    """One article changed, or is gone. `key`: its public key, which outlives its row."""

    key: str


@dataclass(frozen=True)
class ArticlePublished(Event):
    """Readers of a language got an article, or other words of it. An import tells nothing of this.

    `first`: they never had it before. `significance`: of the revision. `actor_id`: who published it, if somebody did.
    """

    key: str
    language: str
    revision_id: int
    first: bool
    significance: str
    actor_id: int | None = None


@dataclass(frozen=True)
class ArticlesFellDue(Event):
    """Articles of an owner are due to be verified. `person_id`: the owner; `day`: theirs, ISO."""

    person_id: int
    day: str


@dataclass(frozen=True)
class ArticlesChanged(Event):
    """A batch of articles changed at once (an import): one row in the outbox instead of hundreds."""

    keys: list[str]


@dataclass(frozen=True)
class FileStored(Event):
    """The bytes of a file are new here: the words in them are to be read. `blob`: the id of their row."""

    blob: int


@dataclass(frozen=True)
class FilesDropped(Event):
    """Files went with an article that was deleted for good; bytes that only they had may go too."""
