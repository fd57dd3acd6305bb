"""The mask: narrowing holds at once, and is lifted only by who indexed it."""

from sqlalchemy.orm import Session

from search_index import mask
from sportello.core.db import Database
from sportello.core.types import Ref

ROUNDING = Ref("article", "rounding")
PALLET = Ref("article", "pallet")


def test_what_is_hidden_is_masked_from_the_commit_on(database: Database) -> None:
    with database.write() as session:
        mask.hide(session, ROUNDING)
        with database.read() as other:
            assert mask.masked_refs(other) == frozenset()
    with database.read() as session:
        assert mask.masked_refs(session) == {ROUNDING}


def test_a_transaction_that_fails_masks_nothing(database: Database) -> None:
    try:
        with database.write() as session:
            mask.hide(session, ROUNDING)
            raise ValueError
    except ValueError:
        pass
    with database.read() as session:
        assert mask.masked_refs(session) == frozenset()


def test_only_the_mask_that_was_seen_is_lifted(session: Session) -> None:
    mask.hide(session, ROUNDING, PALLET)
    seen = mask.seen(session, [ROUNDING, PALLET])
    mask.hide(session, ROUNDING)  # somebody narrows again while the worker indexes
    mask.unmask(session, seen)
    assert mask.masked_refs(session) == {ROUNDING}
    mask.unmask(session, mask.all_seen(session))
    assert mask.masked_refs(session) == frozenset()


def test_many_refs_are_looked_up_in_batches(session: Session) -> None:
    refs = [Ref("article", f"a{number:04}") for number in range(1000)]
    mask.hide(session, *refs)
    assert set(mask.seen(session, refs)) == set(refs)
    assert mask.seen(session, []) == {}
