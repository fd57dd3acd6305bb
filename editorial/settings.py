"""What all languages of an article share, as a revision carries it until it is published."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from kb.models import Confidence, Kind
from sportello.core.audience import STAFF

LISTS = ("products", "versions", "tags", "codes")
CHANGED = "changed"  # in a stored snapshot: the names of what the change alters, so that nothing else is applied
SUMMARY = "summary"  # in a stored snapshot: words of the language that no column of a revision holds


@dataclass(frozen=True)
class Settings:
    """Products, category by code; versions as "PRODUCT NAME" ("ledger 15.1"; a bare name means every chosen product);
    `owner` by e-mail address; `verify_days` how long a verification lasts; `critical`: consequence and action."""

    audience: str = STAFF
    kind: str = Kind.SOLUTION
    products: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    category: str = ""
    tags: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    critical: str = ""
    confidence: str = Confidence.NOT_VALIDATED
    owner: str = ""
    verify_days: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they are stored and typed."""
        return {name: list(value) if name in LISTS else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Settings":
        """The reverse; what is missing has its default, what is unknown is left out."""
        known: dict[str, Any] = {name: stored[name] for name in NAMES if name in stored}
        return cls(**known | {name: tuple(known[name]) for name in LISTS if name in known})

    def differing(self, other: "Settings") -> tuple[str, ...]:
        """Names of what the two do not agree on; the order of a list is no matter."""
        return tuple(name for name in NAMES if _value(self, name) != _value(other, name))

    def with_values(self, names: Iterable[str], other: "Settings") -> "Settings":
        """These settings, with those called `names` taken from `other`."""
        return replace(self, **{name: getattr(other, name) for name in names if name in NAMES})


def _value(settings: Settings, name: str) -> Any:
    value = getattr(settings, name)
    return sorted(value) if name in LISTS else value


NAMES = tuple(field.name for field in fields(Settings))


def stored(settings: Settings, changed: Iterable[str], summary: str) -> dict[str, Any]:
    """What a revision keeps of a form besides its text."""
    return {**settings.as_dict(), SUMMARY: summary, CHANGED: sorted(set(changed))}


def changed_in(snapshot: Mapping[str, Any] | None) -> frozenset[str]:
    """Names of what publishing the revision alters."""
    return frozenset((snapshot or {}).get(CHANGED, ()))
