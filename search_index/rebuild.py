"""The index made equal to the database: change by change, or as a whole. Only the worker (or whoever leads)
writes."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from search_index import mask
from search_index.documents import SearchDocument
from search_index.engine import Change, IndexDamaged, Manifest, SearchEngine
from search_index.sources import Source, sources
from sportello.core import outbox
from sportello.core.audience import EVERYTHING
from sportello.core.db import Database
from sportello.core.outbox import Event, OutboxRow
from sportello.core.types import Ref

BATCH = 500  # documents loaded and written at once
Progress = Callable[[int], None]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class IndexRebuildRequested(Event):
    """Somebody found the index damaged or missing, or asked for a new one. `reason`: "damaged" or "asked"."""

    reason: str = "damaged"


def request_rebuild(session: Session, reason: str = "damaged") -> bool:
    """Ask the worker for a rebuild in this transaction, unless one is asked for already; True if it was
    written."""
    waiting = select(OutboxRow.id).where(
        OutboxRow.name == IndexRebuildRequested.name,
        OutboxRow.finished_at.is_(None),
        OutboxRow.parked_at.is_(None),
    )
    if session.scalars(waiting.limit(1)).first() is not None:
        return False
    outbox.emit(session, IndexRebuildRequested(reason))
    return True


def is_whole(engine: SearchEngine) -> bool:
    """There is an index, and a fresh reader can read all of it."""
    try:
        if engine.manifest() is None:
            return False
        engine.check()
    except IndexDamaged:
        return False
    return True


def update(
    engine: SearchEngine, database: Database, refs: Sequence[Ref], feature_sources: Sequence[Source] | None = None
) -> None:
    """Make the index equal to the database for `refs`, then lift their masks. Raises IndexDamaged, Unavailable.

    The database is read from inside the engine's lock: a worker that was frozen and replaced meanwhile writes what
    the database says when it wakes up, never what it said before.
    """
    by_kind = {source.kind: source for source in (sources() if feature_sources is None else feature_sources)}
    for start in range(0, len(refs), BATCH):
        batch = refs[start : start + BATCH]
        seen: dict[Ref, str] = {}

        def changes(batch: Sequence[Ref] = batch, seen: dict[Ref, str] = seen) -> Iterator[Change]:
            with database.read() as session:
                seen.update(mask.seen(session, batch))
                for ref in batch:
                    yield Change(ref, _document(session, by_kind.get(ref.kind), ref))

        engine.apply(changes())
        if seen:
            with database.write() as session:
                mask.unmask(session, seen)


def _document(session: Session, source: Source | None, ref: Ref) -> SearchDocument | None:
    return source.document(session, ref.key) if source is not None else None


def rebuild(
    engine: SearchEngine,
    database: Database,
    feature_sources: Sequence[Source] | None = None,
    progress: Progress = lambda count: None,
) -> Manifest:
    """Build a new index of everything and swap it in; the masks seen at the start are lifted.

    The database is read from when the engine takes the first document, so inside its lock: no other writer
    can publish something newer that the rebuild would undo. Changes committed meanwhile have their own
    events, which are handled afterwards. `progress` is called with the number of documents so far. Raises
    Unavailable; the old index serves on if anything fails.
    """
    seen: dict[Ref, str] = {}

    def everything() -> Iterator[SearchDocument]:
        with database.read() as session:
            seen.update(mask.all_seen(session))
            for number, document in enumerate(all_documents(session, feature_sources), start=1):
                yield document
                progress(number)

    manifest = engine.rebuild(everything())
    with database.write() as session:
        mask.unmask(session, seen)
    log.info("index rebuilt: generation %s", manifest.generation)
    return manifest


def all_documents(session: Session, feature_sources: Sequence[Source] | None = None) -> Iterator[SearchDocument]:
    """Everything that must be in the index now."""
    for source in sources() if feature_sources is None else feature_sources:
        yield from source.documents(session)


@dataclass(frozen=True)
class Difference:
    """A document that is missing from, or too many in, a partition."""

    partition: str
    ref: Ref
    missing: bool


def differences(
    engine: SearchEngine, database: Database, feature_sources: Sequence[Source] | None = None
) -> list[Difference]:
    """What the index and the database do not agree on, partition by partition. Raises IndexDamaged."""
    engine.check()
    expected: dict[str, set[Ref]] = {EVERYTHING: set()}
    with database.read() as session:
        for document in all_documents(session, feature_sources):
            expected.setdefault(document.audience, set()).add(document.ref)
            expected[EVERYTHING].add(document.ref)
    manifest = engine.manifest()
    names = {*expected, *(manifest.partitions if manifest else ())}
    found: list[Difference] = []
    for name in sorted(names):
        wanted, there = expected.get(name, set()), engine.refs(name)
        found.extend(Difference(name, ref, missing=True) for ref in sorted(wanted - there))
        found.extend(Difference(name, ref, missing=False) for ref in sorted(there - wanted))
    return found
