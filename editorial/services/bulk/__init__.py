"""A change of many articles at once: previewed, started, done by the worker in batches, undone once."""

from editorial.services.bulk.begin import preview, start, undo
from editorial.services.bulk.run import advance, on_bulk_run_wanted

__all__ = ["advance", "on_bulk_run_wanted", "preview", "start", "undo"]
