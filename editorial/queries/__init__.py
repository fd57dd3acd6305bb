"""What can be asked on the writing side."""

from editorial.queries.changes import (
    OPEN_STATES,
    ChangePage,
    ChangeRow,
    Reviewing,
    changes_in,
    count_changes,
    get_change,
    notes_of,
    open_change,
    product_reviewers,
    reviewers_of,
    waiting_for,
)
from editorial.queries.history import RevisionRow, history, revision_at
from editorial.queries.readers import Named, Readers, organisations_by_name, products_by_name, readers_of
from editorial.queries.shelves import (
    StoredRow,
    archived,
    binned,
    count_archived,
    count_binned,
    count_drafts,
    drafts,
    owner_choices,
)

__all__ = [
    "OPEN_STATES",
    "ChangePage",
    "ChangeRow",
    "Named",
    "Readers",
    "Reviewing",
    "RevisionRow",
    "StoredRow",
    "archived",
    "binned",
    "changes_in",
    "count_archived",
    "count_binned",
    "count_changes",
    "count_drafts",
    "drafts",
    "get_change",
    "history",
    "notes_of",
    "open_change",
    "organisations_by_name",
    "owner_choices",
    "product_reviewers",
    "products_by_name",
    "readers_of",
    "reviewers_of",
    "revision_at",
    "waiting_for",
]
