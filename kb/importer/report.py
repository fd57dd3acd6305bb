"""How an import went."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from kb.importer.record import Bad
from kb.importer.rewrite import Changes


@dataclass(frozen=True)
class Options:
    """What the operator says. `audience`, `products` and `language` are for records that do not say themselves.

    `ladder`: the plan codes of this site. `source`: the name under which records are remembered.
    """

    ladder: Collection[str]
    audience: str | None = None
    products: tuple[str, ...] = ()
    create_products: bool = False
    overwrite: bool = False
    dry_run: bool = False


@dataclass
class Report:
    """Counts and names of one run; `texts` holds what was changed in the texts of new and changed articles."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    kept: list[str] = field(default_factory=list)  # source ids of articles edited here
    bad: list[Bad] = field(default_factory=list)
    texts: Changes = field(default_factory=Changes)
    unknown_keys: Counter[str] = field(default_factory=Counter)
    missing_products: Counter[str] = field(default_factory=Counter)
    created_products: list[str] = field(default_factory=list)
    missing_versions: Counter[str] = field(default_factory=Counter)
    refused_files: Counter[str] = field(default_factory=Counter)
    drafts: int = 0  # articles of which no language is published

    @property
    def done(self) -> int:
        """Records that have been dealt with."""
        return self.new + self.changed + self.unchanged + len(self.kept) + len(self.bad)
