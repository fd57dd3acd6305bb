"""What can be done on the writing side: one function per verb; the caller owns the transaction."""

from editorial.form import ArticleForm
from editorial.merge import EditConflict, Merge
from editorial.services.copies import Begun, autosave, discard_copy, open_copy, others_editing, view_copy
from editorial.services.publishing import discard_change, publish_change, schedule, set_unpublish_at
from editorial.services.restore import restore_revision
from editorial.services.review import add_note, decide, resolve_note, submit, withdraw
from editorial.services.reviewers import set_reviewers
from editorial.services.save import save_change
from editorial.services.shelf import archive, bin_article, unarchive, unbin
from editorial.services.start import start_article, start_translation
from editorial.settings import Settings

__all__ = [
    "ArticleForm",
    "Begun",
    "EditConflict",
    "Merge",
    "Settings",
    "add_note",
    "archive",
    "autosave",
    "bin_article",
    "decide",
    "discard_change",
    "discard_copy",
    "open_copy",
    "others_editing",
    "publish_change",
    "resolve_note",
    "restore_revision",
    "save_change",
    "schedule",
    "set_reviewers",
    "set_unpublish_at",
    "start_article",
    "start_translation",
    "submit",
    "unarchive",
    "unbin",
    "view_copy",
    "withdraw",
]
