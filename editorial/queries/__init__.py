"""What can be asked on the writing side."""

from editorial.queries.changes import Reviewing, get_change, notes_of, open_change, product_reviewers, reviewers_of
from editorial.queries.history import RevisionRow, history, revision_at
from editorial.queries.owners import owner_choices
from editorial.queries.readers import Named, Readers, organisations_by_name, products_by_name, readers_of

__all__ = [
    "Named",
    "Readers",
    "Reviewing",
    "RevisionRow",
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
]
