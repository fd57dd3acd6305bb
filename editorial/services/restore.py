"""An old text again: as a new revision, staged like any other."""

from dataclasses import replace

from sqlalchemy.orm import Session

from editorial.models import Change
from editorial.queries.history import revision_at
from editorial.services.held import form_at, get_revision, hold
from editorial.services.save import MAX_COMMENT, add_revision, stage
from editorial.settings import SUMMARY, changed_in, stored
from kb.services.rendering import render_article
from sportello.core.audience import Viewer


def restore_revision(session: Session, actor: Viewer, slug: str, number: int, *, comment: str = "") -> Change:
    """Stage the words of an old revision; the settings stay as they are now, so that nobody is let in by an old text.

    Raises NotFound, Forbidden, Invalid, Conflict (archived, in the bin).
    """
    held = hold(session, actor, slug)
    held.require_on_shelf()
    old = revision_at(session, actor, slug, number)
    now = form_at(session, held, held.newest_id)
    form = replace(now, title=old.title, markdown=old.markdown, summary=(old.settings or {}).get(SUMMARY, now.summary))
    rendered = render_article(form.markdown, held.translation.language)
    revision = add_revision(session, actor, held.translation, form, rendered, comment=comment[:MAX_COMMENT])
    staged = get_revision(session, held.change.revision_id) if held.change else None
    revision.settings = stored(form.settings, changed_in(staged.settings if staged else None), form.summary)
    revision.source_revision_id = old.source_revision_id
    return stage(session, actor, held, revision, form)
