"""What writing keeps besides articles: staged changes, their reviews, working copies, who reviews, bulk runs."""

from editorial.models.bulk import BulkRun
from editorial.models.changes import Change, ProductReviewer, ReviewNote, State, Verdict, WorkingCopy

__all__ = ["BulkRun", "Change", "ProductReviewer", "ReviewNote", "State", "Verdict", "WorkingCopy"]
