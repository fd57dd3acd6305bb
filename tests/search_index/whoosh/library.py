"""Random libraries: documents, changes, viewers, queries and filters from a seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from search_index.documents import DocumentText, Filters, SearchDocument
from search_index.engine import Change
from sportello.core.audience import EVERY_AUDIENCE, readable_keys
from tests.search_index.contract.cast import LADDER, NOW, ref

AUDIENCES = ("public", "xtreme", "premium", "elite", "premium@ledger", "elite@harbor", "staff", "org:acme", "org:mill")
VIEWERS = {
    "anonymous": readable_keys(LADDER, plan=None),
    "Anna": readable_keys(LADDER, plan="xtreme", organisation="acme"),
    "Piero": readable_keys(LADDER, plan="premium", products=["ledger"], organisation="mill"),
    "Elena": readable_keys(LADDER, plan="elite", products=["ledger", "harbor"]),
    "Sara": EVERY_AUDIENCE,
}
# Words that are their own stem in both languages: the engines stem phrases and prefixes differently.
SAME = ("cobalt", "zephyr", "obsidian", "marzipan", "pallet", "backup", "walnut", "falcon", "pixel", "gasket")
ENGLISH = (*SAME, "invoice", "invoices", "printing", "printer", "closing", "closed", "totals", "rounded", "upgrades")
ITALIAN = (*SAME, "fattura", "fatture", "stampante", "stampare", "chiusura", "esercizi", "totali", "servizio")
KINDS = ("solution", "how-to", "known-problem")
VERSIONS = ("ledger 15.0", "ledger 15.1", "harbor 4.2")
TAGS = ("VAT", "invoicing", "Pallet")


@dataclass
class Library:
    """Everything comes from `chance`, so a seed names a run."""

    chance: random.Random
    keys: Sequence[str] = tuple(f"d{number:02}" for number in range(40))

    def _text(self, words: Sequence[str]) -> DocumentText:
        def some(longest: int) -> str:
            return " ".join(self.chance.choices(words, k=self.chance.randrange(longest)))

        return DocumentText(some(6), some(30), some(4), some(3))

    def document(self, key: str) -> SearchDocument:
        languages = self.chance.choice((("en",), ("it",), ("en", "it")))
        words = {"en": ENGLISH, "it": ITALIAN}
        some = self.chance
        return SearchDocument(
            ref=ref(key),
            audience=some.choice(AUDIENCES),
            kind=some.choice(KINDS),
            texts={language: self._text(words[language]) for language in languages},
            products=tuple(some.sample(("ledger", "harbor"), some.randrange(3))),
            versions=tuple(some.sample(VERSIONS, some.randrange(3))),
            tags=tuple(some.sample(TAGS, some.randrange(3))),
            updated=some.choice((None, NOW - timedelta(days=some.randrange(700)))),
            helpful=some.random(),
            votes=some.randrange(9),
        )

    def documents(self) -> list[SearchDocument]:
        return [self.document(key) for key in self.keys if self.chance.random() < 0.8]

    def changes(self) -> list[Change]:
        keys = self.chance.sample(self.keys, self.chance.randrange(1, 12))
        return [Change(ref(key), self.document(key) if self.chance.random() < 0.7 else None) for key in keys]

    def query(self) -> str:
        return " ".join(self._node() for _ in range(self.chance.randrange(4)))

    def _node(self) -> str:
        def word() -> str:
            return self.chance.choice(self.chance.choice((ENGLISH, ITALIAN)))

        def same() -> str:
            return self.chance.choice(SAME)

        shapes = (
            word, word, word, lambda: f'"{same()} {same()}"', lambda: f"{same()[:4]}*", lambda: f"-{word()}",
            lambda: f"{word()} OR {word()}", lambda: f"({word()} OR {same()}) {word()}", lambda: f"title:{word()}",
            lambda: f'-"{same()} {same()}"',
        )  # fmt: skip
        return self.chance.choice(shapes)()

    def filters(self) -> Filters:
        some = self.chance

        def maybe(values: Sequence[str]) -> frozenset[str]:
            return frozenset(some.sample(values, some.randrange(1, len(values)) if some.random() < 0.25 else 0))

        return Filters(
            kinds=maybe(KINDS),
            products=maybe(("ledger", "harbor")),
            versions=maybe((*VERSIONS, "15.1")),
            languages=maybe(("en", "it")),
            tags=maybe(tuple(tag.lower() for tag in TAGS)),
            updated_from=NOW - timedelta(days=some.randrange(700)) if some.random() < 0.15 else None,
            updated_to=NOW - timedelta(days=some.randrange(700)) if some.random() < 0.15 else None,
        )
