"""Where records come from."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from kb.importer.record import Bad, Line, Place, Record


class Reader(ABC):
    """Yields the records of a source; can be read from its beginning more than once.

    `source`: the name under which they are remembered. `categories`, parents before children, and `products`: what is
    known of those that records name, by code.
    """

    source: str
    categories: Mapping[str, Place] = MappingProxyType({})
    products: Mapping[str, Line] = MappingProxyType({})

    @abstractmethod
    def __iter__(self) -> Iterator[Record | Bad]:
        """The records in the order of the source; what can't be read is said as a Bad."""

    def file(self, base: str, target: str) -> Path | None:
        """The file that `target`, a relative path in the record at `base`, names; None if there is none."""
        return None


def within(root: Path, path: Path) -> Path | None:
    """`path` if it is a file under `root`, links resolved."""
    try:
        real = path.resolve()
        return real if real.is_relative_to(root.resolve()) and real.is_file() else None
    except (OSError, ValueError):
        return None
