"""What can be done with articles: one function per verb; the caller owns the transaction."""

from kb.services.attachments import (
    StoredFile,
    add_attachment,
    attach_file,
    check_upload,
    discard_surplus,
    link_files,
    store_file,
    sweep_files,
)
from kb.services.browsing import ensure_category
from kb.services.draft import Draft, DraftText
from kb.services.feedback import handle_comment, handle_report
from kb.services.keywords import add_keyword, remove_keyword
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
    "StoredFile",
    "add_attachment",
    "add_keyword",
    "attach_file",
    "change_audience",
    "change_slug",
    "check_upload",
    "count_view",
    "create_or_update",
    "delete_article",
    "discard_surplus",
    "ensure_category",
    "handle_comment",
    "handle_report",
    "link_files",
    "outdated",
    "publish",
    "refresh_rendering",
    "remove_keyword",
    "report_problem",
    "revise",
    "seen_mark",
    "set_confidence",
    "set_interval",
    "set_owner",
    "store_file",
    "sweep_files",
    "unpublish",
    "verify",
    "vote",
]
