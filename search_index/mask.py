"""Narrowing is effective on the next request, with the worker stopped: the mask.

Whoever narrows, unpublishes or deletes calls `hide` in the same transaction. Every search reads
`masked_refs` before it asks the engine. The worker reads the mask (`seen`) in the transaction in which it
loads the document, indexes it, and lifts exactly that mask (`unmask`) once the manifest contains the
change; a narrowing in between has put a new one, which stays.
"""

import secrets
from collections.abc import Collection, Mapping

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session

from search_index.models import SearchMask
from sportello.core import clock
from sportello.core.bulk import insert_into
from sportello.core.types import Ref

BATCH = 400  # refs in one statement: SQLite takes 999 parameters in old builds
HIDDEN = 200  # the same for writing, four parameters a row


def hide(session: Session, *refs: Ref) -> None:
    """Leave these out of every search from the commit of this transaction on."""
    now = clock.now()
    for batch in _batches(set(refs), HIDDEN):
        statement = insert_into(session, SearchMask).values(
            [{"kind": ref.kind, "key": ref.key, "since": now, "token": secrets.token_hex(8)} for ref in batch]
        )
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[SearchMask.kind, SearchMask.key],
                set_={"since": statement.excluded.since, "token": statement.excluded.token},
            )
        )


def masked_refs(session: Session) -> frozenset[Ref]:
    """Everything that searches must leave out now. Read it before asking the engine, never after."""
    rows = session.execute(select(SearchMask.kind, SearchMask.key))
    return frozenset(Ref(kind, key) for kind, key in rows)


def seen(session: Session, refs: Collection[Ref]) -> dict[Ref, str]:
    """The tokens of those of `refs` that are masked."""
    found: dict[Ref, str] = {}
    for batch in _batches(refs):
        wanted = or_(*(and_(SearchMask.kind == ref.kind, SearchMask.key == ref.key) for ref in batch))
        for mask in session.scalars(select(SearchMask).where(wanted)):
            found[Ref(mask.kind, mask.key)] = mask.token
    return found


def all_seen(session: Session) -> dict[Ref, str]:
    """The tokens of every mask: for a rebuild."""
    return {Ref(mask.kind, mask.key): mask.token for mask in session.scalars(select(SearchMask))}


def unmask(session: Session, masks: Mapping[Ref, str]) -> None:
    """Lift the masks whose change is in the index, unless somebody narrowed again meanwhile."""
    for ref, token in masks.items():
        session.execute(
            delete(SearchMask).where(SearchMask.kind == ref.kind, SearchMask.key == ref.key, SearchMask.token == token)
        )


def _batches(refs: Collection[Ref], size: int = BATCH) -> list[list[Ref]]:
    ordered = sorted(refs)
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]
