"""What can be done with articles: one function per verb; the caller owns the transaction."""

from kb.services.browsing import ensure_category
from kb.services.draft import Draft, DraftText
from kb.services.feedback import handle_comment, handle_report
from kb.services.rendering import outdated, refresh_rendering
from kb.services.report import report_problem, seen_mark
from kb.services.revise import change_slug, revise
from kb.services.verify import set_confidence, set_interval, set_owner, verify
from kb.services.views_count import count_view
from kb.services.visibility import change_audience, delete_article, publish, unpublish
from kb.services.vote import vote
from kb.services.write import create_or_update

__all__ = [
    "Draft",
    "DraftText",
    "change_audience",
    "change_slug",
    "count_view",
    "create_or_update",
    "delete_article",
    "ensure_category",
    "handle_comment",
    "handle_report",
    "outdated",
    "publish",
    "refresh_rendering",
    "report_problem",
    "revise",
    "seen_mark",
    "set_confidence",
    "set_interval",
    "set_owner",
    "unpublish",
    "verify",
    "vote",
]
