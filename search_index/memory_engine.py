"""A search engine in plain Python: simple, correct, small. For tests and as the reference of the contract."""

import difflib
import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from threading import Lock

from search_index import facets as facet_rules
from search_index.documents import Filters, Hit, Results, SearchDocument
from search_index.engine import Change, Manifest, Sort
from search_index.memory_match import Match, rarities, strength
from search_index.memory_order import Entry, best_match, entry_of, newest_key, order_key, parts_of
from search_index.memory_text import IndexedText, fold, parts, query_forms
from search_index.query.tree import Alike, Node, Query
from sportello.core import clock
from sportello.core.audience import EVERYTHING
from sportello.core.types import Ref

MIN_CORRECTED = 4  # shorter words are not corrected
CLOSENESS = 0.75


@dataclass(frozen=True)
class State:
    """Everything that is indexed: replaced as a whole, never changed, so readers need no lock."""

    partitions: dict[str, dict[Ref, Entry]] = field(default_factory=dict)
    manifest: Manifest | None = None


class MemoryEngine:
    """The port over dictionaries; see `search_index.engine.SearchEngine`."""

    def __init__(self) -> None:
        self._state = State()
        self._lock = Lock()
        self._generations = 0

    def search(
        self,
        query: Query,
        *,
        audiences: frozenset[str],
        language: str,
        filters: Filters,
        masked: Collection[Ref],
        sort: Sort = Sort.RELEVANCE,
        offset: int = 0,
        limit: int = 10,
        facets: Collection[str] = (),
        facet_budget_ms: int = 200,
    ) -> Results:
        entries = self._open(audiences, masked)
        weights = rarities(query, [text for entry in entries for text in entry.texts])

        def find(chosen: Filters) -> list[tuple[Entry, Match]]:
            found = []
            for entry in entries:
                if facet_rules.admits(chosen, entry.document):
                    best = best_match(entry, query, weights, language, chosen.languages)
                    if best is not None:
                        found.append((entry, best))
            return found

        hits = sorted(find(filters), key=lambda pair: order_key(pair[0], pair[1], sort))
        now = clock.now()
        counted = {
            name: facet_rules.count(name, (e.document for e, _ in find(facet_rules.without(filters, name))), now)
            for name in facets
        }
        page = hits[offset : offset + limit]
        return Results(
            hits=tuple(Hit(entry.document.ref, best.score, best.language) for entry, best in page),
            total=len(hits),
            facets=counted,
        )

    def correct(self, query: Query, *, audiences: frozenset[str], language: str, masked: Collection[Ref]) -> str | None:
        texts = [text for entry in self._open(audiences, masked) for text in entry.texts]
        known = Counter(word for text in texts for word in text.vocabulary())
        stems = {form for text in texts for places in text.fields.values() for forms in places for form in forms}
        corrected = query.raw
        unanswered = [node for node in query.nodes if not _is_answered(node, texts)]
        for typed in dict.fromkeys(parts_of(unanswered)):
            folded = fold(typed)
            unknown = all(query_forms(typed, text_language).isdisjoint(stems) for text_language in ("en", "it"))
            if unknown and len(folded) >= MIN_CORRECTED and not any(char.isdigit() for char in folded):
                near = difflib.get_close_matches(folded, sorted(known), n=3, cutoff=CLOSENESS)
                if near:
                    pattern = rf"(?i)(?<!\w){re.escape(typed)}(?!\w)"
                    corrected = re.sub(pattern, near[0], corrected)
        return corrected if corrected != query.raw else None

    def suggest(
        self,
        prefix: str,
        *,
        audiences: frozenset[str],
        language: str,
        masked: Collection[Ref],
        limit: int = 8,
    ) -> list[Ref]:
        wanted = [frozenset({fold(part)}) for part in parts(prefix)]
        found = []
        for entry in self._open(audiences, masked) if wanted else ():
            languages = [
                text.language
                for text in entry.texts
                if all(text.count([word], "title", prefix=True) for word in wanted)
            ]
            if languages:
                found.append((language not in languages, -entry.document.helpful, *newest_key(entry.document)))
        return [key[-1] for key in sorted(found)[:limit]]

    def apply(self, changes: Iterable[Change]) -> Manifest:
        with self._lock:
            partitions = {name: dict(entries) for name, entries in self._state.partitions.items()}
            for change in changes:
                for entries in partitions.values():
                    entries.pop(change.ref, None)
                if change.document is not None:
                    partitions.setdefault(change.document.audience, {})[change.ref] = entry_of(change.document)
            return self._publish(partitions)

    def rebuild(self, documents: Iterable[SearchDocument]) -> Manifest:
        partitions: dict[str, dict[Ref, Entry]] = {}
        for document in documents:
            partitions.setdefault(document.audience, {})[document.ref] = entry_of(document)
        with self._lock:
            self._generations += 1
            return self._publish(partitions, rebuilt=True)

    def manifest(self) -> Manifest | None:
        return self._state.manifest

    def refs(self, partition: str) -> set[Ref]:
        partitions = self._state.partitions
        chosen = partitions.values() if partition == EVERYTHING else [partitions.get(partition, {})]
        return {ref for entries in chosen for ref in entries}

    def check(self) -> None:
        """Always well."""

    def _publish(self, partitions: dict[str, dict[Ref, Entry]], *, rebuilt: bool = False) -> Manifest:
        before = self._state.manifest
        number = before.number + 1 if before and not rebuilt else 1
        sizes = {name: len(entries) for name, entries in partitions.items() if entries}
        manifest = Manifest(f"memory-{self._generations}", number, sizes)
        self._state = State(partitions, manifest)
        return manifest

    def _open(self, audiences: frozenset[str], masked: Collection[Ref]) -> list[Entry]:
        """The documents of the viewer's partitions: everything else of this class works on these only."""
        partitions = self._state.partitions
        names = partitions if EVERYTHING in audiences else audiences & partitions.keys()
        hidden = set(masked)
        return [entry for name in names for ref, entry in partitions[name].items() if ref not in hidden]


def _is_answered(node: Node, texts: Iterable[IndexedText]) -> bool:
    """Words for the same thing occur: then the word is not misspelt."""
    return isinstance(node, Alike) and any(strength(node, text) for text in texts)
